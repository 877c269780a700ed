"""Fetches the packages that the relevance questions are asked of, each through the ordinary client of its registry.

A corpus is kept in `$XDG_CACHE_HOME/boombap/corpora/<name>-<version>` as the annotations see it: the package's files
under their prefix, and `root` is the folder to search. Nothing of a package is run; archives are unpacked as
hostile ones. `python benchmarks/ctx_corpora.py` fetches all, and says which it could not get and why.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from boombap.config.home import home_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HELDOUT = Path(__file__).parent / "data" / "ctx_heldout.json"
Category = Literal["architecture", "semantic", "symbol", "span"]

# The module proxy serves releases, not these commits: the nearest release before them is used.
_RELEASES = {"github.com/gin-gonic/gin": "v1.12.0", "github.com/spf13/cobra": "v1.10.2"}
# The largest package, rxjs, unpacks to 5 MB; a bomb to far more.
_UNPACKED_BYTES = 200_000_000
_DEADLINE_S = 300


@dataclass(frozen=True, slots=True)
class Target:
    """What answers a question: a file, or lines of it (1-based, both ends in it)."""

    path: str
    start_line: int | None = None
    end_line: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A query and everything that answers it, relevant and secondary alike."""

    query: str
    targets: tuple[Target, ...]
    category: Category


@dataclass(frozen=True, slots=True)
class Corpus:
    """Where a repository's text comes from, and the questions asked of it."""

    name: str
    registry: str
    package: str
    version: str
    prefix: str
    root: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """A corpus on disk: targets are relative to `folder`, the search is in `folder / corpus.root`."""

    corpus: Corpus
    folder: Path
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A corpus that could not be had, and why."""

    corpus: Corpus
    reason: str


class RefusedError(Exception):
    """A client did not deliver, or an archive is not one to unpack."""


def development() -> Path:
    """Give the file of the shared development set."""
    return Path(os.environ.get("BOOMBAP_DATA", "../shared/data")) / "ctx" / "annotations_dev.json"


def load(path: Path) -> list[Corpus]:
    """Read an annotation file."""
    entries: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return [
        Corpus(name=name, questions=tuple(map(_question, entry["queries"])), **entry["corpus"])
        for name, entry in entries.items()
    ]


def _question(entry: dict[str, Any]) -> Question:
    targets = [
        Target(target) if isinstance(target, str) else Target(**target)
        for target in [*entry["relevant"], *entry["secondary"]]
    ]
    return Question(entry["query"], tuple(targets), entry["category"])


def cache() -> Path:
    """Give the folder that holds the corpora."""
    base = os.environ.get("XDG_CACHE_HOME") or home_folder() / ".cache"
    return Path(base) / "boombap" / "corpora"


def fetch_all(corpora: list[Corpus], folder: Path) -> Iterator[Ready | Missing]:
    """Give each corpus as it is had; those already there are not asked for again."""
    folder.mkdir(parents=True, exist_ok=True)
    for corpus in corpora:
        try:
            yield _fetch(corpus, folder)
        except (RefusedError, OSError, subprocess.SubprocessError, tarfile.TarError, zipfile.BadZipFile) as error:
            yield Missing(corpus, str(error))


def _fetch(corpus: Corpus, folder: Path) -> Ready:
    version, notice = corpus.version, ""
    if corpus.registry == "go" and corpus.package in _RELEASES:
        version = _RELEASES[corpus.package]
        notice = f"release {version} in the place of commit {corpus.version[:12]}"
    final = folder / f"{corpus.name}-{version.replace('/', '_')}"
    if not final.is_dir():
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as work:
            downloads, tree = Path(work) / "downloads", Path(work) / "tree"
            downloads.mkdir()
            CLIENTS[corpus.registry](corpus.package, version, downloads, tree / corpus.prefix)
            settle(tree, final)
    if not (final / corpus.root).is_dir():
        raise RefusedError(f"{final} has no folder {corpus.root}; the package differs from the annotations")
    return Ready(corpus, final, notice)


def settle(tree: Path, final: Path) -> None:
    """Move the finished tree to its place in one step; the module cache of Go hands out read-only files."""
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    tree.rename(final)


def _pip(package: str, version: str, downloads: Path, tree: Path) -> None:
    """Take the wheel: it holds the package's Python files, and nothing is built to get it."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    _run([*pip, "--only-binary=:all:", "--dest", str(downloads), f"{package}=={version}"])
    _unzip(_only(downloads), tree)


def _pip_source(package: str, version: str, downloads: Path, tree: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    _run([*pip, f"--no-binary={package}", "--dest", str(downloads), f"{package}=={version}"])
    _untar(_only(downloads), tree, strip=1)


def _npm(package: str, version: str, downloads: Path, tree: Path) -> None:
    npm = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(downloads)]
    _run([*npm, f"{package}@{version}"])
    _untar(_only(downloads), tree, strip=1)


