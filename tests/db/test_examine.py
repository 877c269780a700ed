"""The checks on real servers: planted faults are found, a healthy database has none, and every gap has its reason."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

import servers
from boombap.db.checks.catalogue import ALL
from boombap.db.checks.check import Expectations
from boombap.db.collect import Request
from boombap.health.finding import Severity
from databases import SETTINGS, Cluster, Database, execute, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boombap.db.model import Diagnosis
    from boombap.health.finding import Finding, Health
    from databases import Clusters

HEALTH = Request(parts=frozenset(("health",)))


def findings(diagnosis: Diagnosis, check: str, subject: str = "") -> list[Finding]:
    assert diagnosis.health
    return [one for one in diagnosis.health.findings if one.id == check and subject in one.subject]


def skipped(diagnosis: Diagnosis) -> dict[str, str]:
    assert diagnosis.health
    return {one.id: one.reason for one in diagnosis.health.skipped}


def test_a_healthy_database_has_no_finding(each_cluster: Cluster):
    health = each_cluster.sample().diagnose(HEALTH).health
    assert health
    assert [(one.id, one.subject, one.summary) for one in health.findings] == []
    assert [one for one in health.skipped if one.is_failure] == []


def test_every_check_answers_or_says_why(each_cluster: Cluster):
    health: Health | None = each_cluster.sample(faults=True).diagnose(HEALTH).health
    assert health
    assert health.checks + len(health.skipped) == len(ALL)
    expected = {"the extension vector is not installed", "set db.coverage_analyzers to have it judged"}
    assert {one.reason for one in health.skipped} <= expected


@pytest.mark.parametrize(
    ("check", "subject"),
    [
        ("missing_fk_index", "public.analysis_results (track_id)"),
        ("duplicate_index", "public.tracks_artist_name_idx"),
        ("unanalyzed_tracks", "tracks"),
    ],
)
def test_the_faults_of_the_sample_are_found(each_cluster: Cluster, check: str, subject: str):
    assert findings(each_cluster.sample(faults=True).diagnose(HEALTH), check, subject)


def test_a_line_end_in_a_name_makes_no_second_statement(database: Database):
    database.run('CREATE INDEX "x"";\nDROP TABLE tracks; --" ON tracks (artist)')
    remedies = [one.remedy for one in findings(database.diagnose(HEALTH), "duplicate_index")]
    assert remedies
    assert not any("DROP TABLE" in remedy for remedy in remedies)


_FAULTS = """
CREATE TABLE "Plays ä" ("Id" smallserial PRIMARY KEY, "Track's ""Ref" int REFERENCES tracks (id), note text);
ALTER TABLE tracks ADD CONSTRAINT "Real?" CHECK (word_count >= 0) NOT VALID;
SELECT setval('tracks_id_seq', 2126008810);
CREATE INDEX tracks_narrow ON tracks (album);
CREATE INDEX tracks_wide ON tracks (album, genre);
CREATE INDEX tracks_album_again ON tracks (album);
"""


@pytest.fixture(scope="module")
def planted(clusters: Clusters) -> Callable[[int], Diagnosis]:
    """By major version, the diagnosis of a database with every fault that goes together with the others.

    A session has to be idle for two seconds before it is a finding, so each version is diagnosed once.
    """

    @cache
    def diagnosis(major: int) -> Diagnosis:
        database = clusters.get(major).copy()
        try:
            return _diagnose_planted(database)
        finally:
            database.cluster.drop(database)

    return diagnosis


def _diagnose_planted(database: Database) -> Diagnosis:
    database.run(_FAULTS)
    with pytest.raises(psycopg2.errors.UniqueViolation):
        database.run("CREATE UNIQUE INDEX CONCURRENTLY tracks_broken ON tracks (artist)")
    database.run("SELECT pg_create_physical_replication_slot('nobody_s', true)")
    try:
        with (
            database.holding("LOCK TABLE dataset_versions IN SHARE MODE", "SELECT 1") as idle,
            database.holding("UPDATE tracks SET title = title WHERE id = 1"),
            database.waiting("UPDATE tracks SET title = '' WHERE id = 1", "UPDATE tracks SET title = '' WHERE id = 2"),
            database.waiting("UPDATE tracks SET title = '' WHERE id = 2"),
            database.holding("UPDATE tracks SET title = title WHERE id = 3") as prepared,
        ):
            execute(prepared, "PREPARE TRANSACTION 'it''s Ü'")
            pid = idle.info.backend_pid
            old = (
                "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND clock_timestamp() - state_change > interval '2.1 s'"
            )
            until(lambda: database.run(old, (pid,)))
            try:
                return database.diagnose(HEALTH)
            finally:
                database.run("ROLLBACK PREPARED 'it''s Ü'")
    finally:
        database.run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")


@pytest.mark.parametrize("major", servers.EACH_MAJOR)
@pytest.mark.parametrize(
    ("check", "subject", "remedy"),
    [
        (
            "missing_fk_index",
            'public."Plays ä" ("Track\'s ""Ref")',
            'CREATE INDEX CONCURRENTLY ON public."Plays ä" ("Track\'s ""Ref");',
        ),
        ("invalid_constraint", 'public.tracks "Real?"', 'ALTER TABLE public.tracks VALIDATE CONSTRAINT "Real?";'),
        ("sequence_overflow", "public.tracks_id_seq", "ALTER TABLE public.tracks ALTER COLUMN id TYPE bigint;"),
        ("duplicate_index", "public.tracks_album_again", "DROP INDEX CONCURRENTLY public.tracks_album_again;"),
        ("redundant_index", "public.tracks_narrow", "DROP INDEX CONCURRENTLY public.tracks_narrow;"),
        ("invalid_index", "public.tracks_broken", "DROP INDEX CONCURRENTLY public.tracks_broken;"),
        ("replication_slots", "nobody_s", "SELECT pg_drop_replication_slot('nobody_s');"),
        ("prepared_transactions", "it's Ü", "ROLLBACK PREPARED 'it''s Ü';"),
        ("idle_in_transaction", "pid ", "SELECT pg_terminate_backend("),
        ("blocking", "pid ", "SELECT pg_terminate_backend("),
    ],
)
def test_a_planted_fault_is_found_with_its_remedy(
    planted: Callable[[int], Diagnosis], major: int, check: str, subject: str, remedy: str
):
    found = findings(planted(major), check, subject)
    assert found, f"{check} did not find {subject}"
    assert remedy in found[0].remedy
    assert found[0].evidence
    assert found[0].link.startswith("https://www.postgresql.org/docs/")


@pytest.mark.parametrize("major", servers.EACH_MAJOR)
def test_a_sequence_at_99_percent_is_critical(planted: Callable[[int], Diagnosis], major: int):
    (found,) = findings(planted(major), "sequence_overflow", "tracks_id_seq")
    assert (found.severity, found.evidence["used_pct"]) == (Severity.CRITICAL, 99.0)


@pytest.mark.parametrize("major", servers.EACH_MAJOR)
def test_a_chain_of_waits_has_one_root_and_a_depth(planted: Callable[[int], Diagnosis], major: int):
    (found,) = findings(planted(major), "blocking")
    assert (found.evidence["waiting"], found.evidence["depth"]) == (2, 2)


def test_remedies_can_be_run_as_they_stand(database: Database):
    database.run(_FAULTS.replace("2126008810", "1500000000"))
    for name in ("missing_fk_index", "invalid_constraint", "redundant_index", "sequence_overflow"):
        for found in findings(database.diagnose(HEALTH), name):
            for line in found.remedy.splitlines():
                if not line.startswith("--"):
                    database.run(line)
        assert findings(database.diagnose(HEALTH), name) == []


def test_duplicate_indexes_are_gone_after_the_remedies(cluster: Cluster):
    database = cluster.copy(faults=True)
    for found in findings(database.diagnose(HEALTH), "duplicate_index"):
        database.run(found.remedy)
    assert findings(database.diagnose(HEALTH), "duplicate_index") == []
    cluster.drop(database)


@pytest.fixture(scope="module")
def bare(cluster_folder: Callable[[], Path]) -> Iterator[Cluster]:
    """PostgreSQL 18 that preloads nothing and has a dangerous setting."""
    settings: dict[str, Any] = SETTINGS | {"shared_preload_libraries": "", "full_page_writes": "off"}
    with servers.running_postgres(18, cluster_folder(), **settings) as running:
        yield Cluster(running)


def test_statements_created_but_not_preloaded_is_found(bare: Cluster):
    database = bare.create()
    database.run("CREATE EXTENSION pg_stat_statements")
    (found,) = findings(database.diagnose(HEALTH), "statements_not_loaded")
    assert "shared_preload_libraries" in found.remedy


def test_a_setting_that_endangers_data_is_critical(bare: Cluster):
    (found,) = findings(bare.main.diagnose(HEALTH), "settings", "full_page_writes")
    assert found.severity is Severity.CRITICAL


def test_dimensions_of_vectors_that_drifted_are_found(faulty: Database):
    request = Request(HEALTH.parts, expected=Expectations(embedding_dimension=384))
    (found,) = findings(faulty.diagnose(request), "vector_dimension_drift", "lyrics_embedding")
    assert found.evidence["dimension"] == 768 or 768 in found.evidence.values()


def test_vectors_of_no_dimension_are_found(database: Database):
    database.run("CREATE TABLE loose (id int, v vector); INSERT INTO loose VALUES (1, '[1]'), (2, '[1,2]')")
    diagnosis = database.diagnose(HEALTH)
    assert findings(diagnosis, "vector_dimension_unset", "loose")
    assert findings(diagnosis, "vector_dimension_mixed", "loose")


def test_coverage_below_the_floor_is_found(healthy: Database):
    expected = Expectations(coverage_floor_pct=95.0, coverage_analyzers=("qwen-3-4b-fp8", "ollama", "never run"))
    found = findings(healthy.diagnose(Request(HEALTH.parts, expected=expected)), "analyzer_coverage")
    assert {one.subject for one in found} == {"ollama", "never run"}


def test_without_pg_monitor_checks_say_so(each_cluster: Cluster):
    reasons = skipped(each_cluster.sample().diagnose(HEALTH, user="plain"))
    needing = {check.id for check in ALL if check.needs_monitor}
    assert needing
    assert {reasons[check] for check in needing} == {"no permission: needs pg_monitor"}


def test_without_pg_monitor_no_check_fails(each_cluster: Cluster):
    health = each_cluster.sample().diagnose(HEALTH, user="plain").health
    assert health
    assert [(one.id, one.reason) for one in health.skipped if one.is_failure] == []


def test_a_monitoring_role_needs_no_superuser(each_cluster: Cluster):
    reasons = skipped(each_cluster.sample().diagnose(HEALTH, user="watcher"))
    assert "no permission: needs pg_monitor" not in reasons.values()


def test_fast_reads_no_table_and_says_so(healthy: Database):
    with healthy.holding("LOCK TABLE tracks, analysis_results IN ACCESS EXCLUSIVE MODE"):
        diagnosis = healthy.diagnose(Request(HEALTH.parts, is_fast=True))
    reasons = skipped(diagnosis)
    reading = {check.id for check in ALL if check.reads_tables and check.id != "analyzer_coverage"}
    assert {reasons[check] for check in reading} == {"reads the tables, which --fast does not"}
    assert diagnosis.health
    assert [one for one in diagnosis.health.skipped if one.is_failure] == []


def test_checks_without_their_tables_say_which_is_missing(empty: Database):
    reasons = skipped(empty.diagnose(Request(HEALTH.parts, expected=Expectations(coverage_analyzers=("x",)))))
    assert reasons["unanalyzed_tracks"] == "no table tracks"


def test_checks_without_a_column_say_which_is_missing(database: Database):
    database.run("ALTER TABLE analysis_results DROP COLUMN analyzer_type")
    assert skipped(database.diagnose(HEALTH))["unanalyzed_tracks"] == "analysis_results has no column analyzer_type"


def test_partitions_give_one_finding_for_their_parent(database: Database):
    database.run("""
        CREATE TABLE plays (id int, track_id int REFERENCES tracks (id), day date) PARTITION BY RANGE (day);
        CREATE TABLE plays_1 PARTITION OF plays FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
        CREATE TABLE plays_2 PARTITION OF plays FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
        CREATE INDEX ON plays (day); CREATE INDEX ON plays (day);
    """)
    diagnosis = database.diagnose(HEALTH)
    assert [one.subject for one in findings(diagnosis, "missing_fk_index")] == ["public.plays (track_id)"]
    assert [one.subject for one in findings(diagnosis, "duplicate_index")] == ["public.plays_day_idx1"]


@pytest.mark.timeout(60)
def test_thousands_of_tables_stay_within_the_time_limits(empty: Database):
    empty.run(
        """
        DO $$ BEGIN FOR n IN 1..2000 LOOP
            EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, ref int REFERENCES t%s)', n, greatest(n - 1, 1));
            IF n % 100 = 0 THEN COMMIT; END IF;
        END LOOP; END $$
    """.replace(" REFERENCES t%s)', n, greatest(n - 1, 1)", ")', n")
    )
    empty.run("CREATE TABLE other (id int, ref int REFERENCES t1 (id))")
    diagnosis = empty.diagnose()
    assert diagnosis.health
    assert [one for one in diagnosis.health.skipped if one.is_failure] == []
    assert findings(diagnosis, "missing_fk_index", "public.other (ref)")
    assert findings(diagnosis, "sequence_unread")
    assert diagnosis.elapsed_ms < 5_000


def test_a_replica_is_diagnosed_and_says_what_is_not_for_it(cluster_folder: Callable[[], Path], clusters: Clusters):
    primary = clusters.get(15)
    sample = primary.sample()
    with servers.replica_of(primary.running, cluster_folder(), **SETTINGS) as running:
        diagnosis = Database(Cluster(running), sample.name).diagnose()
        assert diagnosis.server.is_replica
        assert skipped(diagnosis)["unused_index"] == "not on a replica"
        assert diagnosis.health
        assert [one for one in diagnosis.health.skipped if one.is_failure] == []
        assert [one.id for one in diagnosis.health.findings] == []
        assert diagnosis.tracks
