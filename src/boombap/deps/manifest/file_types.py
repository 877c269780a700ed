"""Which kind of file a name says, and what a lock file makes superfluous. It imports nothing that reads."""

from __future__ import annotations

import re

from boombap.deps.manifest import readers
from boombap.deps.manifest.requirements_name import is_requirements
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from boombap.deps.manifest.collector import ManifestCollector


class FileType(Record):
    """One kind of file.

    Attributes:
        name: what people call it.
        ecosystem: of its packages; empty when each says its own.
        read: puts what its text says into a collector; None where another module reads it, or for images only.
        is_lock: whether it pins everything, the transitive packages included.
        instead: names of files beside it that say the same in more detail, so that it is not read with one of them.
        takes_path: whether `read` takes the path of a folder or a program, not a text.
    """

    name: str
    ecosystem: str
    read: Callable[[str, ManifestCollector], None] | None = None
    is_lock: bool = True
    instead: tuple[str, ...] = ()
    takes_path: bool = False


REQUIREMENTS = FileType("requirements", "PyPI", is_lock=False)
DOCKERFILE = FileType("Dockerfile", "PyPI", readers.commands, is_lock=False)
WORKFLOW = FileType("workflow", "PyPI", readers.workflow_commands, is_lock=False)
SCRIPT = FileType("script", "PyPI", readers.script, is_lock=False)
IMAGES = FileType("compose or Kubernetes file", "", is_lock=False)
SBOM = FileType("CycloneDX or SPDX", "", readers.sbom)
SBOM_XML = FileType("CycloneDX in XML", "", readers.cyclonedx_xml)
INSTALLED = FileType("installed packages", "PyPI", readers.installed, takes_path=True)
NODE_MODULES = FileType("node_modules", "npm", readers.node_modules, takes_path=True)
GO_PROGRAM = FileType("program of Go", "Go", readers.go_program, takes_path=True)
SYSTEM_PACKAGES = FileType("packages of the system", "", readers.system_packages, takes_path=True)
GO_MOD = FileType("go.mod", "Go", readers.go_mod)
GO_SUM = FileType("go.sum", "Go", readers.go_sum)
CARGO_LOCK = FileType("Cargo.lock", "crates.io", readers.cargo_lock)
PIPFILE_LOCK = FileType("Pipfile.lock", "PyPI", readers.pipfile_lock)
PACKAGE_LOCK = FileType("package-lock.json", "npm", readers.package_lock)
_NPM_LOCKS = ("npm-shrinkwrap.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock")
_PACKAGE_JSON = FileType("package.json", "npm", readers.package_json, is_lock=False, instead=_NPM_LOCKS)
_DENO_LOCK = FileType("deno.lock", "npm", readers.deno_lock)
_DENO_JSON = FileType("deno.json", "npm", readers.check_deno_json, is_lock=False)
_GRADLE_LOCK = FileType("gradle.lockfile", "Maven", readers.gradle_lock)
_UV_LOCK = FileType("uv.lock", "PyPI", readers.uv_lock)
_CONDA = FileType("conda environment", "PyPI", readers.conda_environment, is_lock=False)
_COMPOSER_LOCK = FileType("composer.lock", "Packagist", readers.composer_lock)
_GEMFILE_LOCK = FileType("Gemfile.lock", "RubyGems", readers.gemfile_lock)

