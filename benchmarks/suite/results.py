"""Results as JSON files: what was measured, where, at which commit, and whether the machine was quiet."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .measure import machine
from .model import TOOLS, Compared, Memory, Operation, Ratio, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = "boombap.benchmark/1"
FOLDER = Path(__file__).parents[1] / "results"
_ROOT = Path(__file__).parents[2]
_MOST_LOAD = 1.0
_MOST_SPREAD = 0.25
"""Quartiles of native's times that are further apart, as a share of the median, mark a run as noisy."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when a run was made.

    Attributes:
        date: UTC, ISO 8601.
        commit: the short hash; "unknown" outside of a repository.
        is_changed: files of the project differed from the commit.
        is_quick: small data and few runs.
        machine: processor, cores, system, Python.
        load: average of the last minute before the run began.
    """

    date: str
    commit: str
    is_changed: bool
    is_quick: bool
    machine: str
    load: float


@dataclass(frozen=True, slots=True)
class Results:
    """One run of the suite; what was not measured is None, or is missing among the cases."""

    origin: Origin
    cases: list[Compared]
    operation: Operation | None
    memory: Memory | None

    @property
    def noise(self) -> list[str]:
        """Why the figures do not count for the trend; empty for a quiet run of everything on full data."""
        origin = self.origin
        reasons = [f"load {origin.load:.1f} before it began"] if origin.load > _MOST_LOAD else []
        reasons += ["small data (--quick)"] if origin.is_quick else []
        reasons += ["files changed since the commit"] if origin.is_changed else []
        reasons += [f"not measured: {', '.join(self.missing)}"] if self.missing else []
        wide = [case.name for case in self.cases if case.spread > _MOST_SPREAD]
        return [*reasons, *(f"times of {name} far apart" for name in wide)]

    @property
    def missing(self) -> list[str]:
        """What was left out: tools, and the memory of all together."""
        measured = {case.tool for case in self.cases} | ({"memory"} if self.memory else set())
        return [name for name in (*TOOLS, "memory") if name not in measured]

    @property
    def wrong(self) -> list[str]:
        """Where the answers of the engines differed."""
        return [f"{case.name}: {difference}" for case in self.cases for difference in case.differences]


def origin(*, is_quick: bool) -> Origin:
    """Return where and when this is; called before the first run, for the load."""
    load = os.getloadavg()[0]
    date = datetime.now(UTC).isoformat(timespec="seconds")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "src", "benchmarks")
    return Origin(date, _git("rev-parse", "--short", "HEAD") or "unknown", bool(changed), is_quick, machine(), load)


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(_ROOT), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def write(results: Results, folder: Path) -> Path:
    """Write a file named after date and commit, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{results.origin.date[:10]}-{results.origin.commit}.json"
    document = {"schema": SCHEMA, **asdict(results), "noise": results.noise}
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def read_all(folder: Path) -> list[Results]:
    """Return all results of a folder, the oldest first.

    Raises:
        SystemExit: for a file that is not of this form.
    """
    return sorted((_read(file) for file in folder.glob("*.json")), key=lambda results: results.origin.date)


def _read(file: Path) -> Results:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise SystemExit(f"{file} is of the schema {document['schema']}, not {SCHEMA}")
        return Results(
            Origin(**document["origin"]),
            [_case(case) for case in document["cases"]],
            Operation(**document["operation"]) if document["operation"] else None,
            Memory(**document["memory"]) if document["memory"] else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"{file} cannot be read as results: {error!r}") from None


def _case(case: dict[str, Any]) -> Compared:
    engines = {name: Taken(**case[name]) for name in ("classic", "native")}
    peers = {name: Taken(**taken) for name, taken in case["peers"].items()}
    return Compared(**{**case, **engines, "ratio": Ratio(**case["ratio"]), "peers": peers})


def trend(every: Sequence[Results]) -> list[Results]:
    """Return the runs that count: quiet, and with equal answers."""
    return [results for results in every if not results.noise and not results.wrong]
