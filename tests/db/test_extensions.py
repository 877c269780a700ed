"""Extensions wherever they were put: any schema, any name, an older version, no right, not loaded."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

import servers
from boombap.clients.postgres.session import Limits, Session
from boombap.db import read
from boombap.demo import sample
from boombap.interrupt import Interrupt
from databases import SETTINGS, Cluster
from db.test_cli import ask, one_line
from db.test_examine import HEALTH, findings, skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from databases import Database
    from db.test_cli import Run

SCHEMAS = ("extensions", 'The "Crate" ä', "o'clock 100%", "{path.tracks}")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture
def made(each_cluster: Cluster) -> Iterator[Database]:
    """An empty database of each version."""
    database = each_cluster.create()
    database.run("DROP EXTENSION IF EXISTS pg_stat_statements; DROP EXTENSION IF EXISTS vector")
    yield database
    each_cluster.drop(database)


def install(database: Database, extension: str, schema: str = "extensions", version: str = "") -> None:
    database.run(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    wanted = f" VERSION '{version}'" if version else ""
    database.run(f"CREATE EXTENSION {extension} SCHEMA {quoted(schema)}{wanted}")


@pytest.mark.parametrize("schema", SCHEMAS)
def test_statements_are_found_in_any_schema(boombap: Run, made: Database, schema: str):
    install(made, "pg_stat_statements", schema)
    # Long enough to be among the first: the server has counted hundreds of statements of other tests.
    made.run("SELECT pg_sleep(0.3) AS very_own_name")
    assert any("very_own_name" in one["text"] for one in ask(boombap, made, "slow", "-n", "500")["statements"])


@pytest.mark.parametrize("version", ["1.4", "1.7", "1.8"])
def test_an_extension_that_was_never_updated_still_answers(boombap: Run, made: Database, version: str):
    if version == "1.8" and made.cluster.major < 13:
        pytest.skip("PostgreSQL 12 brings 1.7")
    install(made, "pg_stat_statements", version=version)
    made.run("SELECT pg_sleep(0.3) AS very_own_name")
    assert any("very_own_name" in one["text"] for one in ask(boombap, made, "slow", "-n", "500")["statements"])


def test_without_usage_slow_gives_the_grant(boombap: Run, made: Database):
    install(made, "pg_stat_statements", SCHEMAS[1])
    line = one_line(boombap("db", "slow", DATABASE_URL=made.url("watcher")), code=3)
    grant = f'GRANT USAGE ON SCHEMA {quoted(SCHEMAS[1])} TO "watcher";'
    assert f"watcher needs USAGE on schema {quoted(SCHEMAS[1])}" in line
    assert grant in line
    made.run(grant)
    assert ask(boombap, made, "slow", "--dsn", made.url("watcher"))["statements"]
    made.run(f"REVOKE USAGE ON SCHEMA {quoted(SCHEMAS[1])} FROM watcher")
    note = boombap("db", "snapshot", "save", DATABASE_URL=made.url("watcher"))
    assert note.returncode == 0
    assert "needs USAGE on schema" in note.stderr


def test_statements_that_are_not_loaded_are_skipped_with_the_reason(boombap: Run, cluster_folder: Callable[[], Path]):
    settings = SETTINGS | {"shared_preload_libraries": ""}
    with servers.running_postgres(18, cluster_folder(), **settings) as running:
        database = Cluster(running).main
        install(database, "pg_stat_statements")
        line = one_line(boombap("db", "slow", DATABASE_URL=database.url()), code=3)
        assert "created but not loaded" in line
        assert "not loaded" in boombap("doctor", DATABASE_URL=database.url()).stdout
        assert boombap("db", "snapshot", "save", DATABASE_URL=database.url()).returncode == 0


@pytest.mark.parametrize("schema", SCHEMAS)
def test_vectors_are_judged_in_any_schema(empty: Database, schema: str):
    empty.run("DROP EXTENSION IF EXISTS vector")
    install(empty, "vector", schema)
    empty.run(
        f"CREATE TABLE loose (id int PRIMARY KEY, v {quoted(schema)}.vector);"
        "INSERT INTO loose VALUES (1, '[1]'), (2, '[1,2]')"
    )
    diagnosis = empty.diagnose(HEALTH)
    (mixed,) = findings(diagnosis, "vector_dimension_mixed", "loose")
    assert findings(diagnosis, "vector_dimension_unset", "loose")
    rows = empty.run(mixed.remedy)
    assert {row["dimensions"] for row in rows} == {1, 2}


def test_the_sample_loads_with_vectors_in_another_schema(empty: Database):
    empty.run("DROP EXTENSION IF EXISTS vector")
    install(empty, "vector", SCHEMAS[1])
    with closing(Session(empty.target(), Limits(statement_ms=60_000), Interrupt())) as session:
        sample.load(session, sample.Scale(1_000), faults=False)
    diagnosis = empty.diagnose(HEALTH)
    assert diagnosis.health
    assert diagnosis.health.findings == ()


def test_without_usage_vectors_are_skipped_with_the_grant(empty: Database):
    empty.run("DROP EXTENSION IF EXISTS vector")
    install(empty, "vector")
    empty.run("CREATE TABLE loose (v extensions.vector); GRANT SELECT ON loose TO plain")
    diagnosis = empty.diagnose(HEALTH, user="plain")
    assert skipped(diagnosis)["vector_dimension_mixed"] == (
        'needs USAGE on schema extensions: GRANT USAGE ON SCHEMA extensions TO "plain";'
    )
    assert findings(diagnosis, "vector_dimension_unset", "loose")


def test_a_type_that_is_only_called_vector_is_not_run(empty: Database):
    empty.run("CREATE EXTENSION IF NOT EXISTS vector")
    empty.run("""
        CREATE SCHEMA trap; CREATE TYPE trap.vector AS (n int); CREATE TABLE trap.sprung (role text);
        CREATE FUNCTION trap.vector_dims(trap.vector) RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
        CREATE TABLE trap.bait (v trap.vector); INSERT INTO trap.bait VALUES (ROW(1));
    """)
    diagnosis = empty.diagnose(HEALTH)
    assert "vector_dimension_mixed" not in skipped(diagnosis)
    assert not findings(diagnosis, "vector_dimension_unset", "bait")


def test_a_policy_of_a_stranger_is_not_run(empty: Database):
    empty.run("CREATE EXTENSION IF NOT EXISTS vector")
    empty.run("""
        CREATE TABLE bait (v vector); INSERT INTO bait VALUES ('[1]'), ('[1,2]');
        CREATE FUNCTION spring() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'run as %', current_user; END $$;
        ALTER TABLE bait ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON bait USING (public.spring());
        GRANT SELECT ON bait TO watcher;
    """)
    assert "vector_dimension_mixed" not in skipped(empty.diagnose(HEALTH, user="watcher"))


_BLOATED = """
CREATE TABLE plays (id int PRIMARY KEY, note text) WITH (autovacuum_enabled = off);
INSERT INTO plays SELECT n, repeat('x', 1900) FROM generate_series(1, 32000) AS n;
DELETE FROM plays WHERE id % 10 <> 0;
VACUUM ANALYZE plays;
"""


def bloat(database: Database) -> None:
    for statement in _BLOATED.strip().splitlines():
        database.run(statement)


@pytest.mark.parametrize("schema", SCHEMAS[1:2])
def test_bloat_is_measured_where_pgstattuple_is(made: Database, schema: str):
    bloat(made)
    (estimate,) = findings(made.diagnose(HEALTH, user="watcher"), "table_bloat", "plays") or [None]
    assert estimate is None, "watcher sees no column widths"
    (estimate,) = findings(made.diagnose(HEALTH), "table_bloat", "plays")
    assert estimate.evidence["is_measured"] is False
    install(made, "pgstattuple", schema)
    (measured,) = findings(made.diagnose(HEALTH), "table_bloat", "plays")
    assert measured.evidence["is_measured"] is True
    exact = made.run(f"SELECT free_space + dead_tuple_len AS wasted FROM {quoted(schema)}.pgstattuple('plays')")[0]
    assert abs(measured.evidence["wasted_bytes"] - exact["wasted"]) < 0.05 * exact["wasted"]


def test_without_the_right_bloat_is_estimated(made: Database):
    bloat(made)
    made.run("GRANT SELECT ON plays TO plain")
    install(made, "pgstattuple")
    for grant in ("SELECT 1", "GRANT USAGE ON SCHEMA extensions TO plain"):
        made.run(grant)
        (found,) = findings(made.diagnose(HEALTH, user="plain"), "table_bloat", "plays")
        assert found.evidence["is_measured"] is False
    made.run("GRANT USAGE ON SCHEMA extensions TO watcher")
    (found,) = findings(made.diagnose(HEALTH, user="watcher"), "table_bloat", "plays")
    assert found.evidence["is_measured"] is True


def test_the_facts_name_the_schemas_that_are_closed(made: Database):
    install(made, "pg_stat_statements", SCHEMAS[1])
    with made.pool("plain") as pool:
        facts, _ = read.server(pool.read)
    assert facts.closed_extensions == {"pg_stat_statements": quoted(SCHEMAS[1])}
    assert re.search(r"GRANT USAGE ON SCHEMA .* TO \"plain\";", facts.without_usage("pg_stat_statements"))
    assert facts.without_usage("plpgsql") == ""
