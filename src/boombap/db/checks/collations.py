"""Whether texts are still sorted as their indexes were built: the versions of collations against the system's."""

from __future__ import annotations

from boombap.db.checks.check import Check
from boombap.db.checks.grade import DOCS
from boombap.health.finding import Finding, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row


def check_collation_version(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find collations whose library was replaced: an index in the old order misses rows and lets duplicates in."""
    for row in rows:
        is_database = row["kind"] == "database"
        yield Finding(
            "collation_version",
            Severity.WARNING,
            f"{row['kind']} {row['subject']}",
            f"its indexes were built with version {row['recorded']} of the collation, the system has {row['actual']}",
            {"recorded": row["recorded"], "actual": row["actual"], "indexes": row["indexes"]},
            _refresh_database(row) if is_database else _refresh_collation(row),
            DOCS + "sql-altercollation.html#SQL-ALTERCOLLATION-NOTES",
        )


def _refresh_database(row: Row) -> str:
    refresh = f"ALTER DATABASE {row['subject']} REFRESH COLLATION VERSION;"
    if not row["is_here"]:
        return f"-- a template: CREATE DATABASE from it fails until then\n{refresh}"
    return f"-- outside a transaction; may take hours\nREINDEX DATABASE CONCURRENTLY {row['subject']};\n{refresh}"


def _refresh_collation(row: Row) -> str:
    names = row["index_names"]
    steps = [f"REINDEX INDEX CONCURRENTLY {name};" for name in names]
    if row["indexes"] > len(names):
        steps.append(f"-- and {row['indexes'] - len(names)} more indexes: look again after these")
        return "\n".join(steps)
    return "\n".join([*steps, f"ALTER COLLATION {row['subject']} REFRESH VERSION;"])


CHECKS: tuple[Check, ...] = (Check("collation_version", "Versions of collations", check_collation_version),)