def _go(package: str, version: str, downloads: Path, tree: Path) -> None:
    done = _run(["go", "mod", "download", "-json", f"{package}@{version}"], cwd=downloads)
    shutil.copytree(json.loads(done)["Dir"], tree, symlinks=True)


def _cargo(package: str, version: str, downloads: Path, tree: Path) -> None:
    """Let an empty crate depend on this one, fetch, and ask where the source lies."""
    (downloads / "src").mkdir()
    (downloads / "src" / "lib.rs").touch()
    (downloads / "Cargo.toml").write_text(
        '[package]\nname = "corpus"\nversion = "0.0.0"\nedition = "2021"\n'
        f'[dependencies.{package}]\nversion = "={version}"\ndefault-features = false\n',
        encoding="utf-8",
    )
    _run(["cargo", "fetch", "--quiet"], cwd=downloads)
    metadata = json.loads(_run(["cargo", "metadata", "--quiet", "--offline", "--format-version=1"], cwd=downloads))
    manifest = next(one["manifest_path"] for one in metadata["packages"] if one["name"] == package)
    shutil.copytree(Path(manifest).parent, tree, symlinks=True)


def _maven(package: str, version: str, downloads: Path, tree: Path) -> None:
    group, artifact, classifier = package.split(":")
    mvn = ["mvn", "--quiet", "--batch-mode", "dependency:copy", f"-DoutputDirectory={downloads}"]
    _run([*mvn, f"-Dartifact={group}:{artifact}:{version}:jar:{classifier}"], cwd=downloads)
    _unzip(_only(downloads), tree)


def _debian(package: str, version: str, downloads: Path, tree: Path) -> None:
    """Take the binary package: for Ruby, PHP and C++ headers it holds the source (needs `apt-get update` before)."""
    _run(["apt-get", "download", f"{package}={version}" if version else package], cwd=downloads)
    plain = downloads / "package.tar"
    with plain.open("wb") as out:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", str(_only(downloads, "*.deb"))], stdout=out, check=True)
    _untar(plain, tree, strip=0)


CLIENTS: dict[str, Callable[[str, str, Path, Path], None]] = {
    "pypi": _pip,
    "pypi-source": _pip_source,
    "npm": _npm,
    "go": _go,
    "cargo": _cargo,
    "maven": _maven,
    "debian": _debian,
}


def _run(command: list[str], cwd: Path | None = None) -> str:
    program = shutil.which(command[0])
    if program is None:
        raise RefusedError(f"{command[0]} is not installed")
    done = subprocess.run(
        [program, *command[1:]], cwd=cwd, capture_output=True, text=True, check=False, timeout=_DEADLINE_S
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise RefusedError(f"{command[0]} ended with {done.returncode}: {said[-1][:200]}")
    return done.stdout


def _only(folder: Path, pattern: str = "*") -> Path:
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    if len(found) != 1:
        raise RefusedError(f"one archive was expected, the client left {len(found)}")
    return found[0]


def _untar(archive: Path, tree: Path, *, strip: int) -> None:
    """Unpack regular files only, without the first `strip` folders of each name."""
    with tarfile.open(archive) as tar:
        members = [member for member in tar if member.isfile()]
        _bounded(member.size for member in members)
        for member in members:
            name = PurePosixPath(*PurePosixPath(member.name).parts[strip:])
            tar.extract(member.replace(name=str(name), deep=False), tree, filter="data")


def _unzip(archive: Path, tree: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        _bounded(entry.file_size for entry in opened.infolist())
        for entry in opened.infolist():
            path = PurePosixPath(entry.filename)
            if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
                raise RefusedError(f"{archive.name} holds the name {entry.filename!r}, which leads out of it")
            if not stat.S_ISLNK(entry.external_attr >> 16):
                opened.extract(entry, tree)


def _bounded(sizes: Iterator[int]) -> None:
    if sum(sizes) > _UNPACKED_BYTES:
        raise RefusedError(f"the archive unpacks to more than {_UNPACKED_BYTES:,} bytes")


def main() -> None:
    """Fetch the development set and our own held-out set."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for path in (development(), HELDOUT):
        if not path.is_file():
            print(f"{path} is absent: left out")
            continue
        for found in fetch_all(load(path), cache()):
            if isinstance(found, Missing):
                print(f"{found.corpus.name:<10} left out: {found.reason}")
            else:
                print(f"{found.corpus.name:<10} {found.folder} {found.notice}".rstrip())


if __name__ == "__main__":
    main()
