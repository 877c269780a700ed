"""Whether VACUUM keeps up: transaction ids before they wrap around, dead rows, stale statistics."""

from __future__ import annotations

from boombap.db.checks.check import Check
from boombap.db.checks.grade import DOCS, grade
from boombap.health.finding import Finding, Severity
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row

# The server stops accepting writes 3 million ids before 2^31. Autovacuum forces itself at 200 million (multixacts at
# 400 million): more than twice that means that it does not get through.
_WRAPAROUND_LIMIT = 2**31
_WRAPAROUND_WARNING = 1_000_000_000
_WRAPAROUND_CRITICAL = 1_500_000_000
# At 1.0 autovacuum has work to do, which is its normal life; at twice the threshold it has fallen behind.
_LAG_RATIO = 2
_DEAD_WARNING_ROWS = 10_000
# Fewer new or changed rows mislead no plan worth a word.
_CHANGED_ROWS = 10_000
# A bulk load passes every threshold at once: autovacuum gets an hour (60 of its rounds) before it counts as late.
_QUIET_S = 3600


def check_wraparound(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find databases and tables whose oldest row nears the end of the 2^31 transaction or multixact ids."""
    for row in rows:
        age = max(row["xid_age"], row["mxid_age"])
        severity = grade(age, warning=_WRAPAROUND_WARNING, critical=_WRAPAROUND_CRITICAL)
        if severity is None:
            continue
        used_pct = 100 * age / _WRAPAROUND_LIMIT
        counter = "transaction" if row["xid_age"] >= row["mxid_age"] else "multixact"
        yield Finding(
            "wraparound",
            severity,
            f"{row['kind']} {row['subject']}" if row["kind"] == "database" else row["subject"],
            f"the oldest {counter} id is {age:,} old, {used_pct:.0f} % of the way to wraparound",
            {"xid_age": row["xid_age"], "mxid_age": row["mxid_age"], "used_pct": round(used_pct, 1)},
            _freeze(row),
            DOCS + "routine-vacuuming.html#VACUUM-FOR-WRAPAROUND",
        )


def _freeze(row: Row) -> str:
    if row["kind"] == "table":
        return f"VACUUM (FREEZE, VERBOSE) {row['subject']};"
    place = "" if row["is_here"] else f"-- in database {row['subject']}\n"
    return f"{place}VACUUM (FREEZE, VERBOSE);"


def check_autovacuum_lag(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find tables at twice the point where autovacuum starts, by the table's own thresholds.

    Dead rows count at once; inserted and changed rows only when nothing has visited the table for an hour, because a
    fresh bulk load looks the same. `stale_statistics` is the finding for rows changed since the last ANALYZE.
    """
    for row in rows:
        if row["dead_rows"] >= _LAG_RATIO * row["dead_limit"]:
            yield _dead_rows(row)
        elif _is_late(row, "inserted"):
            yield _inserted_rows(row)
        if _is_late(row, "changed"):
            yield _stale_statistics(row)


def _is_late(row: Row, kind: str) -> bool:
    limit = row[f"{kind}_limit"]
    if limit is None or row[f"{kind}_rows"] < max(_LAG_RATIO * limit, _CHANGED_ROWS):
        return False
    return row["quiet_s"] is None or row["quiet_s"] >= _QUIET_S


def _dead_rows(row: Row) -> Finding:
    switch = "" if row["is_enabled"] else f"ALTER TABLE {row['subject']} RESET (autovacuum_enabled);\n"
    cause = "" if row["is_enabled"] else "; autovacuum is switched off for this table"
    return Finding(
        "autovacuum_lag",
        grade(row["dead_rows"], warning=_DEAD_WARNING_ROWS) or Severity.INFO,
        row["subject"],
        f"{row['dead_rows']:,} dead rows, autovacuum starts at {row['dead_limit']:,}{cause}",
        {**_evidence(row, "dead"), "autovacuum_enabled": row["is_enabled"]},
        f"{switch}VACUUM (VERBOSE, ANALYZE) {row['subject']};",
        DOCS + "routine-vacuuming.html#AUTOVACUUM",
    )


def _inserted_rows(row: Row) -> Finding:
    return Finding(
        "autovacuum_lag",
        Severity.INFO,
        row["subject"],
        f"{row['inserted_rows']:,} rows inserted since the last VACUUM, autovacuum starts at {row['inserted_limit']:,}",
        {**_evidence(row, "inserted"), "autovacuum_enabled": row["is_enabled"]},
        f"VACUUM (VERBOSE) {row['subject']};",
        DOCS + "routine-vacuuming.html#AUTOVACUUM",
    )


def _stale_statistics(row: Row) -> Finding:
    quiet_s = row["quiet_s"]
    since = "and none was ever run" if quiet_s is None else f"which is over {format_duration(quiet_s)} ago"
    return Finding(
        "stale_statistics",
        Severity.INFO,
        row["subject"],
        f"{row['changed_rows']:,} rows changed since the last ANALYZE, {since}",
        _evidence(row, "changed"),
        f"ANALYZE (VERBOSE) {row['subject']};",
        DOCS + "routine-vacuuming.html#VACUUM-FOR-STATISTICS",
    )


def _evidence(row: Row, kind: str) -> dict[str, int | float | None]:
    names = (f"{kind}_rows", f"{kind}_limit", "table_rows")
    quiet_s = row["quiet_s"]
    return {**{name: row[name] for name in names}, "quiet_s": None if quiet_s is None else round(quiet_s)}


CHECKS: tuple[Check, ...] = (
    Check("wraparound", "Transaction ids before wraparound", check_wraparound),
    # A standby counts no dead rows: its tables are vacuumed on the primary.
    Check("autovacuum_lag", "Autovacuum by each table's thresholds", check_autovacuum_lag, on_replica=False),
)
