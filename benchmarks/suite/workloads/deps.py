"""`deps`: an audit of many packages against many advisories."""

from __future__ import annotations

import json
import random
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..advisories import write_export
from ..environment import BOOMBAP, clean, of_engines
from ..model import Case

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..model import Setting

_SEED = 20_250_212
_RECORDS_PER_PACKAGE = 5
# What fixes a finding is left out: classic does not ask whether another advisory affects that version.
_SAID_BY_BOTH = ("ecosystem", "normal", "version", "id", "aliases", "severity", "advisories", "status")
_FINDINGS = (0, 1)


@contextmanager
def cases(setting: Setting) -> Iterator[list[Case]]:
    """Yield the audit of a file of requirements."""
    records, packages = setting.size(20_000, 500), setting.size(500, 50)
    environ = settings(setting.folder)
    requirements = prepare(setting.folder, environ, records, packages)
    environs = of_engines("deps", environ)
    audit = [BOOMBAP, "deps", "audit", "--format", "json", str(requirements)]
    data = f"{packages:,} packages, {records:,} made-up advisories"
    commands = dict.fromkeys(environs, audit)
    yield [Case("deps", "deps audit", data, commands, environs, findings, differences, fine=_FINDINGS)]


def settings(folder: Path) -> dict[str, str]:
    """Return an environment with a database of its own, whose age does not count."""
    own = {"BOOMBAP_DEPS_DATABASE": str(folder / "advisories"), "BOOMBAP_DEPS_MAX_AGE": "10years"}
    return {**clean(folder), **own}


def prepare(folder: Path, environ: dict[str, str], records: int, packages: int) -> Path:
    """Build the database of `environ`, and return a file of requirements to audit."""
    names = write_export(folder / "export", records, max(packages, records // _RECORDS_PER_PACKAGE), _SEED)
    sync = [BOOMBAP, "deps", "sync", "--quiet", "--from", str(folder / "export"), "--ecosystem", "PyPI"]
    subprocess.run(sync, env=environ, check=True, capture_output=True)
    draw = random.Random(_SEED)
    lines = [f"{name}=={draw.randint(0, 60)}.{draw.randint(0, 9)}\n" for name in draw.sample(names, packages)]
    file = folder / "requirements.txt"
    file.write_text("".join(lines), encoding="utf-8")
    return file


def findings(output: str) -> list[str]:
    """Return what both engines say of each finding, in a fixed order."""
    report: dict[str, Any] = json.loads(output)
    return sorted(json.dumps([row[name] for name in _SAID_BY_BOTH]) for row in report["findings"])


def differences(classic: list[str], native: list[str]) -> list[str]:
    """Return the findings that one engine alone has."""
    alone = [f"only classic: {row}" for row in classic if row not in native]
    return alone + [f"only native: {row}" for row in native if row not in classic]
