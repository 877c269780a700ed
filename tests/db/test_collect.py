"""The diagnosis of real databases: right numbers, and a reason where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits
from boombap.db.collect import Request
from boombap.db.model import QUICK, Absent, Analyzer, Connections, Diagnosis, Tracks, Unanalyzed

if TYPE_CHECKING:
    from databases import Cluster, Database

ROWS = Request(parts=frozenset(("tracks", "analyzers", "unanalyzed")))


def analyzer(diagnosis: Diagnosis, name: str) -> Analyzer:
    assert isinstance(diagnosis.analyzers, tuple)
    return next(one for one in diagnosis.analyzers if one.name == name)


def test_the_numbers_are_those_of_the_tables(each_cluster: Cluster):
    sample = each_cluster.sample()
    diagnosis = sample.diagnose(ROWS)
    (row,) = sample.run("""
        SELECT count(*) AS total, count(*) FILTER (WHERE length(lyrics) > 0) AS with_lyrics,
               count(spotify_data) AS with_spotify, count(DISTINCT artist) AS artists, max(created_at) AS latest
          FROM tracks
    """)
    assert diagnosis.tracks == Tracks(**row)
    rows = sample.run("""
        SELECT analyzer_type AS name, count(*) AS rows, count(DISTINCT track_id) AS tracks,
               count(DISTINCT track_id) / 10.0 AS coverage_pct, min(created_at) AS first, max(created_at) AS last
          FROM analysis_results GROUP BY 1 ORDER BY 2 DESC, 1
    """)
    assert diagnosis.analyzers == tuple(Analyzer(**row | {"coverage_pct": float(row["coverage_pct"])}) for row in rows)
    assert diagnosis.unanalyzed == Unanalyzed(None, 0, ())


def test_estimates_are_near_the_numbers(each_cluster: Cluster):
    diagnosis = each_cluster.sample().diagnose(Request(QUICK, is_fast=True))
    assert isinstance(diagnosis.tracks, Tracks)
    assert diagnosis.tracks.is_estimate
    assert diagnosis.tracks.total == pytest.approx(1000, rel=0.1)
    assert analyzer(diagnosis, "qwen-3-4b-fp8").rows == pytest.approx(1073, rel=0.2)


def test_results_without_a_track_count_as_rows_only(database: Database):
    database.run(
        "INSERT INTO analysis_results (track_id, analyzer_type) VALUES (NULL, 'odd'), (NULL, 'odd'), (1, 'odd')"
    )
    database.run("INSERT INTO analysis_results (track_id, analyzer_type) VALUES (2, NULL)")
    diagnosis = database.diagnose(ROWS)
    assert (analyzer(diagnosis, "odd").rows, analyzer(diagnosis, "odd").tracks) == (3, 1)
    assert analyzer(diagnosis, "(none)").rows == 1
    assert diagnosis.unanalyzed == Unanalyzed(None, 0, ())


def test_unanalyzed_tracks_are_listed_newest_first(database: Database):
    database.run("INSERT INTO tracks (id, artist, title) VALUES (7001, 'Ä', '%s'), (7002, '🎤', E'two\\nlines')")
    diagnosis = database.diagnose(ROWS)
    assert diagnosis.unanalyzed == Unanalyzed(None, 2, ((7002, "🎤", "two\nlines"), (7001, "Ä", "%s")))


def test_an_analyzer_with_a_hostile_name_is_a_value(database: Database):
    name = "x'; DROP TABLE tracks; -- %s"
    diagnosis = database.diagnose(Request(frozenset(("unanalyzed",)), analyzer=name, most=3))
    assert isinstance(diagnosis.unanalyzed, Unanalyzed)
    assert (diagnosis.unanalyzed.total, len(diagnosis.unanalyzed.tracks)) == (1000, 3)
    assert database.run("SELECT count(*) AS n FROM tracks") == [{"n": 1000}]


def test_empty_tables_are_no_error(database: Database):
    database.run("TRUNCATE tracks, analysis_results, ml_features")
    diagnosis = database.diagnose()
    assert isinstance(diagnosis.tracks, Tracks)
    assert (diagnosis.tracks.total, diagnosis.analyzers) == (0, ())
    assert diagnosis.health
    assert [one for one in diagnosis.health.skipped if one.is_failure] == []


def test_missing_columns_cost_their_numbers_only(database: Database):
    database.run("ALTER TABLE tracks DROP lyrics, DROP spotify_data, DROP created_at, DROP artist CASCADE")
    tracks = database.diagnose(ROWS)
    assert tracks.tracks == Tracks(1000, None, None, None, None)
    assert tracks.unanalyzed == Absent("tracks has no column artist", is_failure=False)


def test_a_missing_column_is_named(database: Database):
    database.run("ALTER TABLE analysis_results DROP created_at")
    assert database.diagnose(ROWS).analyzers == Absent("analysis_results has no column created_at", is_failure=False)


def test_tables_in_another_schema_are_found_by_the_search_path(database: Database):
    database.run('CREATE SCHEMA "Own ä"')
    for table in ("tracks", "analysis_results"):
        database.run(f'ALTER TABLE {table} SET SCHEMA "Own ä"')
    assert isinstance(database.diagnose(ROWS).tracks, Absent)
    database.run(f'ALTER DATABASE {database.name} SET search_path = "Own ä"')
    assert isinstance(database.diagnose(ROWS).tracks, Tracks)


def test_connections_leave_out_our_own(database: Database):
    with database.holding("SELECT 1") as idle:
        diagnosis = database.diagnose(Request(frozenset(("connections",))))
    found = diagnosis.connections
    assert isinstance(found, Connections)
    ours = [one for one in found.sources if one.database == database.name]
    assert [(one.user, one.application, one.sessions) for one in ours] == [("boombap", "test", 1)]
    assert found.by_state["idle in transaction"] == 1
    assert found.limit == 60
    assert idle.closed


def test_a_prepared_transaction_shows_as_what_holds_back_vacuum(database: Database):
    with database.holding("UPDATE tracks SET title = title WHERE id = 1", "PREPARE TRANSACTION 'lost'"):
        database.run("SELECT txid_current()")
        found = database.diagnose(Request(frozenset(("connections",)))).connections
        database.run("ROLLBACK PREPARED 'lost'")
    assert isinstance(found, Connections)
    assert found.xmin
    assert (found.xmin.kind, found.xmin.name) == ("prepared transaction", "lost")


def test_a_locked_table_costs_its_own_part(database: Database):
    with database.holding("LOCK TABLE tracks IN ACCESS EXCLUSIVE MODE"):
        diagnosis = database.diagnose(ROWS, limits=Limits(lock_ms=20))
    assert isinstance(diagnosis.tracks, Absent)
    assert diagnosis.tracks.is_failure
    assert isinstance(diagnosis.analyzers, tuple)
    assert analyzer(diagnosis, "ollama").coverage_pct is None


def test_new_results_are_counted_from_before(healthy: Database):
    diagnosis = healthy.diagnose(Request(frozenset(("analyzers",)), rows_before={"ollama": 0}))
    assert analyzer(diagnosis, "ollama").new_rows == analyzer(diagnosis, "ollama").rows
