"""Nothing that an ordinary role has put into a schema runs with our rights (CVE-2018-1058)."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.postgres.search_path import SearchPath
from boombap.clients.postgres.session import Limits, Session
from boombap.db.model import Absent
from boombap.interrupt import Interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from databases import Cluster, Database

# What an intruder would own: functions that fit better than PostgreSQL's own, an operator, and each tells its caller.
SHADOWS = """
CREATE TABLE public.caught (who text, what text);
GRANT ALL ON public.caught TO PUBLIC;
CREATE FUNCTION public.note(what text) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO public.caught VALUES (current_user, what) $$;
CREATE FUNCTION public.format(text, name, name) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM public.note('format'); RETURN 'x'; END $$;
CREATE FUNCTION public.format(text, name, name, name) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM public.note('format'); RETURN 'x'; END $$;
CREATE FUNCTION public.count(integer) RETURNS bigint LANGUAGE plpgsql AS
    $$ BEGIN PERFORM public.note('count'); RETURN 1; END $$;
CREATE FUNCTION public.same(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN PERFORM public.note('='); RETURN true; END $$;
CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.same);
CREATE FUNCTION public.to_regclass(varchar) RETURNS regclass LANGUAGE plpgsql AS
    $$ BEGIN PERFORM public.note('to_regclass'); RETURN NULL; END $$;