_BY_NAME: dict[str, FileType] = {
    "pyproject.toml": FileType("pyproject.toml", "PyPI", readers.pyproject, is_lock=False),
    "setup.cfg": FileType("setup.cfg", "PyPI", readers.setup_cfg, is_lock=False),
    "setup.py": FileType("setup.py", "PyPI", readers.setup_py, is_lock=False),
    "tox.ini": FileType("tox.ini", "PyPI", readers.tox, is_lock=False),
    "poetry.lock": FileType("poetry.lock", "PyPI", readers.poetry_lock),
    "uv.lock": _UV_LOCK,
    "pdm.lock": FileType("pdm.lock", "PyPI", readers.pdm_lock),
    "pylock.toml": FileType("pylock.toml", "PyPI", readers.pylock),
    "Pipfile.lock": PIPFILE_LOCK,
    "npm-shrinkwrap.json": PACKAGE_LOCK,
    "package-lock.json": PACKAGE_LOCK.replace(instead=("npm-shrinkwrap.json",)),
    "package.json": _PACKAGE_JSON,
    "yarn.lock": FileType("yarn.lock", "npm", readers.yarn_lock),
    "pnpm-lock.yaml": FileType("pnpm-lock.yaml", "npm", readers.pnpm_lock),
    "bun.lock": FileType("bun.lock", "npm", readers.bun_lock),
    "deno.lock": _DENO_LOCK,
    "Cargo.lock": CARGO_LOCK,
    "go.mod": GO_MOD,
    "go.sum": GO_SUM,
    "Gemfile.lock": _GEMFILE_LOCK,
    "gems.locked": _GEMFILE_LOCK,
    "composer.lock": _COMPOSER_LOCK,
    "gradle.lockfile": _GRADLE_LOCK,
    "buildscript-gradle.lockfile": _GRADLE_LOCK,
    "settings-gradle.lockfile": _GRADLE_LOCK,
    "pom.xml": FileType("pom.xml", "Maven", readers.pom, is_lock=False),
}
_BY_LOWER_NAME = {name.lower(): file_type for name, file_type in _BY_NAME.items()}
CHECKED: dict[str, tuple[FileType, tuple[str, ...]]] = {
    "package.json": (_PACKAGE_JSON.replace(read=readers.check_package_json), _NPM_LOCKS),
    "deno.json": (_DENO_JSON, ("deno.lock",)),
    "deno.jsonc": (_DENO_JSON, ("deno.lock",)),
    "Cargo.toml": (CARGO_LOCK.replace(read=readers.check_cargo_toml, is_lock=False), ("Cargo.lock",)),
    "Gemfile": (_GEMFILE_LOCK.replace(read=readers.check_gemfile, is_lock=False), ("Gemfile.lock",)),
    "gems.rb": (_GEMFILE_LOCK.replace(read=readers.check_gemfile, is_lock=False), ("gems.locked",)),
    "composer.json": (_COMPOSER_LOCK.replace(read=readers.check_composer_json, is_lock=False), ("composer.lock",)),
    "Pipfile": (PIPFILE_LOCK.replace(read=readers.check_pipfile, is_lock=False), ("Pipfile.lock",)),
}
"""Manifests that say nothing more than their lock, unless that is stale: by name, with the locks."""
_WORKFLOW_FOLDERS = ("workflows", ".circleci")
_WORKFLOWS = frozenset(
    (".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "appveyor.yml", "action.yml")
)
_CONDA_NAME = re.compile(r"(?:environment|conda)(?:[-_.][\w.-]*)?\.ya?ml$", re.IGNORECASE)
_PYLOCK = re.compile(r"pylock\.[^.]+\.toml$")
_DOCKERFILE = re.compile(r"(?:Dockerfile|Containerfile)(?:[.-].+)?$|.+\.(?:docker|container)file$", re.IGNORECASE)
_SBOM = re.compile(r".*(?:\.cdx|\.spdx3?|[-_.]?s?bom)\.json(?:ld)?$|bom\.json$", re.IGNORECASE)
_SBOM_XML = re.compile(r"(?:.*[-_.])?s?bom\.xml$|.*\.cdx\.xml$", re.IGNORECASE)


def file_type_of(name: str, folder: str = "") -> FileType | None:
    """Return the kind of a file by its name; None for a file that is not a manifest.

    Args:
        name: without folders.
        folder: the name of its folder.
    """
    found = _BY_NAME.get(name) or _BY_LOWER_NAME.get(name.lower())
    if found:
        return found
    if is_requirements(name, folder):
        return REQUIREMENTS
    if name.endswith((".json", ".jsonld")):
        return SBOM if _SBOM.match(name) else None
    if _SBOM_XML.match(name):
        return SBOM_XML
    if _CONDA_NAME.match(name):
        return _CONDA
    if name.endswith((".yml", ".yaml")):
        return WORKFLOW if folder in _WORKFLOW_FOLDERS or name in _WORKFLOWS else IMAGES
    if name.endswith(".py.lock"):  # of a script with its requirements inside, PEP 723
        return _UV_LOCK
    if _PYLOCK.match(name):
        return _BY_NAME["pylock.toml"]
    return DOCKERFILE if _DOCKERFILE.match(name) else None


def file_type_of_named(name: str) -> FileType | None:
    """Return the kind of a file that somebody named: what a search would pass over may be one then."""
    found = file_type_of(name)
    if found:
        return found
    if name.endswith((".txt", ".in")):
        return REQUIREMENTS
    if name.endswith(".xml"):
        return SBOM_XML
    return SBOM if name.endswith((".json", ".jsonld")) else None


def compiled_from(name: str) -> tuple[FileType | None, tuple[str, ...]]:
    """Return the kind of a file from which a requirements file is compiled, with that file's name.

    >>> compiled_from("requirements.in")[1], compiled_from("MANIFEST.in")[1]
    (('requirements.txt',), ())
    """
    compiled = name.removesuffix(".in") + ".txt"
    is_source = name.endswith(".in") and is_requirements(name)
    return (REQUIREMENTS, (compiled,)) if is_source else (None, ())


def superseded_by(name: str, beside: Collection[str]) -> str:
    """Return the file beside this one that says the same in more detail; empty when it has to be read itself."""
    found = _BY_NAME.get(name)
    return next((other for other in found.instead if other in beside), "") if found else ""


def is_uncertain(file_type: FileType | None) -> bool:
    """Tell whether a name says so little that a file may be of a format that is not read."""
    return file_type in (None, IMAGES, _CONDA)
