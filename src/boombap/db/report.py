"""The diagnosis as a person reads it: what is wrong first, then the numbers, on one screen."""

from __future__ import annotations

from math import floor

from boombap.db.fleet import Failure, Passed
from boombap.db.model import Absent, Analyzer, Connections, Diagnosis, Health, Table, Tracks, Unanalyzed
from boombap.health.finding import Severity
from boombap.health.report import lines as finding_lines
from boombap.health.report import skipped_lines, tally
from boombap.output import table
from boombap.output.terminal import printable
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from boombap.db.fleet import Answer
    from boombap.db.model import Blocked, Statement
    from boombap.db.snapshot import Change
    from boombap.output.terminal import Style, Terminal

_LABEL_COLUMNS = 12
_SHOWN_SOURCES = 6
_SHOWN_UNANALYZED = 3


def lines(diagnosis: Diagnosis, terminal: Terminal, *, most: int = _SHOWN_UNANALYZED) -> Iterator[str]:
    """Yield the whole diagnosis line by line; `most` tracks are listed as unanalyzed."""
    yield from _head(diagnosis, terminal)
    if diagnosis.health:
        yield from _health(diagnosis.health, terminal)
    views: tuple[tuple[object, Callable[[Any], Iterator[str]]], ...] = (
        (diagnosis.tracks, _tracks),
        (diagnosis.analyzers, _analyzers),
        (diagnosis.connections, _connections),
        (diagnosis.unanalyzed, lambda part: _unanalyzed(part, most)),
        (diagnosis.tables, _tables),
    )
    titles: tuple[str, ...] = ("tracks", "analyzers", "connections", "unanalyzed", "tables")
    if not diagnosis.is_platform:
        titles, views = (titles[2:3], views[2:3])
        yield from _not_the_platform(diagnosis, terminal)
    for title, (part, view) in zip(titles, views, strict=True):
        if isinstance(part, Absent):
            yield f"{terminal.style(f'{title:<{_LABEL_COLUMNS}}', 'bold')}– {part.reason}"
        elif part is not None:
            first, *rest = view(part)
            yield terminal.style(f"{title:<{_LABEL_COLUMNS}}", "bold") + first
            yield from rest
    yield terminal.style(f"answered in {diagnosis.elapsed_ms:.0f} ms", "dim")


def _not_the_platform(diagnosis: Diagnosis, terminal: Terminal) -> Iterator[str]:
    parts = ("tracks", "analyzers", "unanalyzed", "tables")
    asked = [name for name in parts if getattr(diagnosis, name) is not None]
    if asked:
        title = terminal.style(f"{'platform':<{_LABEL_COLUMNS}}", "bold")
        where = f"none of its tables is in the search path of {printable(diagnosis.server.user)}"
        yield f"{title}– {where}; left out: {', '.join(asked)}"


def _head(diagnosis: Diagnosis, terminal: Terminal) -> Iterator[str]:
    server = diagnosis.server
    facts = [f"PostgreSQL {server.version.split()[0]}"]
    if server.size_bytes is not None:
        facts.append(format_size(server.size_bytes))
    facts.append(f"up {format_duration(server.uptime_s)}")
    facts += ["replica"] * server.is_replica + ["through a pooler"] * diagnosis.is_pooled
    if not server.can_monitor:
        facts.append(f"{server.user} is not in pg_monitor")
    yield f"{terminal.style(printable(diagnosis.name), 'bold')}  {printable(' · '.join(facts))}"


def _health(health: Health, terminal: Terminal) -> Iterator[str]:
    findings = health.findings
    style: Style = (
        "red" if any(one.severity is Severity.CRITICAL for one in findings) else "yellow" if findings else "green"
    )
    waived = f", {len(health.waived)} waived" if health.waived else ""
    yield f"{terminal.style('health', 'bold'):<{_LABEL_COLUMNS}}".ljust(_LABEL_COLUMNS) + (
        f"{terminal.style(tally(findings), style)}{waived} ({health.checks} checks)"
    )
    yield from (f"  {line}" for line in finding_lines(findings, terminal))
    yield from (f"  waiver expired: {printable(one)}" for one in health.expired)
    yield from skipped_lines(health.skipped)


def _share(part: int | None, total: int | None, *, is_estimate: bool) -> str:
    if part is None:
        return "– (no estimate)" if is_estimate else "– (no such column)"
    return f"{part:,} ({100 * part / total:.1f} %)" if total else f"{part:,}"


