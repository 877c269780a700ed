"""The plain diagnosis, beside that of the native engine on the same database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.target import from_text
from boombap.db.classic import CHECKS, diagnose
from boombap.db.model import QUICK, Absent, Connections, Diagnosis, Health, Unanalyzed
from boombap.errors import ExternalError, Interrupted
from boombap.health.finding import Skipped
from boombap.interrupt import Interrupt
from databases import PASSWORD

if TYPE_CHECKING:
    from databases import Cluster, Database

NUMBERS = ("tracks", "analyzers", "tables", "unanalyzed")
# Seconds go by between both engines, and the size of the database grows with its statistics.
MOVING = {"uptime_s", "stats_age_s", "size_bytes"}


def both(database: Database, user: str = "boombap") -> tuple[Diagnosis, Diagnosis]:
    return diagnose(database.target(user), Interrupt()), database.diagnose(user=user)


def facts(diagnosis: Diagnosis) -> dict[str, object]:
    names = diagnosis.server.__match_args__
    return {name: getattr(diagnosis.server, name) for name in names if name not in MOVING}


def health(diagnosis: Diagnosis) -> Health:
    assert diagnosis.health
    return diagnosis.health


def is_not_there(part: object) -> bool:
    return isinstance(part, Absent) and not part.is_failure and not part.is_hidden


def found(diagnosis: Diagnosis) -> set[tuple[str, str, str]]:
    findings = health(diagnosis).findings
    return {(finding.id, finding.severity.word, finding.subject) for finding in findings if finding.id in CHECKS}


@pytest.mark.parametrize("faults", [False, True], ids=["healthy", "with faults"])
def test_both_engines_say_the_same(each_cluster: Cluster, *, faults: bool) -> None:
    classic, native = both(each_cluster.sample(faults=faults))
    assert {name: getattr(classic, name) for name in NUMBERS} == {name: getattr(native, name) for name in NUMBERS}
    assert facts(classic) == facts(native)
    assert found(classic) == found(native)
    assert bool(found(classic)) is faults
    assert (classic.target, classic.name, classic.is_pooled) == (native.target, native.name, native.is_pooled)


def test_an_invalid_index_is_found_by_both(database: Database) -> None:
    database.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tracks_artist_idx'::regclass")
    classic, native = both(database)
    assert ("invalid_index", "warning", "public.tracks_artist_idx") in found(classic) & found(native)


def test_what_it_does_not_check_is_no_clean_answer(healthy: Database) -> None:
    answer = health(diagnose(healthy.target(), Interrupt()))
    assert answer.checks == len(CHECKS)
    assert answer.skipped == (
        Skipped("health", f"the classic engine checks {', '.join(CHECKS)} only", is_failure=True),
    )


def test_connections(database: Database) -> None:
    with database.holding("SELECT 1 FROM tracks"):
        classic, native = both(database)
    assert isinstance(classic.connections, Connections)
    assert isinstance(native.connections, Connections)
    assert classic.connections.oldest_transaction_s
    assert classic.connections.by_state["idle in transaction"] == native.connections.by_state["idle in transaction"]
    named = {(one.user, one.application, one.database): one.sessions for one in native.connections.sources}
    assert {(one.user, one.application, one.database): one.sessions for one in classic.connections.sources} == named


def test_only_what_is_asked_for(healthy: Database) -> None:
    diagnosis = diagnose(healthy.target(), Interrupt(), QUICK)
    assert (diagnosis.tables, diagnosis.unanalyzed, diagnosis.health) == (None, None, None)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE tracks DROP COLUMN lyrics",
        "ALTER TABLE tracks DROP COLUMN artist CASCADE",
        "DROP TABLE analysis_results CASCADE",
        "DROP TABLE tracks CASCADE",
        "INSERT INTO analysis_results (track_id, analyzer_type) VALUES (NULL, 'odd'), (2, NULL)",
        "INSERT INTO tracks (id, artist, title) VALUES (7001, 'Ä', '%s'), (7002, '🎤', E'two\\nlines {x}')",
        "TRUNCATE tracks, analysis_results, ml_features",
    ],
)
def test_both_engines_see_a_changed_schema_alike(database: Database, change: str) -> None:
    database.run(change)
    classic, native = both(database)
    for name in NUMBERS:
        plain, best = getattr(classic, name), getattr(native, name)
        assert plain == best or (is_not_there(plain) and is_not_there(best))


def test_rows_that_a_policy_hides_are_not_counted_as_none(database: Database) -> None:
    database.run("ALTER TABLE tracks ENABLE ROW LEVEL SECURITY; GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain")
    classic, native = both(database, "plain")
    assert isinstance(classic.tracks, Absent)
    assert classic.tracks.is_hidden
    assert classic.tracks == native.tracks


def test_a_missing_right_is_named(database: Database) -> None:
    classic, native = both(database, "plain")
    assert (classic.tracks, classic.unanalyzed) == (native.tracks, native.unanalyzed)
    assert Skipped("unanalyzed_tracks", "no permission: plain needs SELECT on the table") in health(classic).skipped


def test_functions_of_others_are_not_called(database: Database) -> None:
    """A function of the name that a query calls, in a schema of the search path, must not run with our rights."""
    database.run(
        "CREATE FUNCTION public.count(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 666';"
        "CREATE FUNCTION public.length(varchar) RETURNS int LANGUAGE sql AS 'SELECT 666';"
        "ALTER DATABASE " + database.name + " SET search_path = public, pg_catalog"
    )
    classic, native = both(database)
    assert classic.tracks == native.tracks


def test_a_view_is_not_read(database: Database) -> None:
    database.run("ALTER TABLE tracks RENAME TO songs; CREATE VIEW tracks AS SELECT * FROM songs")
    assert is_not_there(diagnose(database.target(), Interrupt()).tracks)


def test_it_only_reads_and_leaves_no_session(database: Database) -> None:
    diagnose(database.target(), Interrupt())
    assert database.sessions() == []


def test_an_interrupted_run_asks_nothing(healthy: Database) -> None:
    interrupt = Interrupt()
    interrupt.set(2)
    with pytest.raises(Interrupted):
        diagnose(healthy.target(), interrupt)


def test_a_locked_table_is_a_failure(database: Database) -> None:
    with database.holding("LOCK TABLE tracks"):
        diagnosis = diagnose(database.target(), Interrupt())
    assert isinstance(diagnosis.tracks, Absent)
    assert diagnosis.tracks.is_failure
    assert "was not free in time" in diagnosis.tracks.reason


def test_a_refused_password_is_not_shown(healthy: Database) -> None:
    target = from_text(healthy.tcp_url("plain", PASSWORD + "x"), origin="the test")
    with pytest.raises(ExternalError) as caught:
        diagnose(target, Interrupt())
    assert PASSWORD not in str(caught.value)


def test_unanalyzed_tracks_are_the_newest_ten(database: Database) -> None:
    database.run("DELETE FROM analysis_results WHERE track_id <= 20")
    classic, native = both(database)
    assert isinstance(classic.unanalyzed, Unanalyzed)
    assert (classic.unanalyzed.total, len(classic.unanalyzed.tracks)) == (20, 10)
    assert classic.unanalyzed == native.unanalyzed
