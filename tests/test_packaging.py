"""What is installed: the extras, the lock, and the files of the wheel."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
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
    assert Requirement(line).extras == EXTRAS.keys() - {"all", "local", "dev"}


def test_the_lock_holds_every_package_of_every_extra() -> None:
    locked = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE)}
    assert installed("all", "local", "dev") <= locked


def test_the_lock_names_no_address_and_hashes_everything() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK
    blocks = re.split(r"\n(?=\S)", LOCK.strip())
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
