"""Feeds each reader of `deps` with what atheris invents: no exception, and no file of 4 kB that takes 5 s.

`make fuzz` runs every reader for a minute; ``python fuzz_readers.py go.mod --seconds 600`` runs one of them for longer.
What was found is in the folder that is printed; ``python fuzz_readers.py go.mod --again FILE`` reads it once more.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from boombap.deps.manifest.read import read

# A sound file of each kind, from which the inventions begin.
SEEDS = {
    "requirements.txt": "-r other.txt\nflask[async]==2.0 ; python_version < '3.12' --hash=sha256:aa\n-e git+https://h/x#egg=y\n",
    "pyproject.toml": "[project]\nname='a'\ndependencies=['flask==2.0']\n[dependency-groups]\ndev=['pytest>7']\n",
    "setup.cfg": "[options]\ninstall_requires =\n    flask==2.0; python_version<'3.12'\n",
    "setup.py": "from setuptools import setup\nsetup(install_requires=['flask==2.0'])\n",
    "poetry.lock": '[[package]]\nname = "flask"\nversion = "2.0"\nfiles = []\n[metadata]\nlock-version = "2.1"\n',
    "uv.lock": 'version = 1\n[[package]]\nname = "flask"\nversion = "2.0"\nsource = { registry = "x" }\n',
    "pdm.lock": '[[package]]\nname = "flask"\nversion = "2.0"\n',
    "pylock.toml": 'lock-version = "1.0"\n[[packages]]\nname = "flask"\nversion = "2.0"\n',
    "Pipfile.lock": '{"default": {"flask": {"version": "==2.0"}}, "develop": {}}',
    "environment.yml": "dependencies:\n  - python=3.11\n  - pip:\n    - flask==2.0\n",
    "package-lock.json": '{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}}',
    "package.json": '{"dependencies": {"a": "^1.0.0"}}',
    "yarn.lock": '# yarn lockfile v1\n\n"a@^1.0.0", a@1:\n  version "1.0.0"\n  resolved "https://h/a.tgz"\n',
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: x}\n",
    "bun.lock": '{"lockfileVersion": 1, // x\n"workspaces": {"": {}}, "packages": {"a": ["a@1.0.0", "", {}, "x"],},}',
    "deno.lock": '{"version": "5", "specifiers": {"npm:a@1": "1.0.0"}, "jsr": {"@b/c@1.0.0": {}}, '
    '"npm": {"a@1.0.0": {}}, "remote": {"https://h/x@1/y.ts": "0"}}',
    "Cargo.lock": 'version = 3\n[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+x"\n',
    "go.mod": "module m\ngo 1.21\nrequire (\n\ta.b/c v1.0.0 // indirect\n)\nreplace a.b/c => ./c\n",
    "go.sum": "a.b/c v1.0.0 h1:x=\na.b/c v1.0.0/go.mod h1:y=\n",
    "Gemfile.lock": "GEM\n  remote: x\n  specs:\n    rack (2.0.1)\n\nPLATFORMS\n  ruby\n",
    "composer.lock": '{"packages": [{"name": "a/b", "version": "v1.0.0"}], "packages-dev": []}',
    "gradle.lockfile": "# x\ng.h:a:1.0=compileClasspath,runtimeClasspath\nempty=annotationProcessor\n",
    "pom.xml": "<project><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId>"
    "<version>1.0</version></dependency></dependencies></project>",
    "bom.cdx.json": '{"bomFormat": "CycloneDX", "components": [{"purl": "pkg:pypi/flask@2.0", "name": "flask"}]}',
    "bom.spdx.json": '{"spdxVersion": "SPDX-2.3", "packages": [{"name": "flask", "versionInfo": "2.0"}]}',
    "bom.xml": "<bom xmlns='http://cyclonedx.org/schema/bom/1.5'><components><component type='library'>"
    "<name>flask</name><purl>pkg:pypi/flask@2.0</purl></component></components></bom>",
    "graph.spdx.json": '{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": '
    '[{"type": "software_Package", "name": "flask", "software_packageUrl": "pkg:pypi/flask@2.0"}]}',
    "Dockerfile": "FROM python:3.11\nRUN pip install flask==2.0 \\\n  && poetry add x\n",
    "script.py": "# /// script\n# dependencies = ['flask==2.0']\n# ///\n",
}
_LONGEST = 4096
_SLOW_S = 5


def main() -> int:
    """Fuzz one reader in this process, or each of them in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=SEEDS, metavar="FILE", help="the file whose reader is fuzzed")
    parser.add_argument("--seconds", type=int, default=60, help="for each reader (default: 60)")
    parser.add_argument("--again", type=Path, metavar="FILE", help="read this one only")
    args = parser.parse_args()
    if args.again:
        return _again(args.name, args.again)
    if args.name:
        return _fuzz(args.name, args.seconds)
    failed = []
    for name in SEEDS:
        done = subprocess.run([sys.executable, __file__, name, "--seconds", str(args.seconds)], check=False)
        print(f"{'failed' if done.returncode else 'fine  '}  {name}", flush=True)
        failed += [name] if done.returncode else []
    return 1 if failed else 0


def _again(name: str, file: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        print(_read(Path(folder) / name, file.read_bytes()))
    return 0


def _fuzz(name: str, seconds: int) -> int:
    import atheris

    base = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    project, corpus = base / "project", base / "corpus"
    project.mkdir()
    corpus.mkdir()
    (corpus / "seed").write_text(SEEDS[name])
    print(f"{name}: {base}", flush=True)
    limits = [f"-max_total_time={seconds}", f"-timeout={_SLOW_S}", f"-max_len={_LONGEST}", f"-artifact_prefix={base}/"]
    atheris.instrument_all()
    atheris.Setup(
        [name, str(corpus), *limits, "-verbosity=0", "-close_fd_mask=1"], lambda data: _read(project / name, data)
    )
    atheris.Fuzz()
    return 0


def _read(path: Path, data: bytes) -> object:
    path.write_bytes(data)
    return read([str(path.parent)])


if __name__ == "__main__":
    raise SystemExit(main())