"""


def answers(schema: str | None, relations: dict[str, str], extensions: dict[str, str]) -> Any:
    places = {name: {"schema": place, "owner": "dj", "is_foreign": False} for name, place in relations.items()}
    return lambda wanted: {
        "schema": schema,
        "relations": {name: places[name] for name in wanted if name in places} or None,
        "extensions": extensions or None,
    }


def qualify(sql: str, schema: str | None = "app", *, has_parameters: bool = False, **relations: str) -> str:
    locate = answers(schema, relations, {"vector": "ext"})
    return SearchPath().qualify(sql, locate, has_parameters=has_parameters)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with closing(Session(database.target(), Limits(), Interrupt())) as session:
        yield session


@pytest.mark.parametrize(
    ("sql", "qualified"),
    [
        ("SELECT '{}' || '{a,b}' || '{\"x\": 1}'", "SELECT '{}' || '{a,b}' || '{\"x\": 1}'"),
        ("FROM {path.tracks} AS t", 'FROM "public"."tracks" AS t'),
        ("FROM {path.absent}", 'FROM "app"."absent"'),
        ("CREATE TABLE {current.tracks} (n int)", 'CREATE TABLE "app"."tracks" (n int)'),
        ("to_regclass('{path.tracks}')", 'to_regclass(\'"public"."tracks"\')'),
        ("SCHEMA {current}", 'SCHEMA "app"'),
        ("nspname = '{current}'", "nspname = 'app'"),
        ("a::{extension.vector.halfvec}(3)", 'a::"ext"."halfvec"(3)'),
        ("a OPERATOR({extension.vector.<=>}) b", 'a OPERATOR("ext".<=>) b'),
        ("{extension.absent.thing}", '"app"."thing"'),
    ],
)
def test_placeholders_become_names_with_their_schema(sql: str, qualified: str):
    assert qualify(sql, tracks="public") == qualified


def test_names_of_schemas_are_quoted():
    evil = "a\"; DROP TABLE x; -- '\\ 100%"
    assert qualify("{path.tracks}", tracks=evil) == '"a""; DROP TABLE x; -- \'\\ 100%"."tracks"'
    assert qualify("{path.tracks}", tracks=evil, has_parameters=True).count("100%%") == 1
    assert qualify("'{path.tracks}'", tracks=evil) == 'E\'"a""; DROP TABLE x; -- \'\'\\\\ 100%"."tracks"\''


def test_a_role_that_may_create_nowhere():
    assert qualify("'{current}', {path.absent}", None) == 'NULL, "absent"'


def test_what_was_not_there_is_looked_for_again_and_what_was_is_not():
    path, asked = SearchPath(), []
    there: dict[str, str] = {}

    def locate(wanted: list[str]) -> Any:
        asked.append(wanted)
        return answers("app", there, {})(wanted)

    assert path.qualify("{path.tracks}", locate, has_parameters=False) == '"app"."tracks"'
    there["tracks"] = "late"
    for _ in range(3):
        assert path.qualify("{path.tracks}", locate, has_parameters=False) == '"late"."tracks"'
    assert asked == [["tracks"], ["tracks"]]


def test_the_path_is_pinned_whatever_is_run(session: Session):
    show = "SELECT current_setting('search_path') AS path"
    pinned = [{"path": "pg_catalog, pg_temp"}]
    assert session.read(show) == pinned
    assert session.write(show) == pinned
    with session.transaction():
        assert session.write(show) == pinned
        # A look for names within a transaction leaves it pinned.
        session.write("SELECT FROM {path.analysis_results} LIMIT 1")
        assert session.write(show) == pinned


def test_the_session_keeps_its_own_path_for_whoever_gets_the_connection_next(session: Session):
    session.alone("VACUUM {path.ml_features}")
    session.read("SELECT 1 AS one")
    with session._connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == ('"$user", public',)


def test_tables_are_found_where_the_role_finds_them(database: Database):
    database.run("CREATE SCHEMA warehouse; ALTER TABLE public.tracks SET SCHEMA warehouse")
    assert isinstance(database.diagnose().tracks, Absent)
    database.run(f"ALTER DATABASE {database.name} SET search_path = nowhere, warehouse, public")
    assert database.diagnose().tracks.total == 1_000


@pytest.mark.parametrize("schema", ["public", "app"])
def test_a_strangers_functions_do_not_run(database: Database, schema: str):
    database.run(f"CREATE SCHEMA IF NOT EXISTS {schema}; " + SHADOWS.replace("public.", f"{schema}."))
    database.run(f"ALTER DATABASE {database.name} SET search_path = app, public")
    assert database.diagnose().tracks.total == 1_000
    assert database.run("SELECT * FROM caught") == []
    # The trap catches whoever calls a function without its schema.
    database.run("SELECT format('%I.%I', relname, relname) FROM pg_class LIMIT 1")
    assert database.run("SELECT DISTINCT what FROM caught") == [{"what": "format"}]


def test_a_strangers_view_is_not_taken_for_the_extension(each_cluster: Cluster):
    database = each_cluster.copy()
    database.run("DROP EXTENSION IF EXISTS pg_stat_statements")
    database.run("CREATE VIEW public.pg_stat_statements AS SELECT 1 / 0 AS queryid")
    try:
        diagnosis = database.diagnose()
        assert diagnosis.tracks.total == 1_000
        failed = [skipped for skipped in diagnosis.health.skipped if skipped.is_failure]
        assert failed == []
    finally:
        each_cluster.drop(database)


# What the on-call superuser must not run: COPY TO PROGRAM works in a read-only transaction too.
VIEW = """
CREATE ROLE mallory_{n}; GRANT CREATE ON SCHEMA public TO mallory_{n}; SET ROLE mallory_{n};
CREATE FUNCTION public.evil(x text) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN EXECUTE $copy$ COPY (SELECT 1) TO PROGRAM 'touch {mark}' $copy$; RETURN x; END $$;
CREATE VIEW public.tracks AS SELECT 1 AS id, public.evil('t') AS title, 'a'::text AS artist, ''::text AS lyrics,
    NULL::jsonb AS spotify_data, now()::timestamp AS created_at;
CREATE VIEW public.analysis_results AS
    SELECT 1 AS track_id, public.evil('t') AS analyzer_type, now()::timestamp AS created_at;
RESET ROLE;
"""


@pytest.mark.parametrize(
    "words", [["db"], ["db", "--quick"], ["db", "health"], ["db", "--unanalyzed"], ["spotify", "status"]], ids=" ".join
)
def test_a_strangers_view_is_not_read(boombap: Any, empty: Database, tmp_path: Path, words: list[str]):
    mark = tmp_path / "owned"
    empty.run(VIEW.format(n=empty.name, mark=mark))
    try:
        done = boombap(*words, DATABASE_URL=empty.url())
        assert (done.returncode, mark.exists()) == (3, False)
        assert "is a view of the role mallory_" in done.stdout + done.stderr
    finally:
        empty.run(f"DROP OWNED BY mallory_{empty.name}; DROP ROLE mallory_{empty.name}")


def test_a_view_of_the_owner_of_the_database_is_read(database: Database):
    database.run("ALTER TABLE tracks RENAME TO tracks_of_2025; CREATE VIEW tracks AS SELECT * FROM tracks_of_2025")
    database.run("GRANT SELECT ON tracks TO watcher")
    assert database.diagnose(user="watcher").tracks.total == 1_000
