"""Runs the health checks: which of them apply to this server, and what each one says."""

from __future__ import annotations

from boombap.clients.postgres.charset import ESCAPED
from boombap.db.queries.load import query
from boombap.errors import AccessDenied, ExternalError, RowsHidden
from boombap.health.finding import Finding, Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boombap.db.checks.check import Check, Context
    from boombap.db.model import Row, Server
    from boombap.db.read import Read

    Answer = Sequence[Finding] | Skipped


def examine(check: Check, read: Read, context: Context, *, is_fast: bool) -> Answer:
    """Return the findings of one check, or why there is no answer."""
    reason = _obstacle(check, context, is_fast=is_fast)
    if reason:
        return Skipped(check.id, reason)
    try:
        rows = read(query(f"health/{check.id}", context.server.major))
    except RowsHidden:
        return Skipped(check.id, context.server.hidden_rows)
    except AccessDenied:
        return Skipped(check.id, "no permission: needs SELECT on the table or pg_monitor")
    except ExternalError as error:
        return Skipped(check.id, str(error), is_failure=True)
    if check.measured_with:
        rows = _measured(check, read, context.server, rows)
    return [_safe(finding, _unprintable(rows)) for finding in check.judge(rows, context)]


def _measured(check: Check, read: Read, server: Server, estimates: Sequence[Row]) -> Sequence[Row]:
    """Return the estimates, with measured rows in place of doubtful ones as far as extension, rights and time allow."""
    if check.measured_with not in server.extensions or server.without_usage(check.measured_with):
        return estimates
    sound = [row["subject"] for row in estimates if check.is_sound(row)]
    try:
        rows = read(query(f"health/measured/{check.id}", server.major), {"sound": sound})
    except ExternalError:
        return estimates
    return list(({row["subject"]: row for row in estimates} | {row["subject"]: row for row in rows}).values())


def _unprintable(rows: Sequence[Row]) -> list[str]:
    values = (value for row in rows for value in row.values() if isinstance(value, str))
    return [value for value in values if not value.isprintable() or ESCAPED.search(value)]


def _safe(finding: Finding, unprintable: Sequence[str]) -> Finding:
    # A line end in a name would turn one statement into two: the second could be anybody's. An escaped name is none.
    if not any(value in finding.remedy for value in unprintable):
        return finding
    return finding.replace(
        remedy="write the statement by hand: a name in it holds control characters, or bytes of another encoding"
    )


def _obstacle(check: Check, context: Context, *, is_fast: bool) -> str:
    server = context.server
    if server.major < check.min_major:
        return f"needs PostgreSQL {check.min_major} or later"
    if check.needs_extension and check.needs_extension not in server.extensions:
        return f"the extension {check.needs_extension} is not installed"
    missing = lacking(server, check.needs_columns)
    if missing:
        return missing
    if check.calls_extension and server.without_usage(check.needs_extension):
        return server.without_usage(check.needs_extension)
    if server.is_replica and not check.on_replica:
        return "not on a replica"
    if check.needs_monitor and not server.can_monitor:
        return "no permission: needs pg_monitor"
    if check.reads_tables and is_fast:
        return "reads the tables, which --fast does not"
    if check.id == "analyzer_coverage" and not context.expected.coverage_analyzers:
        return "set db.coverage_analyzers to have it judged"
    return ""


def lacking(server: Server, needs: Mapping[str, tuple[str, ...]]) -> str:
    """Name the first of the team's tables that is not there, or lacks columns; empty when nothing is missing."""
    for table, columns in needs.items():
        if not server.has(table, *columns):
            return _missing(table, columns, server.columns.get(table))
    return ""


def _missing(table: str, wanted: tuple[str, ...], there: frozenset[str] | None) -> str:
    if there is None:
        return f"no table {table}"
    return f"{table} has no column {', '.join(sorted(set(wanted) - there))}"
