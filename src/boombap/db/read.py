"""One function a part of the diagnosis: runs its query and turns the rows into a frozen value."""

from __future__ import annotations

import re

from boombap.db.model import (
    Absent,
    Analyzer,
    Connections,
    Server,
    Source,
    Statement,
    Table,
    Tracks,
    Unanalyzed,
    XminHolder,
)
from boombap.db.queries.load import query
from boombap.errors import NotFound, QueryFailed
from boombap.log import redact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from boombap.db.model import Row

    Read = Callable[..., Sequence[Row]]
    """`Pool.read` or `Session.read`."""

_PASSWORD = re.compile(r"(password\s+)(?:'(?:[^']|'')*'|\$\d+|\S+)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_NO_TEXT = "(no text: the server cannot convert that of some database)"
# pg_stat_statements 1.8, which came with PostgreSQL 13, renamed total_time to total_exec_time.
_RENAMED_MAJOR = 13
_RENAMED_VERSION = (1, 8)


def server(read: Read) -> tuple[Server, int]:
    """Return the facts about the server, and the process that served the query."""
    row = dict(read(query("server", 12))[0])
    pid: int = row.pop("backend_pid")
    columns: Mapping[str, list[str]] = row.pop("columns") or {}
    closed: Mapping[str, str] = row.pop("closed_extensions") or {}
    preloaded = (row.pop("preloaded") or "").split(",")
    facts = Server(
        **row,
        closed_extensions=closed,
        columns={table: frozenset(names) for table, names in columns.items()},
        preloaded=frozenset(name.strip() for name in preloaded if name.strip()),
    )
    return facts, pid


def tracks(read: Read, facts: Server) -> Tracks:
    """Count the catalogue exactly, in one pass over the table."""
    row = read(query("tracks", facts.major))[0]
    return Tracks(
        total=row["total"],
        with_lyrics=row["with_lyrics"] if facts.has("tracks", "lyrics") else None,
        with_spotify=row["with_spotify"] if facts.has("tracks", "spotify_data") else None,
        artists=None,
        latest=row["latest"],
    )


def artists(read: Read, facts: Server) -> int | None:
    """Count the distinct artists; None without the column."""
    if not facts.has("tracks", "artist"):
        return None
    count: int = read(query("artists", facts.major))[0]["artists"]
    return count


def tracks_estimate(read: Read, facts: Server) -> Tracks:
    """Return the planner's estimates of the same numbers."""
    row: dict[str, Any] = dict(read(query("tracks_fast", facts.major))[0])
    return Tracks(**row, is_estimate=True)


def analyzers(read: Read, facts: Server) -> tuple[Analyzer, ...]:
    """Return each analyzer's progress, without coverage, which needs the count of tracks."""
    rows = read(query("analyzers", facts.major))
    return tuple(
        Analyzer(row["name"] or "(none)", row["rows"], row["tracks"], None, row["first"], row["last"]) for row in rows
    )


def analyzers_estimate(read: Read, facts: Server) -> tuple[Analyzer, ...] | Absent:
    """Return each frequent analyzer's rows as the planner sees them, or why it sees none."""
    rows = read(query("analyzers_fast", facts.major))
    if not all(row["is_analyzed"] for row in rows):
        return Absent("never analyzed: no estimate", is_failure=False)
    if not all(row["has_statistics"] for row in rows):
        return Absent("no estimate: no statistics of analyzer_type that this role may see", is_failure=False)
    rows = [row for row in rows if row["name"] is not None]
    return tuple(Analyzer(row["name"], row["rows"], None, None, None, None) for row in rows)


def connections(read: Read, facts: Server) -> Connections:
    """Return who is connected, and who holds back VACUUM."""
    rows = read(query("connections", facts.major))
    by_state: dict[str, int] = {}
    by_source: dict[tuple[str, str, str, str], int] = {}
    for row in rows:
        by_state[row["state"]] = by_state.get(row["state"], 0) + row["sessions"]
        source = (row["user"], row["application"], row["address"], row["database"])
        by_source[source] = by_source.get(source, 0) + row["sessions"]
    holder = read(query("xmin", facts.major))
    return Connections(
        total=sum(by_state.values()),
        limit=facts.max_connections,
        by_state=by_state,
        sources=tuple(Source(*key, sessions) for key, sessions in sorted(by_source.items(), key=lambda one: -one[1])),
        oldest_transaction_s=_largest(rows, "oldest_transaction_s"),
        longest_query_s=_largest(rows, "longest_query_s"),
        xmin=XminHolder(**holder[0]) if holder else None,
    )


def tables(read: Read, facts: Server) -> tuple[Table, ...]:
    """Return the team's tables as the catalogue knows them."""
    return tuple(_table(row) for row in read(query("schema", facts.major)))


def unanalyzed(read: Read, facts: Server, analyzer: str | None, most: int) -> Unanalyzed | Absent:
    """Return the newest tracks without a result of `analyzer`, or of any analyzer when it is None."""
    rows = read(query("unanalyzed", facts.major), {"analyzer": analyzer, "most": most})
    if not rows[0]["has_tracks"]:
        return Absent("there are no tracks", is_failure=False)
    return Unanalyzed(
        analyzer,
        total=rows[0]["total"] or 0,
        tracks=tuple((row["id"], row["artist"], row["title"]) for row in rows if row["id"] is not None),
        has_results=rows[0]["has_results"],
    )


def statements(read: Read, facts: Server) -> tuple[Statement, ...]:
    """Return the statements of this database by total time, at most 500."""
    # The view is that of the extension's version: the server may be newer, where nobody ran ALTER EXTENSION UPDATE.
    major = _RENAMED_MAJOR if _version(facts.extensions["pg_stat_statements"]) >= _RENAMED_VERSION else 0
    try:
        rows = read(query("slow", major))
    except (NotFound, QueryFailed):
        rows = read(query("slow_textless", major))
    return tuple(_statement(row) for row in rows)


def databases(read: Read, facts: Server) -> dict[str, str]:
    """Return the names of all databases, each with what keeps this role from entering it; empty where nothing does."""
    return {row["name"]: row["obstacle"] or "" for row in read(query("databases", facts.major))}


def one_line(sql: str | None) -> str:
    """Return a statement on one line with passwords hidden, as ALTER ROLE would show them."""
    return redact(_PASSWORD.sub(r"\1***", _SPACE.sub(" ", sql or "").strip()))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


def _largest(rows: Sequence[Row], column: str) -> float | None:
    return max((row[column] for row in rows if row[column] is not None), default=None)


def _table(row: Row) -> Table:
    columns = row["columns"]
    return Table(
        name=row["name"],
        exists=columns is not None,
        rows_estimate=row["rows_estimate"],
        heap_bytes=row["heap_bytes"] or 0,
        index_bytes=row["index_bytes"] or 0,
        indexes=row["indexes"],
        columns={column["name"]: column["type"] for column in columns or ()},
    )


def _statement(row: Row) -> Statement:
    blocks = row["hits"] + row["reads"]
    return Statement(
        id=row["id"],
        text=_NO_TEXT if row["query"] is None else one_line(row["query"]),
        calls=row["calls"],
        total_ms=row["total_ms"],
        rows=row["rows"],
        hit_pct=100.0 * row["hits"] / blocks if blocks else None,
    )
