"""Tables with row-level security: what a policy hides is never counted as absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.db.collect import Request
from boombap.db.model import Absent, Tracks, Unanalyzed
from boombap.errors import RowsHidden

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from databases import Cluster, Database

    Run = Callable[..., subprocess.CompletedProcess[str]]

ROWS = Request(parts=frozenset(("tracks", "analyzers", "unanalyzed")))
HIDDEN = Absent(
    'row-level security hides rows from watcher: ALTER ROLE "watcher" BYPASSRLS;', is_failure=False, is_hidden=True
)


def hide(database: Database, table: str) -> None:
    """Let the monitoring role read a table, and show it one row in ten."""
    database.run(f"GRANT SELECT ON tracks, analysis_results, {table} TO watcher")
    database.run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    database.run(f"CREATE POLICY few ON {table} FOR SELECT USING (id % 10 = 0)")


def test_hidden_rows_are_named_by_every_server(each_cluster: Cluster):
    database = each_cluster.sample()
    try:
        hide(database, "tracks")
        diagnosis = database.diagnose(ROWS, user="watcher")
        assert (diagnosis.tracks, diagnosis.unanalyzed) == (HIDDEN, HIDDEN)
        assert isinstance(diagnosis.analyzers, tuple)
        assert [one.coverage_pct for one in diagnosis.analyzers] == [None] * len(diagnosis.analyzers)
        assert isinstance(database.diagnose(ROWS).tracks, Tracks), "a superuser sees every row"
    finally:
        database.run("ALTER TABLE tracks DISABLE ROW LEVEL SECURITY; DROP POLICY few ON tracks")


def test_the_owner_of_a_forced_policy_is_told_too(database: Database):
    database.run("ALTER TABLE tracks OWNER TO plain; GRANT ALL ON SCHEMA public TO plain")
    database.run("ALTER TABLE tracks ENABLE ROW LEVEL SECURITY; ALTER TABLE tracks FORCE ROW LEVEL SECURITY")
    tracks = database.diagnose(ROWS, user="plain").tracks
    assert isinstance(tracks, Absent)
    assert tracks.is_hidden
    assert 'ALTER ROLE "plain" BYPASSRLS' in tracks.reason


def test_a_statement_tells_hidden_rows_from_a_missing_right(database: Database):
    hide(database, "tracks")
    with database.pool("watcher", size=1) as pool, pytest.raises(RowsHidden, match=r"hides rows .* watcher") as caught:
        pool.read("SELECT count(*) FROM {path.tracks}")
    assert "BYPASSRLS" in caught.value.hint


@pytest.mark.parametrize("table", ["tracks", "analysis_results"])
@pytest.mark.parametrize("words", [("--unanalyzed",), ("--analysis",), ("--quick",), ()])
def test_there_is_no_verdict_on_hidden_rows(boombap: Run, database: Database, table: str, words: tuple[str, ...]):
    hide(database, table)
    done = boombap("db", *words, DATABASE_URL=database.url("watcher"))
    assert done.returncode == 4, done.stderr
    assert HIDDEN.reason in done.stdout
    assert "every track was seen" not in done.stdout


def test_checks_of_hidden_rows_are_skipped_with_the_reason(database: Database):
    hide(database, "analysis_results")
    health = database.diagnose(Request(parts=frozenset(("health",))), user="watcher").health
    assert health
    assert {one.id: one.reason for one in health.skipped}["unanalyzed_tracks"] == HIDDEN.reason


def test_one_database_without_rights_leaves_the_server_without_a_verdict(boombap: Run, healthy: Database):
    done = boombap("db", "--all-dbs", "--quick", DATABASE_URL=healthy.url("plain"))
    assert done.returncode == 4
    line = f"not counted  {healthy.name}: tracks: no permission: plain needs SELECT on the table\n"
    assert line in done.stdout


def test_a_database_of_another_kind_takes_no_verdict_away(
    boombap: Run, healthy: Database, empty: Database, tmp_path: Path
):
    listed = tmp_path / "targets"
    listed.write_text(f"{healthy.url()}\n{empty.url()}\n")
    assert boombap("db", "--targets", str(listed), "--analysis").returncode == 0
    listed.write_text(f"{empty.url()}\n")
    assert boombap("db", "--targets", str(listed), "--analysis").returncode == 4


def test_the_doctor_names_the_missing_right(boombap: Run, database: Database):
    hide(database, "tracks")
    done = boombap("doctor", DATABASE_URL=database.url("watcher"))
    assert done.returncode == 1
    assert HIDDEN.reason in done.stdout
    assert boombap("doctor", DATABASE_URL=database.url()).returncode == 0


# Nothing missing out of nothing is not coverage.


def test_an_empty_catalogue_was_not_seen_by_anybody(boombap: Run, database: Database):
    database.run("TRUNCATE tracks, analysis_results, ml_features")
    done = boombap("db", "--unanalyzed", DATABASE_URL=database.url())
    assert "unanalyzed  – there are no tracks\n" in done.stdout
    assert done.returncode == 4
    assert boombap("db", DATABASE_URL=database.url()).returncode == 0, "no tracks is a count"


def test_an_analyzer_without_results_is_named_as_such(boombap: Run, healthy: Database):
    done = boombap("db", "--unanalyzed", "--analyzer", "qwen-3-4b-fp9", DATABASE_URL=healthy.url())
    assert "1,000 tracks not seen by qwen-3-4b-fp9, which has no result at all: check its name\n" in done.stdout
    known = boombap("db", "--unanalyzed", "--analyzer", "ollama", DATABASE_URL=healthy.url())
    assert "check its name" not in known.stdout


def test_tracks_that_nobody_has_begun(database: Database):
    database.run("TRUNCATE analysis_results")
    missing = database.diagnose(ROWS).unanalyzed
    assert isinstance(missing, Unanalyzed)
    assert (missing.total, missing.has_results) == (1000, False)
