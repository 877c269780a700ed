"""Whether embeddings can be searched: dimensions of pgvector columns and the shape of their indexes."""

from __future__ import annotations

from boombap.db.checks.check import Check
from boombap.db.checks.grade import grade
from boombap.health.finding import Finding, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row

_README = "https://github.com/pgvector/pgvector"
# pgvector's README: lists = rows / 1000 up to a million rows, the square root above.
_SQRT_FROM_ROWS = 1_000_000
_ROWS_PER_LIST = 1000
# Below this a scan of everything is as quick, whatever the lists.
_LISTS_FROM_ROWS = 10_000
# Recall and speed move slowly with the lists: a factor of 2-3 is a matter of taste, 10 is a mistake.
_LISTS_INFO_FACTOR = 4
_LISTS_WARNING_FACTOR = 10
# The centroids of an index with fewer rows than lists are random; it shows once the table has grown far beyond.
_GROWN_ROWS = 1000
_GROWN_PAGES = 2
# The README advises the square root of the lists as probes: from 50 lists on that is seven times the default.
_PROBES_FROM_LISTS = 50
_NULL_SHARE = 0.9
_NULL_FROM_ROWS = 1000


def check_vector_dimension_unset(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find vector columns that take any dimension, which no index can serve."""
    for row in rows:
        yield Finding(
            "vector_dimension_unset",
            Severity.WARNING,
            row["subject"],
            f"{row['subject']} has no dimension: it takes any vector and cannot be indexed",
            {"type": row["type_name"], "table_rows": row["table_rows"]},
            f"declare the dimension: ALTER TABLE {row['table_name']} ALTER COLUMN {row['column_name']} "
            f"TYPE {row['type_name']}(n)",
            f"{_README}#vectors",
        )


def check_vector_dimension_mixed(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find columns that hold vectors of several dimensions: every distance between them is an error."""
    for row in rows:
        smallest, largest = row["smallest"], row["largest"]
        if smallest == largest:
            continue
        column, table = row["column_name"], row["subject"]
        yield Finding(
            "vector_dimension_mixed",
            Severity.CRITICAL,
            f"{table}.{column}",
            f"{table}.{column} holds vectors of {smallest} to {largest} dimensions; comparing them fails",
            {"smallest": smallest, "largest": largest, "sampled": row["sampled"]},
            f"SELECT {row['counting']} AS dimensions, count(*) FROM {table} GROUP BY 1 ORDER BY 2 DESC;",
            f"{_README}#vectors",
        )


def check_vector_dimension_drift(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Compare the declared dimension of `tracks.lyrics_embedding` with the configured one, then columns by name."""
    expected = context.expected.embedding_dimension
    for row in rows:
        if row["is_configured"] and expected is not None and row["dimension"] != expected:
            yield _drift(row, expected)
    yield from _namesakes(rows)


def _drift(row: Row, expected: int) -> Finding:
    added = f'"{row["column_name"].strip(chr(34))}_{expected}"'
    return Finding(
        "vector_dimension_drift",
        Severity.WARNING,
        row["subject"],
        f"declared with {row['dimension']} dimensions, the configuration expects {expected}",
        {"dimension": row["dimension"], "expected": expected, "type": row["type_name"]},
        "-- fill the new column from the model, then let it take the old one's place; or mend the configuration\n"
        f"ALTER TABLE {row['table_name']} ADD COLUMN {added} {row['type_name']}({expected});",
        f"{_README}#vectors",
    )


def _namesakes(rows: Sequence[Row]) -> Iterator[Finding]:
    """Find columns of one name with several dimensions: a join of their tables compares the incomparable."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row["column_name"], []).append(row)
    for name, columns in by_name.items():
        if len({row["dimension"] for row in columns}) == 1:
            continue
        declared = ", ".join(f"{row['table_name']} {row['dimension']}" for row in columns)
        yield Finding(
            "vector_dimension_namesakes",
            Severity.INFO,
            name,
            f"columns named {name} differ in dimension: {declared}",
            {row["table_name"]: row["dimension"] for row in columns},
            "name the model in the column, or declare one dimension in all tables",
            f"{_README}#vectors",
        )


def check_ivfflat_lists(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find ivfflat indexes whose lists do not fit their rows, or whose centroids were made from next to nothing."""
    for row in rows:
        if _is_built_empty(row):
            yield _built_empty(row)
            continue
        if row["indexed_rows"] <= _LISTS_FROM_ROWS:
            continue
        advised = advised_lists(row["indexed_rows"])
        factor = max(row["lists"] / advised, advised / row["lists"])
        severity = grade(factor, info=_LISTS_INFO_FACTOR, warning=_LISTS_WARNING_FACTOR)
        if severity is not None:
            yield _lists(row, advised, severity)


def advised_lists(rows: int) -> int:
    """Return the lists that pgvector's README advises for an ivfflat index.

    >>> advised_lists(57_718), advised_lists(4_000_000)
    (58, 2000)
    """
    return max(1, round(rows / _ROWS_PER_LIST if rows <= _SQRT_FROM_ROWS else rows**0.5))


def _lists(row: Row, advised: int, severity: Severity) -> Finding:
    effect = "scans read more than they must" if row["lists"] < advised else "a probe finds too few neighbours"
    return Finding(
        "ivfflat_lists",
        severity,
        row["subject"],
        f"{row['lists']:,} lists for {row['indexed_rows']:,} rows, {advised:,} advised: {effect}",
        {"lists": row["lists"], "advised": advised, "indexed_rows": row["indexed_rows"], "table": row["table_name"]},
        f"ALTER INDEX {row['subject']} SET (lists = {advised});\nREINDEX INDEX CONCURRENTLY {row['subject']};",
        f"{_README}#ivfflat",
    )


def _is_built_empty(row: Row) -> bool:
    """Tell whether the build saw fewer rows than lists and the file has doubled since."""
    has_grown = row["live_rows"] >= _GROWN_ROWS and row["pages"] >= _GROWN_PAGES * row["known_pages"]
    return bool(row["indexed_rows"] < row["lists"] and has_grown)


def _built_empty(row: Row) -> Finding:
    return Finding(
        "ivfflat_built_empty",
        Severity.WARNING,
        row["subject"],
        f"built on {row['indexed_rows']:,} rows and grown since: its {row['lists']:,} lists are random, recall is low",
        {
            "indexed_rows": row["indexed_rows"],
            "live_rows": row["live_rows"],
            "lists": row["lists"],
            "table": row["table_name"],
        },
        f"REINDEX INDEX CONCURRENTLY {row['subject']};",
        f"{_README}#ivfflat",
    )


def check_vector_nulls(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find indexed vector columns that are nearly all NULL: a search sees only the rest."""
    for row in rows:
        if row["table_rows"] <= _NULL_FROM_ROWS or row["null_share"] <= _NULL_SHARE:
            continue
        null_pct = 100 * row["null_share"]
        yield Finding(
            "vector_nulls",
            Severity.INFO,
            row["subject"],
            f"{null_pct:.1f} % are NULL, so {row['index_name']} finds only the rest",
            {"null_pct": round(null_pct, 2), "table_rows": row["table_rows"], "index": row["index_name"]},
            "compute the missing embeddings, or drop the index until they are there",
            f"{_README}#indexing",
        )


def check_vector_search_settings(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find settings of searches that serve no index, and indexes that are searched less than they should be."""
    for row in rows:
        if row["value"] is not None and row["indexes"] == 0:
            yield _search_setting(row, f"is set to {row['value']}, and no index uses it", _unset(row), row["place"])
        elif row["value"] is None and row["name"] == "ivfflat.probes" and (row["lists"] or 0) >= _PROBES_FROM_LISTS:
            probes = round(row["lists"] ** 0.5)
            summary = f"is 1 unless a program sets it: a search reads 1 of {row['lists']:,} lists of {row['largest']}"
            remedy = f"ALTER DATABASE {_quoted(context.server.database)} SET {row['name']} = {probes};"
            yield _search_setting(row, summary, remedy, row["largest"])
        elif row["name"] == "hnsw.ef_search" and _is_below(row["value"], row["usual"]):
            summary = f"is set to {row['value']}, below the default {row['usual']}: no search finds more rows than that"
            yield _search_setting(row, summary, _unset(row), row["place"])


def _search_setting(row: Row, summary: str, remedy: str, subject: str) -> Finding:
    return Finding(
        "vector_search_settings",
        Severity.INFO,
        f"{row['name']} {subject}",
        f"{row['name']} {summary}",
        {"value": row["value"], "usual": row["usual"], "indexes": row["indexes"], "lists": row["lists"]},
        remedy,
        f"{_README}#query-options" if row["name"] == "hnsw.ef_search" else f"{_README}#query-options-1",
    )


def _unset(row: Row) -> str:
    reload = "\nSELECT pg_reload_conf();" if row["place"] == "SYSTEM" else ""
    return f"ALTER {row['place']} RESET {row['name']};{reload}"


def _is_below(value: str | None, usual: int) -> bool:
    return value is not None and value.isdigit() and int(value) < usual


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


CHECKS: tuple[Check, ...] = (
    Check("vector_dimension_unset", "Vectors of no dimension", check_vector_dimension_unset, needs_extension="vector"),
    Check(
        "vector_dimension_mixed",
        "Mixed dimensions",
        check_vector_dimension_mixed,
        needs_extension="vector",
        calls_extension=True,
        reads_tables=True,
    ),
    Check("vector_dimension_drift", "Dimensions as configured", check_vector_dimension_drift, needs_extension="vector"),
    Check("ivfflat_lists", "ivfflat lists against rows", check_ivfflat_lists, needs_extension="vector"),
    Check(
        "vector_search_settings", "Search settings of pgvector", check_vector_search_settings, needs_extension="vector"
    ),
    Check("vector_nulls", "NULL in indexed embeddings", check_vector_nulls, needs_extension="vector"),
)
