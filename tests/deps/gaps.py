"""Projects in which something cannot be audited: by kind, three each or more. `test_never_clean.py` runs them.

Each is a folder of files, of which the first is the one that an answer has to name. Beside it is always one sound
package, so that an audit that misses the file would find nothing wrong.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Link:
    """A symbolic link in place of a file."""

    target: str


PIPE = object()
FOLDER = object()
LOCKED_FOLDER = object()

Files = dict[str, object]


def place(root: Path, files: Files) -> None:
    """Write a project."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        elif content is PIPE:
            os.mkfifo(path)
        elif content in (FOLDER, LOCKED_FOLDER):
            path.mkdir(mode=0o755 if content is FOLDER else 0)
        else:
            assert isinstance(content, str | bytes)
            path.write_bytes(content.encode() if isinstance(content, str) else content)


def _poetry(*packages: str) -> str:
    blocks = "".join(f'[[package]]\nname = "{n}"\nversion = "{v}"\n\n' for n, v in (p.split() for p in packages))
    return f'{blocks}[metadata]\nlock-version = "2.0"\ncontent-hash = "0"\n'


def _npm(packages: dict[str, dict[str, object]], version: int = 3) -> str:
    return json.dumps({"name": "x", "lockfileVersion": version, "packages": {"": {"name": "x"}, **packages}})


def _bom(*components: dict[str, object]) -> str:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": list(components)})


def _spdx_3(*elements: dict[str, object]) -> str:
    return json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": list(elements)})


_PYPROJECT = '[project]\nname = "x"\nversion = "1"\n'
_LODASH: dict[str, dict[str, object]] = {"node_modules/lodash": {"version": "4.17.21"}}
_METADATA = "Metadata-Version: 2.1\nName: idna\nVersion: 3.7\n\n"
_CONFLICT = "<<<<<<< HEAD\nidna==3.6\n=======\nidna==3.7\n>>>>>>> main\n"
_SETUP = "from setuptools import setup\nsetup(install_requires=['idna'])\n"
_GIT: dict[str, dict[str, object]] = {
    "node_modules/a": {"version": "1.0.0", "resolved": "git+ssh://git@git.example.org/a.git"}
}
_LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"

