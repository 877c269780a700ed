"""Which way the server takes to the rows of a chunk, whatever its statistics say."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from boombap.spotify.queries.load import query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Database

ROWS = 20_000
VALUES = {
    "after": 0, "asked": [], "holder": 1, "ids": None, "lease_s": 60, "miss_s": 60, "most": 1_000, "phase": 3,
    "refresh_s": None, "shard": 1, "shards": 1,
}  # fmt: skip


@pytest.fixture
def large(database: Database) -> Database:
    """A table of 21,000 rows whose verdicts the server believes to be none, after an ANALYZE at the wrong moment."""
    database.run(
        "INSERT INTO tracks (id, title, artist, spotify_data)"
        " SELECT n, 'Song ' || n, 'Artist ' || n %% 400, '{\"id\": \"0000000000000000000001\"}'"
        " FROM generate_series(100001, %s) AS n",
        (100_000 + ROWS,),
    )
    with closing(Session(database.target(), Limits(), Interrupt())) as session:
        schema.prepare(session)
    database.run("ANALYZE tracks")
    judge = (
        "INSERT INTO spotify_matches (track_id, outcome, spotify_id, score, reasons, artist, title)"
        " SELECT id, 'matched', 'x' || id, 1, '{}', artist, title FROM tracks WHERE id > 100000 AND id <= %s"
    )
    database.run(judge, (103_000,))
    database.run("DELETE FROM spotify_matches")
    database.run("ANALYZE spotify_matches")
    database.run(judge, (105_000,))
    return database


def test_a_chunk_is_taken_by_its_keys(large: Database):
    with closing(Session(large.target(), Limits(), Interrupt())) as session, session.transaction():
        session.write(query("plan_by_keys"))
        ((plan,),) = [row.values() for row in session.write("EXPLAIN (FORMAT JSON) " + query("take"), VALUES)]
    found = set(_kinds(plan[0]["Plan"]))
    # A copy of all verdicts, gone through for each row, took 8 s; a sort of the rest of the table 0.1 s a chunk.
    assert found.isdisjoint({"Materialize", "Sort", "Hash Join", "Merge Join"})
    assert "Index Scan" in found


def _kinds(node: dict[str, Any]) -> Iterator[str]:
    yield node["Node Type"]
    for child in node.get("Plans", ()):
        yield from _kinds(child)
