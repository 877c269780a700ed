"""Which packages the extras bring on a platform, at the versions of the lock.

`python -m distribution.packages redis` prints those of one extra on this machine, for ``pip install --require-hashes``.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
if TYPE_CHECKING:
    from collections.abc import Iterable

OWN = "boombap"
_PIN = re.compile(r"^([\w.-]+)==([\w.!+-]+)", re.MULTILINE)


@cache
def extras() -> dict[str, list[str]]:
    """Return the requirements of each extra of the project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(project["optional-dependencies"])


@cache
def locked() -> dict[str, str]:
    """Return the block of each package in the lock, with its version and hashes, by normalized name."""
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)
    return {canonicalize_name(found[1]): block for block in blocks if (found := _PIN.match(block))}


def version(name: str) -> str:
    """Return the version of a package in the lock."""
    found = _PIN.match(locked()[name])
    assert found, name
    return found[2]


def closure(extra: str, environment: dict[str, str]) -> set[str]:
    """Return the normalized names of all packages that an extra brings, by the metadata of those installed here.

    Args:
        extra: of the project.
        environment: values of PEP 508's markers on the platform, ``sys_platform`` for example.
    """
    pending = _applying(extras()[extra], extra, environment)
    seen: set[tuple[str, str]] = set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                pending += _requirements(name, wanted, environment)
    return {name for name, _ in seen} - {OWN}


def _requirements(name: str, extra: str, environment: dict[str, str]) -> list[Requirement]:
    if name == OWN:
        return _applying(extras().get(extra, ()), extra, environment)
    try:
        return _applying(importlib.metadata.requires(name) or (), extra, environment)
    except importlib.metadata.PackageNotFoundError:  # of another platform: what it needs itself is not known here
        return []


def _applying(lines: Iterable[str], extra: str, environment: dict[str, str]) -> list[Requirement]:
    """Return the requirements whose markers hold."""
    values = {**environment, "extra": extra}
    return [line for line in map(Requirement, lines) if line.marker is None or line.marker.evaluate(values)]


if __name__ == "__main__":
    sys.stdout.writelines(locked()[name] for name in sorted(closure(sys.argv[1], {})))
