"""Whether the schema keeps its promises: foreign keys with indexes, validated constraints, sequences with room."""

from __future__ import annotations

from boombap.db.checks.grade import DOCS, grade
from boombap.db.model import Check
from boombap.health.finding import Finding, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.model import Context, Row

# A sequential scan of this many rows takes milliseconds, once for each deleted row of the referenced table.
_FK_WARNING_ROWS = 10_000
_SEQUENCE_INFO_PCT = 50
_SEQUENCE_WARNING_PCT = 75
_SEQUENCE_CRITICAL_PCT = 90


def check_missing_fk_index(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find foreign keys that make every DELETE or key UPDATE of the referenced table scan the referencing one."""
    for row in rows:
        yield Finding(
            "missing_fk_index",
            grade(row["table_rows"], warning=_FK_WARNING_ROWS) or Severity.INFO,
            f"{row['subject']} ({row['columns']})",
            f"no index serves the foreign key {row['constraint_name']} to {row['referenced']}",
            {
                "constraint": row["constraint_name"],
                "referenced": row["referenced"],
                "table_rows": row["table_rows"],
                "size_bytes": row["size_bytes"],
            },
            _create_index(row),
            DOCS + "ddl-constraints.html#DDL-CONSTRAINTS-FK",
        )


def _create_index(row: Row) -> str:
    target = f"{row['subject']} ({row['columns']});"
    if row["is_partitioned"]:
        note = "-- locks out writes; to avoid it build one CONCURRENTLY on each partition first, then this on ONLY"
        return f"{note}\nCREATE INDEX ON {target}"
    return f"CREATE INDEX CONCURRENTLY ON {target}"


def check_invalid_constraint(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find constraints that hold for new rows only, which neither people nor the planner can rely on."""
    for row in rows:
        yield Finding(
            "invalid_constraint",
            Severity.WARNING,
            f"{row['subject']} {row['constraint_name']}",
            f"the {row['kind']} constraint was never checked against the rows that were there before it",
            {"constraint": row["constraint_name"], "kind": row["kind"], "table_rows": row["table_rows"]},
            f"ALTER TABLE {row['subject']} VALIDATE CONSTRAINT {row['constraint_name']};",
            DOCS + "sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT",
        )


def check_sequence_overflow(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find sequences that near their limit or their column's; then say how many could not be read."""
    for row in rows:
        if row["subject"] is None:
            continue
        used_pct = 100 * row["last_value"] / row["limit_value"]
        severity = grade(
            used_pct, info=_SEQUENCE_INFO_PCT, warning=_SEQUENCE_WARNING_PCT, critical=_SEQUENCE_CRITICAL_PCT
        )
        if severity is not None:
            yield _sequence(row, used_pct, severity)
    if rows:
        yield from _unread(rows[0], context)


def _sequence(row: Row, used_pct: float, severity: Severity) -> Finding:
    column = f"{row['table_name']}.{row['column_name']}" if row["table_name"] else None
    return Finding(
        "sequence_overflow",
        severity,
        row["subject"],
        f"{used_pct:.1f} % of the values{f' for {column}' if column else ''} are used up",
        {
            "last_value": row["last_value"],
            "limit_value": row["limit_value"],
            "used_pct": round(used_pct, 2),
            "column": column,
        },
        _widen(row),
        DOCS + "datatype-numeric.html#DATATYPE-INT",
    )


def _widen(row: Row) -> str:
    if row["is_bigint"] and row["is_bigint_sequence"]:
        return f"ALTER SEQUENCE {row['subject']} NO MAXVALUE;"
    steps = []
    if row["column_name"] and not row["is_bigint"]:
        steps += [
            "-- rewrites the table under a lock; a large one needs a new bigint column, filled in batches",
            f"ALTER TABLE {row['table_name']} ALTER COLUMN {row['column_name']} TYPE bigint;",
        ]
    # The sequence of an identity column changes its type with the column.
    if not row["is_bigint_sequence"] and not row["is_identity"]:
        steps.append(f"ALTER SEQUENCE {row['subject']} AS bigint;")
    return "\n".join(steps) or f"ALTER SEQUENCE {row['subject']} NO MAXVALUE;"


def _unread(row: Row, context: Context) -> Iterator[Finding]:
    forbidden, beyond = row["forbidden"], row["beyond_limit"]
    if not forbidden and not beyond:
        return
    reasons = [f"{forbidden:,} for want of SELECT or USAGE"] if forbidden else []
    reasons += [f"{beyond:,} beyond the first 1,000"] if beyond else []
    yield Finding(
        "sequence_unread",
        Severity.INFO,
        context.server.database,
        f"some sequences were not read: {' and '.join(reasons)}",
        {"forbidden": forbidden, "beyond_limit": beyond},
        "grant the role SELECT on the sequences" if forbidden else "look at `pg_sequences` for the rest",
        DOCS + "view-pg-sequences.html",
    )


CHECKS: tuple[Check, ...] = (
    Check("missing_fk_index", "Foreign keys without an index", check_missing_fk_index),
    Check("invalid_constraint", "Constraints never validated", check_invalid_constraint),
    Check("sequence_overflow", "Sequences and their columns near the end", check_sequence_overflow),
)
