"""Flags as a person and as a program read them: lines, and objects for JSON."""

from __future__ import annotations

import time

from boombap.output import table
from boombap.output.encode import plain
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.flags.audit_log import Change
    from boombap.flags.model import Evaluation
    from boombap.flags.outcomes import Outcome, Outcomes


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


class EngineRow(Record):
    """The kept runs of one engine.

    Attributes:
        runs: how many.
        failures: of these, how many failed.
        p95_ms: the 95th percentile of what the others took, in milliseconds; None for fewer than 30.
    """

    runs: int
    failures: int
    p95_ms: float | None


class BreakerRow(Record):
    """The breaker of one flag.

    Attributes:
        flag: its name.
        state: ``closed``, ``open`` or ``half_open``.
        reason: why it opened; empty while closed.
        since: when it opened or closed, in UTC, as ISO 8601; None where it never opened.
        native: the latest runs of the native engine.
        classic: those of the classic engine.
        lost: outcomes that could not be written.
    """

    flag: str
    state: str
    reason: str
    since: str | None
    native: EngineRow
    classic: EngineRow
    lost: int


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


def breaker_row(flag: str, outcomes: Outcomes, now_s: float) -> BreakerRow:
    """Return what is kept of a flag's runs as it is shown.

    Args:
        flag: its name.
        outcomes: all that is kept of it.
        now_s: Unix time.
    """
    from boombap.flags.fallback import state_at

    breaker = outcomes.breaker
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(breaker.since_s)) if breaker.since_s else None
    native, classic = _engine_row(outcomes.native), _engine_row(outcomes.classic)
    state = str(state_at(breaker, now_s))
    return BreakerRow(flag, state, breaker.reason, since, native, classic, outcomes.lost)


def _engine_row(outcomes: Sequence[Outcome]) -> EngineRow:
    from boombap.flags.fallback import p95_s

    limit_s = p95_s(outcomes)
    failures = sum(outcome.is_failure for outcome in outcomes)
    return EngineRow(len(outcomes), failures, None if limit_s is None else round(1000 * limit_s, 1))


def status_lines(rows: Sequence[SourceRow], breakers: Sequence[BreakerRow], scheme: str) -> Iterator[str]:
    """Yield the sources and the breakers as tables."""
    if rows:
        cells = [(row.source, row.place, row.state, row.detail) for row in rows]
        yield from table.lines(("source", "place", "state", "detail"), cells, indent="")
    else:
        yield "no flag was ever set: every tool runs its native engine"
    yield ""
    if breakers:
        head = ("flag", "breaker", "native runs", "failed", "p95", "classic runs", "failed", "p95", "lost")
        yield from table.lines(head, map(_breaker_cells, breakers), indent="")
        yield ""
    yield f"hashing scheme: {scheme}"


def _breaker_cells(row: BreakerRow) -> tuple[str | int | None, ...]:
    state = f"{row.state}: {row.reason}" if row.reason else row.state
    engines = [cell for engine in (row.native, row.classic) for cell in (engine.runs, engine.failures, _ms(engine))]
    return (row.flag, state, *engines, row.lost)


def _ms(engine: EngineRow) -> str | None:
    return None if engine.p95_ms is None else f"{engine.p95_ms:g} ms"


def status_object(
    rows: Sequence[SourceRow], breakers: Sequence[BreakerRow], scheme: str, problems: Sequence[str]
) -> Mapping[str, object]:
    """Return what `status --format json` prints."""
    shown = [{**plain(row), "native": plain(row.native), "classic": plain(row.classic)} for row in breakers]
    head = {"schema": "boombap.flags.status/1", "hashing": scheme}
    return {**head, "sources": rows, "breakers": shown, "problems": problems}


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
        (
            *(change.when, f"{change.user}@{change.host}", change.flag, percent(change.before), percent(change.after)),
            percent(change.shadow) if change.shadow else None,
        )
        for change in changes
    ]
    yield from table.lines(("when", "who", "flag", "from", "to", "shadow"), cells, indent="")


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
        "shadow": change.shadow,
    }
