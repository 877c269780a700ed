"""What is installed: the extras, the lock, and the files of the wheel."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
LOCKS = ("requirements.txt", "docs/requirements.txt")
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def installed(*extras: str) -> set[str]:
    """Give every package that the extras bring on this machine, as far as its own metadata say."""
    pending = [Requirement(line) for extra in extras for line in EXTRAS[extra]]
    seen: set[tuple[str, str]] = set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            pending += _of(name, extra)
    return {name for name, _ in seen} - {"boombap"}


def _of(name: str, extra: str) -> list[Requirement]:
    if name == "boombap":
        return [Requirement(line) for line in EXTRAS.get(extra, ())]
    lines = map(Requirement, importlib.metadata.requires(name) or ())
    return [line for line in lines if line.marker is None or line.marker.evaluate({"extra": extra})]


def test_the_default_installs_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dependencies"] == []


def test_all_contains_every_tool() -> None:
    (line,) = EXTRAS["all"]
    # Parquet is one form of one export, and larger than everything else.
    assert Requirement(line).extras == EXTRAS.keys() - {"all", "classic", "local", "dev", "openfeature", "parquet"}


def test_the_lock_holds_every_package_of_every_extra() -> None:
    locked = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE)}
    assert installed("all", "local", "dev") <= locked


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address_and_hashes_everything(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in lock
    assert "index-url" not in lock
    blocks = re.split(r"\n(?=\S)", lock.strip())
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


# --- the manual page


@pytest.mark.parametrize(
    "words",
    [["groff", "-man", "-ww", "-z", "-Tutf8"], ["mandoc", "-Tlint"]],
    ids=lambda words: words[0],
)
def test_the_manual_page_has_nothing_to_warn_of(words: list[str]) -> None:
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not at hand")
    done = subprocess.run([*words, str(ROOT / "docs" / "boombap.1")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- the wheel


def data_files() -> Iterator[str]:
    """Give every file of the package that is no Python source, as the wheel names it."""
    for path in (ROOT / "src").rglob("*"):
        inside = path.relative_to(ROOT / "src")
        if path.is_file() and path.suffix not in {".py", ".pyc"} and not inside.parts[0].endswith(".egg-info"):
            yield inside.as_posix()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy: the build writes beside its sources, and takes what an earlier one left there."""
    place = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "src", place / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "docs/boombap.1"):
        (place / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    argv = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(place), str(place)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr and "CI" not in os.environ:
        pytest.skip("the build's own packages cannot be fetched")
    assert done.returncode == 0, done.stderr
    return next(place.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_every_file_that_is_read(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = set(data_files())
    suffixes = {Path(name).suffix for name in expected}
    assert {".sql", ".lua", ".bin", ".tsv", ".json", ".txt", ".typed"} <= suffixes
    assert sorted(expected - names) == []
    assert [name for name in names if name.endswith(".data/data/share/man/man1/boombap.1")]
    assert [name for name in names if name.startswith(("tests", "docs", "benchmarks"))] == []


@pytest.mark.slow
def test_the_wheel_works_alone(wheel: Path, tmp_path: Path) -> None:
    """Nothing else is installed: the help works, a tool names its extra, and the manual page is where man looks."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "alone"], check=True)
    python = str(tmp_path / "alone" / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", str(wheel)]
    subprocess.run(pip, check=True)
    assert (tmp_path / "alone" / "share" / "man" / "man1" / "boombap.1").is_file()
    command = str(tmp_path / "alone" / "bin" / "boombap")
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "usage: boombap" in done.stdout
    done = subprocess.run(
        [command, "db", "--dsn", "postgresql://127.0.0.1:1/rap"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (
        2,
        "boombap db: psycopg2 is not installed; pip install 'boombap[db]'\n",
    )