def _tracks(tracks: Tracks) -> Iterator[str]:
    mark = "about " if tracks.is_estimate else ""
    if tracks.total is None:
        yield "– (never analyzed: no estimate)" if tracks.is_estimate else "–"
        return
    yield f"{mark}{tracks.total:,}" + (" (planner estimates)" if tracks.is_estimate else "")
    facts = [f"with lyrics {_share(tracks.with_lyrics, tracks.total, is_estimate=tracks.is_estimate)}"]
    facts.append(f"with Spotify data {_share(tracks.with_spotify, tracks.total, is_estimate=tracks.is_estimate)}")
    facts.append(f"artists {'–' if tracks.artists is None else f'{tracks.artists:,}'}")
    if tracks.latest:
        facts.append(f"latest {_minute(tracks.latest)}")
    yield "  " + " · ".join(facts)


def _minute(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else None


def _analyzers(analyzers: tuple[Analyzer, ...]) -> Iterator[str]:
    mark = " (planner estimates)" if any(one.tracks is None for one in analyzers) else ""
    yield f"{len(analyzers)} with {sum(one.rows for one in analyzers):,} results{mark}"
    if not analyzers:
        return
    head = ["analyzer", "results", "tracks", "coverage %", "first", "last"]
    rows = [_analyzer_row(one) for one in analyzers]
    if any(one.new_rows is not None for one in analyzers):
        head.append("new")
        rows = [[*row, one.new_rows] for row, one in zip(rows, analyzers, strict=True)]
    yield from table.lines(head, rows)


def _analyzer_row(one: Analyzer) -> list[str | int | float | None]:
    return [one.name, one.rows, one.tracks, _covered(one.coverage_pct), _minute(one.first), _minute(one.last)]


def _covered(percent: float | None) -> float | None:
    # Rounded down: 57,717 of 57,718 tracks are not all of them.
    return None if percent is None else floor(percent * 10) / 10


def _connections(connections: Connections) -> Iterator[str]:
    states = " · ".join(f"{state} {count}" for state, count in sorted(connections.by_state.items()))
    yield f"{connections.total} of {connections.limit} ({connections.used_pct:.0f} %)" + (
        f" · {states}" if states else ""
    )
    facts = []
    if connections.oldest_transaction_s is not None:
        facts.append(f"oldest transaction {format_duration(connections.oldest_transaction_s)}")
    if connections.longest_query_s is not None:
        facts.append(f"longest query {format_duration(connections.longest_query_s)}")
    if connections.xmin:
        holder = connections.xmin
        facts.append(f"oldest snapshot {holder.kind} {holder.name} ({holder.age:,} transactions)")
    if facts:
        yield "  " + printable(" · ".join(facts))
    shown = connections.sources[:_SHOWN_SOURCES]
    if shown:
        head = ("user", "application", "from", "database", "sessions")
        yield from table.lines(head, [(s.user, s.application, s.address, s.database, s.sessions) for s in shown])
    more = len(connections.sources) - _SHOWN_SOURCES
    if more > 0:
        yield f"  and {more} more source{'s' * (more > 1)}"


def _unanalyzed(unanalyzed: Unanalyzed, most: int) -> Iterator[str]:
    yield _seen(unanalyzed)
    shown = unanalyzed.tracks[:most]
    if shown:
        rows = [
            (str(id_), table.shorten(artist or "", 30), table.shorten(title or "", 50)) for id_, artist, title in shown
        ]
        yield from table.lines(("newest id", "artist", "title"), rows)


def _seen(unanalyzed: Unanalyzed) -> str:
    by = f"by {printable(unanalyzed.analyzer)}" if unanalyzed.analyzer else "by any analyzer"
    if not unanalyzed.total:
        return f"every track was seen {by}"
    unknown = ", which has no result at all: check its name" if unanalyzed.analyzer else "; no result at all"
    return f"{unanalyzed.total:,} tracks not seen {by}" + ("" if unanalyzed.has_results else unknown)


def _tables(tables: tuple[Table, ...]) -> Iterator[str]:
    present = [one for one in tables if one.exists]
    missing = [one.name for one in tables if not one.exists]
    yield f"{len(present)} of {len(tables)}" + (f" · missing: {', '.join(missing)}" if missing else "")
    if present:
        head = ("table", "about rows", "columns", "heap", "indexes", "in")
        yield from table.lines(head, [_table_row(one) for one in present])


def _table_row(one: Table) -> tuple[str, int | None, int, str, str, int]:
    return (
        one.name,
        one.rows_estimate,
        len(one.columns),
        format_size(one.heap_bytes),
        format_size(one.index_bytes),
        one.indexes,
    )


def column_lines(tables: Sequence[Table]) -> Iterator[str]:
    """Yield every column of every table, for ``--schema``."""
    for one in tables:
        if one.exists:
            yield ""
            yield from table.lines((one.name, "type"), list(one.columns.items()))


def fleet_lines(answers: Sequence[Answer], terminal: Terminal) -> Iterator[str]:
    """Yield one row a database, those that failed first, then the least healthy."""
    failures = [one for one in answers if isinstance(one, Failure)]
    diagnoses = sorted((one for one in answers if isinstance(one, Diagnosis)), key=_misery, reverse=True)
    for failure in failures:
        label = terminal.style("failed", "red")
        yield f"{label}  {printable(failure.name)}: {printable(failure.reason)}"
    if diagnoses:
        head = ("database", "tracks", "analyzers", "sessions", "critical", "warning", "info", "ms")
        yield from table.lines(head, [_fleet_row(one) for one in diagnoses], indent="")
    yield from (line for one in diagnoses for line in _uncounted(one))
    passed = [one for one in answers if isinstance(one, Passed)]
    yield from (f"skipped      {printable(database.name)}: {printable(database.reason)}" for database in passed)
    tried = len(answers) - len(passed)
    beside = f", {len(passed)} skipped" if passed else ""
    yield terminal.style(f"{len(diagnoses)} of {tried} databases answered{beside}", "dim")


def _uncounted(diagnosis: Diagnosis) -> Iterator[str]:
    for name in ("tracks", "analyzers", "connections", "unanalyzed", "tables"):
        part = getattr(diagnosis, name)
        if isinstance(part, Absent) and (part.is_failure or part.is_hidden):
            yield f"not counted  {printable(diagnosis.name)}: {name}: {part.reason}"


def _misery(diagnosis: Diagnosis) -> tuple[int, ...]:
    return tuple(_count(diagnosis, severity) or 0 for severity in sorted(Severity, reverse=True))


def _count(diagnosis: Diagnosis, severity: Severity) -> int | None:
    health = diagnosis.health
    return sum(one.severity is severity for one in health.findings) if health else None


def _fleet_row(one: Diagnosis) -> tuple[str | int | None, ...]:
    return (
        one.name,
        one.tracks.total if isinstance(one.tracks, Tracks) else None,
        len(one.analyzers) if isinstance(one.analyzers, tuple) else None,
        one.connections.total if isinstance(one.connections, Connections) else None,
        *(_count(one, severity) for severity in sorted(Severity, reverse=True)),
        round(one.elapsed_ms),
    )


def slow_lines(statements: Sequence[Statement], since: str | None, terminal: Terminal) -> Iterator[str]:
    """Yield the statements by total time, with each one's share of all of them."""
    total_ms = sum(one.total_ms for one in statements) or 1.0
    yield f"since the snapshot of {since}" if since else "since the server's statistics began"
    columns = max(30, terminal.width - 52)
    head = ("total s", "share %", "calls", "mean ms", "hit %", "statement")
    rows = [
        (
            one.total_ms / 1000,
            100 * one.total_ms / total_ms,
            one.calls,
            one.mean_ms,
            one.hit_pct,
            table.shorten(one.text, columns),
        )
        for one in statements
    ]
    yield from table.lines(head, rows)


def lock_lines(blocked: Sequence[Blocked], terminal: Terminal) -> Iterator[str]:
    """Yield the blocking trees, each root with the statement that would end it."""
    if not blocked:
        yield terminal.style("nobody waits for a lock", "green")
    for one in blocked:
        indent = "   " * one.depth + ("└─ " if one.depth else "")
        wants = f" waits for {one.wants}" if one.wants else ""
        who = f"pid {one.pid} {one.user} {one.application}".rstrip()
        since = f"{who}, {one.state} for {format_duration(one.in_state_s)}" if one.pid else one.state
        yield printable(f"{indent}{since}{wants}")
        if one.query:
            yield f"{'   ' * (one.depth + 1)}{printable(table.shorten(one.query, max(30, terminal.width - 12)))}"
        if one.remedy:
            yield f"   {terminal.style('ends it:', 'green')} {one.remedy}"


def change_lines(changes: Sequence[Change], taken_at: str) -> Iterator[str]:
    """Yield what is different from a snapshot."""
    if not changes:
        yield f"nothing has changed since {taken_at}"
        return
    yield f"since {taken_at}"
    numbers = [one for one in changes if not one.name.startswith("finding ")]
    if numbers:
        rows = [(one.name, one.before, one.now, (one.now or 0) - (one.before or 0)) for one in numbers]
        yield from table.lines(("number", "before", "now", "change"), rows)
    for one in changes:
        if one.name.startswith("finding "):
            yield f"  {'new' if one.before is None else 'gone'}: {printable(one.name.removeprefix('finding '))}"
