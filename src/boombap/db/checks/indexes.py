"""Which indexes cost more than they give: unused, duplicate, redundant, invalid."""

from __future__ import annotations

from boombap.db.checks.check import Check
from boombap.db.checks.grade import DOCS, grade
from boombap.health.finding import Finding, Severity
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row

# The table must have been in use while the index was not, or nothing can be said: building eight indexes alone makes
# eight sequential scans.
_USES = 50
# A week has its weekly report; before that an index may only be waiting for its day.
_SURE_AFTER_S = 7 * 86_400
# In young statistics the scans of a table prove little: building one ivfflat index counted 10,000 sequential scans, one
# anti-join of ours 57,000 index scans. That most other indexes have found readers shows that the real work has begun.
_OTHERS_IN_USE = 0.5


def check_unused_index(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find indexes without a scan on tables with 1,000 rows or more and over 50 other uses.

    Uses are sequential scans and scans of the table's other indexes that enforce nothing: foreign key checks and
    ON CONFLICT scan the unique ones without any reader. While statistics are younger than a week it is a hint, and
    only where more than half of the other indexes were scanned ten times each; so a fresh load gives no finding.
    """
    age_s = _counted_s(context)
    severity = grade(age_s, warning=_SURE_AFTER_S) or Severity.INFO
    for row in rows:
        uses = row["sequential_scans"] + row["other_index_scans"]
        is_worked_on = row["others_in_use"] > _OTHERS_IN_USE * row["other_indexes"]
        if uses > _USES and (severity is Severity.WARNING or is_worked_on):
            yield _unused(row, uses, severity, context)


def _unused(row: Row, uses: int, severity: Severity, context: Context) -> Finding:
    server = context.server
    return Finding(
        "unused_index",
        severity,
        row["subject"],
        f"no scan counted in {format_duration(_counted_s(context))} while {row['table_name']} was used {uses:,} times; "
        f"it takes {format_size(row['size_bytes'])}",
        {
            "stats_age_s": None if server.stats_age_s is None else round(server.stats_age_s),
            "uptime_s": round(server.uptime_s),
            "size_bytes": row["size_bytes"],
            "table": row["table_name"],
            "table_rows": row["table_rows"],
            "sequential_scans": row["sequential_scans"],
            "other_index_scans": row["other_index_scans"],
        },
        f"-- unless a standby reads through it\nDROP INDEX CONCURRENTLY {row['subject']};",
        DOCS + "monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW",
    )


def _counted_s(context: Context) -> float:
    """Return how long scans have been counted for certain: since the reset, or without one since the server started."""
    server = context.server
    return server.uptime_s if server.stats_age_s is None else server.stats_age_s


def check_duplicate_index(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find indexes that equal another one; the one that enforces most, then the oldest, is kept."""
    for row in rows:
        yield Finding(
            "duplicate_index",
            Severity.WARNING,
            row["subject"],
            f"the same index as {row['kept']}; it takes {format_size(row['size_bytes'])}",
            {"kept": row["kept"], "table": row["table_name"], "size_bytes": row["size_bytes"]},
            _drop(row),
            DOCS + "indexes-examine.html",
        )


def _drop(row: Row) -> str:
    if row.get("constraint_name"):
        return f"ALTER TABLE {row['table_name']} DROP CONSTRAINT {row['constraint_name']};"
    # A partitioned index cannot be dropped concurrently.
    return f"DROP INDEX {'' if row['is_partitioned'] else 'CONCURRENTLY '}{row['subject']};"


def check_redundant_index(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find indexes whose columns another one starts with; a hint only, the narrow one may be much smaller."""
    for row in rows:
        yield Finding(
            "redundant_index",
            Severity.INFO,
            row["subject"],
            f"{row['covered_by']} starts with the same columns; it takes {format_size(row['size_bytes'])}",
            {
                "covered_by": row["covered_by"],
                "table": row["table_name"],
                "size_bytes": row["size_bytes"],
                "covering_bytes": row["covering_bytes"],
            },
            _drop(row),
            DOCS + "indexes-multicolumn.html",
        )


def check_invalid_index(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find what a failed CONCURRENTLY left: no query reads it, every write still maintains it."""
    for row in rows:
        yield Finding(
            "invalid_index",
            Severity.WARNING,
            row["subject"],
            f"the index is {'invalid' if row['is_ready'] else 'not ready'}: no query of {row['table_name']} uses it",
            {
                "table": row["table_name"],
                "is_ready": row["is_ready"],
                "is_unique": row["is_unique"],
                "size_bytes": row["size_bytes"],
            },
            _mend(row),
            DOCS + "sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
        )


def _mend(row: Row) -> str:
    if row["is_partitioned"]:
        return "attach a valid index for each partition: ALTER INDEX ... ATTACH PARTITION ..."
    drop = f"DROP INDEX CONCURRENTLY {row['subject']};"
    if row["is_leftover"]:
        return drop
    rebuild = f"REINDEX INDEX CONCURRENTLY {row['subject']};"
    # Rebuilding fails again while the duplicates that broke it are there.
    return f"{drop}\n-- or, once its rows are unique: {rebuild}" if row["is_unique"] else rebuild


CHECKS: tuple[Check, ...] = (
    # A standby counts its own scans only: an index idle here may carry the primary.
    Check("unused_index", "Unused indexes", check_unused_index, on_replica=False),
    Check("duplicate_index", "Duplicate indexes", check_duplicate_index),
    Check("redundant_index", "Redundant indexes", check_redundant_index),
    Check("invalid_index", "Invalid indexes", check_invalid_index),
)
