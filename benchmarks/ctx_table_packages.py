"""Fetches the packages that the table of term vectors is learned from, through the ordinary clients of the registries.

`python benchmarks/ctx_table_packages.py LIST FOLDER [--ecosystem NAME ...] [--minutes N]`: LIST is a table with the
columns ecosystem, name and version. What is in FOLDER already is not asked for again, so that a run which the clock
ended goes on where it was. What could not be had is noted in the file `missing` of FOLDER with the reason; delete
a line of it to have that package tried again. Nothing of a package is run.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import tarfile
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ctx_corpora import CLIENTS, RefusedError, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

# An entry of another ecosystem has no client: Maven's names come without their groups.
_REGISTRIES = {"PyPI": "pypi", "Go": "go", "npm": "npm", "crates.io": "cargo", "Debian": "debian"}
_FAILURES = (RefusedError, OSError, subprocess.SubprocessError, tarfile.TarError, zipfile.BadZipFile, ValueError)


@dataclass(frozen=True, slots=True)
class Package:
    """A release of a package."""

    ecosystem: str
    name: str
    version: str

    @property
    def folder(self) -> str:
        """Return the name of its folder in the cache."""
        return f"{self.ecosystem}_{self.name}_{self.version}".replace("/", "+").replace("%", "_")


def read_list(path: Path) -> list[Package]:
    """Read the list of packages."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [Package(row["ecosystem"], row["name"], row["version"]) for row in csv.DictReader(lines, delimiter="\t")]


def fetch(packages: Iterable[Package], folder: Path, *, deadline_s: float) -> dict[str, int]:
    """Fetch what is not there yet until `time.monotonic()` reaches the deadline; return how many had which outcome."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = {"fetched": 0, "already there": 0, "missing": 0, "not tried for lack of time": 0}
    known = _missing(folder)
    for package in packages:
        if (folder / package.folder).is_dir():
            counts["already there"] += 1
        elif package.folder in known:
            counts["missing"] += 1
        elif time.monotonic() >= deadline_s:
            counts["not tried for lack of time"] += 1
        else:
            counts["fetched" if _fetched(package, folder) else "missing"] += 1
    return counts


def _missing(folder: Path) -> set[str]:
    noted = folder / "missing"
    return {line.split("\t")[0] for line in noted.read_text("utf-8").splitlines()} if noted.is_file() else set()


def _fetched(package: Package, folder: Path) -> bool:
    try:
        client = CLIENTS.get(_REGISTRIES.get(package.ecosystem, ""))
        if client is None:
            raise RefusedError(f"{package.ecosystem} has no client here")
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as work:
            downloads, tree = Path(work) / "downloads", Path(work) / "tree"
            downloads.mkdir()
            client(package.name, package.version.replace("%3a", ":"), downloads, tree)
            settle(tree, folder / package.folder)
    except _FAILURES as error:
        with (folder / "missing").open("a", encoding="utf-8") as noted:
            noted.write(f"{package.folder}\t{' '.join(str(error).split())}\n")
        return False
    return True


def main() -> None:
    """Fetch packages until all are there or the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path, help="table of packages: ecosystem, name, version")
    parser.add_argument("folder", type=Path, help="where the packages are kept")
    parser.add_argument("--ecosystem", nargs="+", help="only these, in this order (default: all)")
    parser.add_argument("--minutes", type=float, default=600.0, help="when to stop (default: 600)")
    args = parser.parse_args()
    deadline_s = time.monotonic() + 60 * args.minutes
    packages = read_list(args.list)
    for ecosystem in args.ecosystem or dict.fromkeys(package.ecosystem for package in packages):
        chosen = [package for package in packages if package.ecosystem == ecosystem]
        print(ecosystem, fetch(chosen, args.folder, deadline_s=deadline_s), flush=True)


if __name__ == "__main__":
    main()
