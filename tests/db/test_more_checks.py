"""Checks of collations, keys, idle sessions and search settings: planted on real servers, each with its remedy."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg2
import pytest

from boombap.db import examine
from databases import Database, execute
from db.test_cli import ask
from db.test_examine import HEALTH, findings, skipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boombap.health.finding import Finding
    from databases import Cluster, Clusters
    from db.test_cli import Run


@pytest.fixture
def made(each_cluster: Cluster) -> Iterator[Database]:
    """An empty database of each version."""
    database = each_cluster.create()
    yield database
    each_cluster.drop(database)


def mend(database: Database, found: Finding) -> None:
    for line in found.remedy.splitlines():
        if not line.startswith("--"):
            database.run(line)


_PROVIDERS = {15: "LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'"}
_BUILTIN = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"


@pytest.mark.parametrize("major", [15, 17, 18])
def test_a_database_with_another_version_of_its_collation_is_found(clusters: Clusters, major: int):
    cluster = clusters.get(major)
    cluster.main.run(f'CREATE DATABASE "Sorted ""X" {_PROVIDERS.get(major, _BUILTIN)} TEMPLATE template0 ENCODING UTF8')
    database = Database(cluster, 'Sorted "X')
    try:
        url = database.url().replace('Sorted "X', "Sorted%20%22X")
        object.__setattr__(database, "url", lambda user="boombap": url.replace("user=boombap", f"user={user}"))
        assert not findings(database.diagnose(HEALTH), "collation_version")
        database.run("UPDATE pg_database SET datcollversion = '0.1' WHERE datname = current_database()")
        (found,) = findings(database.diagnose(HEALTH), "collation_version")
        assert found.subject == 'database "Sorted ""X"'
        assert found.evidence["recorded"] == "0.1"
        mend(database, found)
        assert not findings(database.diagnose(HEALTH), "collation_version")
    finally:
        cluster.main.run('DROP DATABASE "Sorted ""X"')


def test_a_collation_of_another_version_is_found_with_its_indexes(made: Database):
    made.run('CREATE SCHEMA "S c"')
    try:
        made.run("""CREATE COLLATION "S c"."Ko%l" (provider = icu, locale = 'en')""")
    except psycopg2.errors.FeatureNotSupported:
        pytest.skip("built without ICU")
    made.run("""
        CREATE TABLE "S c"."T" (a text COLLATE "S c"."Ko%l"); CREATE INDEX "I x" ON "S c"."T" (a)""")
    assert not findings(made.diagnose(HEALTH), "collation_version")
    made.run("UPDATE pg_collation SET collversion = '0.1' WHERE collname = 'Ko%l'")
    (found,) = findings(made.diagnose(HEALTH), "collation_version")
    assert found.remedy == 'REINDEX INDEX CONCURRENTLY "S c"."I x";\nALTER COLLATION "S c"."Ko%l" REFRESH VERSION;'
    mend(made, found)
    assert not findings(made.diagnose(HEALTH), "collation_version")


def test_large_tables_without_a_primary_key_are_found(made: Database):
    made.run("""
        CREATE TABLE small (a int);
        CREATE TABLE "No Key" (id text, note text);
        CREATE TABLE unique_one (a int NOT NULL, note text);
        CREATE UNIQUE INDEX "U 1" ON unique_one (a);
        CREATE TABLE keyed (a int PRIMARY KEY, note text);
        CREATE TABLE parts (a int, note text) PARTITION BY RANGE (a);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000000);
        INSERT INTO "No Key" SELECT n, repeat('x', 1000) FROM generate_series(1, 12000) AS n;
        INSERT INTO unique_one SELECT n, repeat('x', 1000) FROM generate_series(1, 12000) AS n;
        INSERT INTO keyed SELECT n, repeat('x', 1000) FROM generate_series(1, 12000) AS n;
        INSERT INTO parts SELECT n, repeat('x', 1000) FROM generate_series(1, 12000) AS n;
        ANALYZE;
    """)
    found = {one.subject: one for one in findings(made.diagnose(HEALTH), "missing_primary_key")}
    assert set(found) == {'public."No Key"', "public.unique_one", "public.parts"}
    assert found["public.unique_one"].remedy == 'ALTER TABLE public.unique_one ADD PRIMARY KEY USING INDEX "U 1";'
    for subject in ('public."No Key"', "public.unique_one"):
        mend(made, found[subject])
    left = {one.subject for one in findings(made.diagnose(HEALTH), "missing_primary_key")}
    assert left == {"public.parts"}


def test_idle_sessions_in_numbers_are_found(made: Database, monkeypatch: pytest.MonkeyPatch):
    original = examine.query

    def hasty(name: str, major: int = 0) -> str:
        return re.sub("age_s >= 60+", "age_s >= 0", original(name, major))

    monkeypatch.setattr(examine, "query", hasty)
    role = '"Idle ""R"'
    made.run(f"CREATE ROLE {role} LOGIN")
    try:
        with ExitStack() as stack:
            user = "Idle%20%22R"
            sessions = [stack.enter_context(closing(made.connect(user))) for _ in range(25)]
            assert not findings(made.diagnose(HEALTH), "unlimited_transactions", 'role Idle "R')
            (found,) = findings(made.diagnose(HEALTH), "idle_sessions", 'role Idle "R')
            assert found.evidence["sessions"] == 25
            for session in sessions[:5]:
                execute(session, "BEGIN")
            (unlimited,) = findings(made.diagnose(HEALTH), "unlimited_transactions", 'role Idle "R')
            if made.cluster.major >= 14:
                assert f"ALTER ROLE {role} SET idle_session_timeout = '30min';" in found.remedy
                mend(made, found)
            assert ("transaction_timeout = '1h'" in unlimited.remedy.split("session_timeout")[-1]) == (
                made.cluster.major >= 17
            )
            mend(made, unlimited)
            again = made.diagnose(HEALTH)
            assert not findings(again, "unlimited_transactions", 'role Idle "R')
            assert bool(findings(again, "idle_sessions", 'role Idle "R')) == (made.cluster.major < 14)
    finally:
        made.run(f"DROP ROLE {role}")


def test_idle_sessions_need_pg_monitor(made: Database):
    assert skipped(made.diagnose(HEALTH, user="plain"))["idle_sessions"] == "no permission: needs pg_monitor"


def test_settings_of_searches_are_held_against_the_indexes(empty: Database):
    empty.run("CREATE EXTENSION IF NOT EXISTS vector")
    empty.run("CREATE TABLE e (id int PRIMARY KEY, v vector(3)); CREATE ROLE searcher")
    name = empty.name
    try:
        assert not findings(empty.diagnose(HEALTH), "vector_search_settings")
        empty.run(f"ALTER DATABASE {name} SET hnsw.ef_search = 20")
        empty.run(f"ALTER ROLE searcher IN DATABASE {name} SET ivfflat.probes = 10")
        found = {one.subject: one for one in findings(empty.diagnose(HEALTH), "vector_search_settings")}
        assert set(found) == {f"hnsw.ef_search DATABASE {name}", f"ivfflat.probes ROLE searcher IN DATABASE {name}"}
        empty.run("CREATE INDEX ON e USING hnsw (v vector_l2_ops)")
        (below,) = findings(empty.diagnose(HEALTH), "vector_search_settings", "hnsw")
        assert "below the default 40" in below.summary
        for one in found.values():
            mend(empty, one)
        assert not findings(empty.diagnose(HEALTH), "vector_search_settings")
        empty.run("INSERT INTO e SELECT n, ARRAY[n, 1, 2]::vector FROM generate_series(1, 200) AS n")
        empty.run("CREATE INDEX many ON e USING ivfflat (v vector_l2_ops) WITH (lists = 100)")
        (probes,) = findings(empty.diagnose(HEALTH), "vector_search_settings")
        assert probes.remedy == f'ALTER DATABASE "{name}" SET ivfflat.probes = 10;'
        mend(empty, probes)
        assert not findings(empty.diagnose(HEALTH), "vector_search_settings")
    finally:
        empty.run("DROP ROLE searcher")


def test_a_slot_tells_when_its_wal_is_lost_from_two_looks(boombap: Run, made: Database, isolated: Path):
    if made.cluster.major < 13:
        pytest.skip("PostgreSQL 12 has no limit for slots")
    made.run("ALTER SYSTEM SET max_slot_wal_keep_size = '512MB'")
    made.run("SELECT pg_reload_conf()")
    made.run("SELECT pg_create_physical_replication_slot('nobody_reads', true)")
    try:
        words = ("db", "snapshot", "save")
        assert boombap(*words, DATABASE_URL=made.url()).returncode == 0
        (file,) = (isolated.parent / "data").rglob("latest.json")
        kept = json.loads(file.read_text(encoding="utf-8"))
        assert kept["numbers"]["slot.nobody_reads.kept_bytes"] >= 0
        before = datetime.now(UTC) - timedelta(hours=1)
        file.write_text(json.dumps(kept | {"taken_at": before.isoformat()}), encoding="utf-8")
        made.run("CREATE TABLE wal AS SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
        health = ask(boombap, made, "health")["health"]
        (found,) = (one for one in health["findings"] if one["id"] == "replication_slots")
        evidence = found["evidence"]
        assert 5_000 < evidence["growth_bytes_per_s"] < 50_000
        assert evidence["lost_in_s"] == pytest.approx(
            evidence["safe_wal_bytes"] / evidence["growth_bytes_per_s"], rel=0.01
        )
        assert "it loses its WAL in" in found["summary"]
    finally:
        made.run("SELECT pg_drop_replication_slot('nobody_reads')")
        made.run("ALTER SYSTEM RESET max_slot_wal_keep_size")
        made.run("SELECT pg_reload_conf()")
