"""Flags as a person and as a program read them: lines, and objects for JSON."""

from __future__ import annotations

from boombap.output import table
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.flags.audit_log import Change
    from boombap.flags.comparison import EngineRow
    from boombap.flags.model import Evaluation
    from boombap.flags.rollout_file import Rollout
    from boombap.flags.statistics import Estimate


class Row(Record):
    """One flag as it is served now.

    Attributes:
        name: of the flag.
        percent: the share of keys that get the native engine, from 0 to 100.
        source: where that is from: override, redis, file, copy or default.
        is_known: False where the source could not be used, so that every key gets classic.
    """

    name: str
    percent: float
    source: str
    is_known: bool


class SourceRow(Record):
    """One place where flags are kept.

    Attributes:
        source: override, redis, file or copy.
        place: the setting, host and port, or the path.
        state: ``used``, ``empty`` where it has no flag, or ``failed``.
        detail: what it has, or why it failed.
    """

    source: str
    place: str
    state: str
    detail: str


def percent(share: float | None) -> str:
    """Return a share as a person reads it.

    >>> percent(12.5), percent(100.0), percent(None)
    ('12.5 %', '100 %', 'not set')
    """
    return "not set" if share is None else f"{share:.10g} %"


def list_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the flags as a table."""
    cells = [(row.name, percent(row.percent), row.source if row.is_known else f"{row.source} failed") for row in rows]
    yield from table.lines(("flag", "native", "source"), cells, indent="")


def list_object(rows: Sequence[Row], problems: Sequence[str]) -> Mapping[str, object]:
    """Return what `list --format json` prints."""
    return {"schema": "boombap.flags.list/1", "flags": rows, "problems": problems}


def status_lines(rows: Sequence[SourceRow], scheme: str) -> Iterator[str]:
    """Yield the sources as a table."""
    if rows:
        cells = [(row.source, row.place, row.state, row.detail) for row in rows]
        yield from table.lines(("source", "place", "state", "detail"), cells, indent="")
    else:
        yield "no flag was ever set: every tool runs its native engine"
    yield ""
    yield f"hashing scheme: {scheme}"


def status_object(rows: Sequence[SourceRow], scheme: str, problems: Sequence[str]) -> Mapping[str, object]:
    """Return what `status --format json` prints."""
    return {"schema": "boombap.flags.status/1", "hashing": scheme, "sources": rows, "problems": problems}


def evaluation_lines(evaluations: Sequence[Evaluation]) -> Iterator[str]:
    """Yield the evaluations as a table."""
    cells = [(row.key, row.variant, row.reason, row.source) for row in evaluations]
    yield from table.lines(("key", "variant", "reason", "source"), cells, indent="")


def evaluation_object(flag: str, evaluations: Sequence[Evaluation], problems: Sequence[str]) -> Mapping[str, object]:
    """Return what `evaluate --format json` prints."""
    rows = [{"key": row.key, "variant": row.variant, "reason": row.reason, "source": row.source} for row in evaluations]
    return {"schema": "boombap.flags.evaluate/1", "flag": flag, "evaluations": rows, "problems": problems}


def history_lines(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the changes as a table, the latest last."""
    if not changes:
        yield "no changes"
        return
    cells = [
        (change.when, f"{change.user}@{change.host}", change.flag, percent(change.before), percent(change.after))
        for change in changes
    ]
    yield from table.lines(("when", "who", "flag", "from", "to"), cells, indent="")


def history_object(changes: Sequence[Change], unreadable: int) -> Mapping[str, object]:
    """Return what `history --format json` prints."""
    rows = list(map(_change_object, changes))
    return {"schema": "boombap.flags.history/1", "changes": rows, "unreadable_lines": unreadable}


def _change_object(change: Change) -> Mapping[str, object]:
    return {
        "when": change.when,
        "user": change.user,
        "host": change.host,
        "flag": change.flag,
        "from": change.before,
        "to": change.after,
        "place": change.place,
    }


def rollout_lines(rollout: Rollout, decided: str) -> Iterator[str]:
    """Yield where a rollout is, and why; `decided` is what this step did, empty for a look at it."""
    steps = ", ".join(f"{step:g}" for step in rollout.plan.steps)
    yield f"{rollout.flag}: {decided or rollout.state} at {rollout.percent:g} % (steps: {steps} %)"
    yield rollout.reason


def rollout_object(rollout: Rollout, decided: str) -> Mapping[str, object]:
    """Return what `rollout --format json` prints."""
    return {
        "schema": "boombap.flags.rollout/1",
        "flag": rollout.flag,
        "state": rollout.state,
        "action": decided or None,
        "percent": rollout.percent,
        "reason": rollout.reason,
        "since_s": rollout.since_s,
        "plan": rollout.plan,
    }


def comparison_lines(rows: Sequence[EngineRow], verdict: str, share: float | None, lost: int) -> Iterator[str]:
    """Yield both engines as a table, and what may be said of them."""
    yield f"native gets {percent(share)} of the keys"
    cells = [
        (
            row.engine,
            f"{row.runs:,}",
            f"{row.failures:,}",
            _interval(row.failure_share, 100, " %"),
            _interval(row.p50_s, 1000, " ms"),
            _interval(row.p95_s, 1000, " ms"),
        )
        for row in rows
    ]
    yield from table.lines(("engine", "runs", "failed", "failed, 95 %", "p50, 95 %", "p95, 95 %"), cells, indent="")
    if lost:
        yield f"{lost:,} runs are not counted: another process held the file"
    yield verdict


def comparison_object(
    flag: str, rows: Sequence[EngineRow], verdict: str, share: float | None, lost: int
) -> Mapping[str, object]:
    """Return what `report --format json` prints."""
    return {
        "schema": "boombap.flags.report/1",
        "flag": flag,
        "percent": share,
        "engines": rows,
        "is_enough": all(row.is_enough for row in rows),
        "lost_runs": lost,
        "verdict": verdict,
    }


def _interval(estimate: Estimate | None, factor: float, unit: str) -> str:
    """Return a value with its interval; an end that the runs are too few for is a question mark."""
    if estimate is None:
        return "–"
    low, high = ("?" if end is None else f"{factor * end:.3g}" for end in (estimate.low, estimate.high))
    return f"{factor * estimate.value:.3g} ({low}–{high}){unit}"