GAPS: dict[str, dict[str, Files]] = {
    "unreadable": {
        "a named pipe": {"requirements-prod.txt": PIPE},
        "a folder in the place of a lock": {"poetry.lock": FOLDER},
        "a folder in the place of requirements": {"requirements.txt": FOLDER},
        "a folder without rights": {"service": LOCKED_FOLDER},
    },
    "not what its name says": {
        "broken UTF-16": {"requirements.txt": b"\xff\xfed\x00j"},
        "bytes that are not a text": {"requirements.txt": b"GITCRYPT\x00\x01\x02"},
        "a merge conflict": {"requirements.txt": _CONFLICT},
        "a merge conflict in a lock": {"yarn.lock": f"# yarn lockfile v1\n\n\n{_CONFLICT}"},
        "a pointer of git-lfs": {"poetry.lock": _LFS},
        "a pointer of git-lfs in requirements": {"requirements.txt": _LFS},
    },
    "an empty lock": {
        "poetry": {"poetry.lock": ""},
        "yarn": {"yarn.lock": "\n"},
        "npm": {"package-lock.json": "{}"},
        "cargo": {"Cargo.lock": "version = 3\n"},
        "composer": {"composer.lock": "{}"},
        "bun": {"bun.lock": '{"lockfileVersion": 1, "packages": {}}'},
        "deno": {"deno.lock": "{}"},
        "gradle": {"gradle.lockfile": "# This is a Gradle generated file for dependency locking.\n"},
    },
    "a lock of a later form": {
        "bun": {"bun.lock": '{"lockfileVersion": 9, "packages": {"ms": ["ms@2.0.0", "", {}, "x"]}}'},
        "deno": {"deno.lock": '{"version": "9", "npm": {"ms@2.0.0": {"integrity": "x"}}}'},
        "poetry": {"poetry.lock": _poetry("idna 3.7").replace('"2.0"', '"9.0"')},
        "uv": {"uv.lock": 'version = 9\n[[package]]\nname = "idna"\nversion = "3.7"\nsource = { registry = "x" }\n'},
        "npm": {"package-lock.json": _npm(_LODASH, 9)},
        "cargo": {"Cargo.lock": 'version = 99\n\n[[package]]\nname = "x"\nversion = "0.1.0"\n'},
        "pnpm": {"pnpm-lock.yaml": "lockfileVersion: '99.0'\nimporters:\n  .: {}\npackages:\n  ms@2.0.0: {}\n"},
    },
    "an unknown lock": {
        "of bun in bytes": {"bun.lockb": b"#!/usr/bin/env bun\n\0"},
        "of any tool": {"devbox.lock": "{}"},
        "with another ending": {"aube-lock.yaml": "a: 1\n"},
        "in JSON": {"plugins.lock.json": "{}"},
    },
    "a lock that takes packages from elsewhere": {
        "jsr": {"deno.lock": '{"version": "5", "jsr": {"@std/assert@1.0.0": {"integrity": "0"}}}'},
        "an address": {"deno.lock": '{"version": "5", "remote": {"https://deno.land/x/oak@v12.0.0/mod.ts": "0"}}'},
        "an address, in version 1": {"deno.lock": '{"https://deno.land/x/oak@v12.0.0/mod.ts": "0"}'},
        "bun from git": {"bun.lock": '{"lockfileVersion": 1, "packages": {"a": ["a@github:me/a#0", {}, "me-a-0"]}}'},
    },
    "unpinned": {
        "a range": {"requirements.txt": "idna>=3\n"},
        "a wildcard": {"requirements.txt": "idna==3.*\n"},
        "no version": {"requirements.txt": "idna\n"},
        "a compatible release": {"pyproject.toml": _PYPROJECT + 'dependencies = ["idna~=3.7"]\n'},
    },
    "from version control, an address or a folder": {
        "git": {"requirements.txt": "idna @ git+https://git.example.org/idna@v3.7\n"},
        "an address": {"requirements.txt": "https://example.org/idna/main.zip\n"},
        "a folder": {"requirements.txt": "./libs/idna\n"},
        "a source of uv": {
            "pyproject.toml": _PYPROJECT
            + 'dependencies = ["idna==3.7"]\n[tool.uv.sources]\nidna = { git = "https://x/y" }\n'
        },
        "editable": {"requirements.txt": "-e ./libs/idna\n"},
        "npm from git": {"package-lock.json": _npm(_GIT)},
        "go replaced by a folder": {
            "go.mod": "module m\n\nreplace example.org/a => ../a\n\nrequire example.org/a v1.0.0\n"
        },
    },
    "a version that cannot be compared": {
        "arbitrary": {"requirements.txt": "idna===banana\n"},
        "of npm": {"package-lock.json": _npm({"node_modules/a": {"version": "latest"}})},
        "in an SBOM": {"bom.json": _bom({"type": "library", "name": "idna", "purl": "pkg:pypi/idna@unknown"})},
    },
    "an include that cannot be followed": {
        "missing": {"requirements.txt": "-r gone.txt\n"},
        "out of the folder": {"requirements.txt": "-r ../../../elsewhere.txt\n"},
        "at an address": {"requirements.txt": "-r https://example.org/base.txt\n"},
        "in a circle with a gap": {"a/more.txt": "-r requirements.txt\nidna\n", "a/requirements.txt": "-r more.txt\n"},
        "of conda": {"environment.yml": "dependencies:\n  - pip:\n    - -r base.lst\n"},
    },
    "a link": {
        "to nowhere": {"requirements.txt": Link("gone.txt")},
        "out of the tree": {"requirements.txt": Link("/etc/hostname")},
        "in a circle": {"requirements.txt": Link("requirements.txt")},
        "to a folder out of the tree": {"services": Link("/usr/share")},
        "to a folder that is not there": {"services": Link("../../gone/services")},
    },
    "hidden": {
        "of GitHub": {".github/requirements.txt": "idna\n"},
        "of a container": {".devcontainer/requirements.txt": "idna\n"},
        "in a folder called venv": {"venv/requirements.txt": "idna\n"},
        "in a folder called target": {"target/requirements.txt": "idna\n"},
        "in a folder called vendor": {"vendor/requirements.txt": "idna\n"},
        "in a cache": {".cache/requirements.txt": "idna\n"},
    },
    "vendored": {
        "an archive": {"lib/log4j-core-2.14.0.jar": b"PK"},
        "a link into it": {
            "service": Link("node_modules/a"),
            "node_modules/a/requirements.txt": "idna\n",
            "package.json": "{}",
        },
        "node_modules without a lock": {
            "node_modules": FOLDER,
            "node_modules/a/package.json": '{"name": "a", "version": "1.0.0"}',
        },
        "a library with its build": {"vendor/lib/setup.py": _SETUP},
        "a submodule that was not fetched": {
            ".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = x\n',
            "lib": FOLDER,
        },
        "installed into the tree": {"layer/site-packages": FOLDER, "layer/site-packages/idna-3.7.dist-info/RECORD": ""},
    },
    "a stale lock": {
        "poetry": {"poetry.lock": _poetry("idna 3.7"), "pyproject.toml": _PYPROJECT + 'dependencies = ["idna<3"]\n'},
        "a package that it lacks": {
            "pyproject.toml": _PYPROJECT + 'dependencies = ["jinja2"]\n',
            "poetry.lock": _poetry("idna 3.7"),
        },
        "npm": {"package.json": '{"dependencies": {"lodash": "^3.0.0"}}', "package-lock.json": _npm(_LODASH)},
        "bundler": {
            "Gemfile": 'gem "rails"\ngem "rack"\n',
            "Gemfile.lock": "GEM\n  specs:\n    rack (3.0.0)\n\nDEPENDENCIES\n  rack\n",
        },
        "composer": {
            "composer.json": '{"require": {"a/b": "^1"}}',
            "composer.lock": '{"content-hash": "0", "packages": []}',
        },
        "bun": {
            "package.json": '{"dependencies": {"ms": "^3.0.0"}}',
            "bun.lock": '{"lockfileVersion": 1, "packages": {"ms": ["ms@2.0.0", "", {}, "x"]}}',
        },
        "deno": {
            "deno.json": '{"imports": {"ms": "npm:ms@^3"}}',
            "deno.lock": '{"version": "5", "npm": {"ms@2.0.0": {"integrity": "x"}}}',
        },
        "deno without a package of jsr": {
            "deno.json": '{"imports": {"@std/a": "jsr:@std/a@1"}}',
            "deno.lock": '{"version": "5", "npm": {"ms@2.0.0": {"integrity": "x"}}}',
        },
        "pip-compile": {"requirements.in": "idna<3\n", "requirements.txt": "idna==3.7\n"},
    },
    "a manifest without a lock": {
        "cargo": {"Cargo.toml": '[dependencies]\nserde = "1"\n'},
        "npm": {"package.json": '{"dependencies": {"lodash": "^4.0.0"}}'},
        "bundler": {"Gemfile": 'gem "rails"\n'},
        "gemspec": {"x.gemspec": "Gem::Specification.new { |s| s.add_dependency 'rails' }\n"},
        "composer": {"composer.json": '{"require": {"a/b": "^1"}}'},
        "a parent of maven": {
            "pom.xml": "<project><parent><groupId>a</groupId><version>1</version></parent></project>"
        },
        "deno": {"deno.json": '{"imports": {"ms": "npm:ms@2"}}'},
        "gradle": {"build.gradle.kts": 'dependencies { implementation("a:b:1") }\n'},
        "gradle catalogue": {"gradle/libs.versions.toml": '[libraries]\na = "a:b:1"\n'},
        "sbt": {"build.sbt": 'libraryDependencies += "a" % "b" % "1"\n'},
    },
    "several documents": {
        "conda": {"environment.yml": "dependencies:\n  - python\n---\ndependencies:\n  - numpy\n"},
        "pnpm": {"pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters: {}\n---\n- a\n"},
        "npm, one behind the other": {"package-lock.json": _npm(_LODASH) + _npm(_LODASH)},
    },
    "an SBOM with holes": {
        "no package URL": {"bom.json": _bom({"type": "library", "name": "idna", "version": "3.7"})},
        "an unknown kind": {"bom.json": _bom({"type": "library", "name": "x", "purl": "pkg:nuget/X@1.0"})},
        "no version": {"bom.json": _bom({"type": "library", "name": "idna", "purl": "pkg:pypi/idna"})},
        "XML without components": {"bom.xml": '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>\n'},
        "XML, no package URL": {
            "bom.xml": "<bom><components><component type='library'><name>idna</name></component></components></bom>"
        },
        "SPDX 3, no package URL": {"a.spdx.json": _spdx_3({"type": "software_Package", "name": "idna"})},
        "SPDX 3, in another document": {
            "a.spdx.json": _spdx_3({"type": "SpdxDocument", "import": [{"externalSpdxId": "https://example.org/b"}]})
        },
        "SPDX 3, empty": {"a.spdx.json": _spdx_3()},
        "SPDX as tags": {"image.spdx": "SPDXVersion: SPDX-2.3\n"},
        "syft's own": {"sbom.syft.json": '{"artifacts": []}'},
    },
    "groups and scripts": {
        "a dependency group": {"pyproject.toml": '[dependency-groups]\ngpu = ["idna"]\n'},
        "a build system": {"pyproject.toml": '[build-system]\nrequires = ["idna"]\n'},
        "a script with its requirements": {"tool.py": '# /// script\n# dependencies = ["idna"]\n# ///\nimport idna\n'},
        "a script without an ending": {
            "bin/tool": '#!/usr/bin/env -S uv run\n# /// script\n# dependencies = ["idna"]\n# ///\n'
        },
        "a notebook": {"explore.ipynb": '{"cells": [{"cell_type": "code", "source": ["!pip install idna\\n"]}]}'},
    },
    "installed while an image is built": {
        "pip": {"Dockerfile": "FROM x@sha256:0\nRUN pip install idna\n"},
        "pip from a variable": {"Dockerfile": "FROM x@sha256:0\nRUN pip install --no-cache-dir $PACKAGES\n"},
        "npm, on a second line": {"api.Dockerfile": "FROM x@sha256:0\nRUN true \\\n && npm install -g yarn@1.22.0\n"},
        "go": {"Containerfile": "FROM x@sha256:0\nRUN go install example.org/x@latest\n"},
        "pip with options": {"dockerfile": "FROM x@sha256:0\nRUN python -m pip --no-cache-dir install idna\n"},
        "a list of words": {"Dockerfile": 'FROM x@sha256:0\nRUN ["pip", "install", "idna"]\n'},
        "a workflow": {".github/workflows/ci.yml": "jobs:\n  a:\n    steps:\n      - run: python -m pip install tox\n"},
    },
    "an ecosystem that is not matched": {
        "NuGet": {
            "App.csproj": '<Project><ItemGroup><PackageReference Include="A" Version="1"/></ItemGroup></Project>\n'
        },
        "NuGet's lock": {"packages.lock.json": "{}"},
        "Hex": {"mix.exs": 'defp deps, do: [{:plug, "~> 1.0"}]\n'},
        "Pub": {"pubspec.yaml": "dependencies:\n  http: ^1.0.0\n"},
        "SwiftPM": {"Package.swift": 'let package = Package(name: "x")\n'},
        "conda-lock": {"conda-lock.yml": "package: []\n"},
        "pixi": {"pixi.toml": '[dependencies]\nnumpy = "*"\n'},
        "Conan": {"conanfile.txt": "[requires]\nzlib/1.2\n"},
    },
    "tools with lists of their own": {
        "tox": {"tox.ini": "[testenv]\ndeps =\n    idna\n"},
        "nox": {"noxfile.py": "def tests(session):\n    session.install('idna')\n"},
        "conda-build": {"recipe/meta.yaml": "requirements:\n  run:\n    - numpy\n"},
        "pre-commit": {".pre-commit-config.yaml": "repos:\n- hooks:\n  - additional_dependencies: [idna]\n"},
        "pre-commit beside its own": {".pre-commit-hooks.yaml": '- additional_dependencies: [".[deps]", idna]\n'},
        "pre-commit in lines": {".pre-commit-hooks.yaml": "- additional_dependencies:\n  - .\n  - idna\n"},
        "hatch in pyproject": {"pyproject.toml": '[tool.hatch.envs.default]\ndependencies = ["idna"]\n'},
        "pixi in pyproject": {"pyproject.toml": '[tool.pixi.dependencies]\nnumpy = "*"\n'},
        "tox in pyproject": {"pyproject.toml": '[tool.tox]\nlegacy_tox_ini = "[testenv]"\n'},
        "conda by another name": {"envs/prod.yml": "channels:\n  - x\ndependencies:\n  - numpy\n"},
        "hatch": {"hatch.toml": '[envs.default]\ndependencies = ["idna"]\n'},
    },
    "a requirements file of another name": {
        "in capitals": {"REQUIREMENTS.TXT": "idna\n"},
        "a source of pip-compile": {"requirements-prod.in": "idna\n"},
        "short": {"reqs.txt": "idna\n"},
        "singular": {"requirement.txt": "idna\n"},
        "constraints": {"constraints.txt": "idna==banana\n"},
        "another ending": {"requirements.pip": "idna\n"},
        "a template": {"requirements.txt.j2": "idna\n"},
        "a text": {"requirements-prod.text": "idna\n"},
        "no ending": {"requirements": "idna\n"},
    },
}
