"""Databases that are not UTF-8, and names in another encoding than the database's: shown, never a failure."""

from __future__ import annotations

import csv
import json
import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from databases import Database
from db.test_examine import HEALTH, findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from databases import Cluster
    from db.test_cli import Run

    Make = Callable[[str], Database]

# The same name in each encoding, and how it is shown.
NAMES = {
    "SQL_ASCII": (b"caf\xe9", "caf\\xe9"),
    "LATIN1": (b"caf\xe9", "café"),
    "WIN1252": (b"caf\xe9\x81", "\\x81"),
    "EUC_JP": ("曲".encode("euc_jp"), "曲"),
    "EUC_JIS_2004": ("曲".encode("euc_jp"), "曲"),
    "MULE_INTERNAL": (b"\x81\xe9", "\\x81\\xe9"),
    "KOI8R": ("песня".encode("koi8-r"), "песня"),
    "UTF8": ("café".encode(), "café"),
}


_PLATFORM = """
CREATE TABLE tracks (id serial PRIMARY KEY, title text, artist text, lyrics text);
CREATE TABLE analysis_results (id serial PRIMARY KEY, track_id int, analyzer_type text,
    created_at timestamp DEFAULT now());
INSERT INTO tracks (title, artist) SELECT 'a', 'b' FROM generate_series(1, 1000);
INSERT INTO analysis_results (track_id, analyzer_type) SELECT id, 'x' FROM tracks;
ANALYZE;
"""


@pytest.fixture
def make(cluster: Cluster) -> Iterator[Make]:
    made: list[Database] = []

    def create(encoding: str) -> Database:
        name = f"in_{encoding.lower()}"
        cluster.main.run(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
        made.append(Database(cluster, name))
        return made[-1]

    yield create
    for database in made:
        cluster.drop(database)
    # Other tests want to read the texts of their statements, which the server cannot convert beside those of here.
    cleaner = cluster.create()
    cleaner.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    cleaner.run("SELECT pg_stat_statements_reset()")
    cluster.drop(cleaner)


def raw(database: Database, *statements: bytes) -> None:
    """Send bytes as they are."""
    with closing(psycopg2.connect(database.url(), client_encoding="SQL_ASCII")) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)


def plant(database: Database, name: bytes) -> None:
    raw(
        database,
        b'CREATE TABLE "%s" (id int PRIMARY KEY, "%s" text)' % (name, name),
        *(b'CREATE INDEX "%s_%d" ON "%s" ("%s")' % (name, n, name, name) for n in (1, 2)),
        b'ALTER TABLE "%s" ADD CONSTRAINT "c%s" CHECK (id > 0) NOT VALID' % (name, name),
    )


@pytest.mark.parametrize("encoding", NAMES)
def test_names_of_any_encoding_are_shown(boombap: Run, make: Make, encoding: str):
    name, text = NAMES[encoding]
    database = make(encoding)
    plant(database, name)
    diagnosis = database.diagnose(HEALTH)
    assert diagnosis.health
    assert [one for one in diagnosis.health.skipped if one.is_failure] == []
    (found,) = findings(diagnosis, "duplicate_index")
    assert text in found.subject
    assert findings(diagnosis, "invalid_constraint")
    if "\\x" in text:
        assert found.remedy.startswith("write the statement by hand")
    else:
        database.run(found.remedy)
    for form in ("text", "json", "csv"):
        done = boombap("db", "--format", form, DATABASE_URL=database.url())
        assert done.returncode in (0, 1, 4), done.stderr
        assert done.stdout.encode().decode("utf-8") == done.stdout
        assert form != "json" or json.loads(done.stdout)["server"]["encoding"] == encoding
        assert form != "csv" or list(csv.reader(done.stdout.splitlines()))
    raw(database, b"CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    slow = boombap("db", "slow", "--format", "json", DATABASE_URL=database.url())
    assert slow.returncode == 0, slow.stderr
    assert json.loads(slow.stdout)["statements"]
    assert boombap("db", "locks", DATABASE_URL=database.url()).returncode == 0


def test_a_platform_in_sql_ascii_is_counted(boombap: Run, make: Make):
    database = make("SQL_ASCII")
    database.run(_PLATFORM)
    raw(database, b"INSERT INTO tracks (title, artist) VALUES ('caf\xe9', 'b\xff')",
        b"INSERT INTO analysis_results (track_id, analyzer_type) VALUES (1, 'mod\xe8le')")  # fmt: skip
    done = boombap("db", "--format", "json", DATABASE_URL=database.url())
    found: Any = json.loads(done.stdout)
    assert found["tracks"]["total"] == 1001
    assert found["unanalyzed"]["tracks"][0][1:] == ["b\\xff", "caf\\xe9"]
    assert "mod\\xe8le" in {one["name"] for one in found["analyzers"]}
    assert "caf\\xe9" in boombap("db", DATABASE_URL=database.url()).stdout
    assert boombap("db", "--fast", DATABASE_URL=database.url()).returncode == 0
    assert boombap("db", "--unanalyzed", "--analyzer", "日本", DATABASE_URL=database.url()).returncode == 0


def test_an_analyzer_that_the_encoding_lacks_has_seen_no_track(boombap: Run, make: Make):
    database = make("LATIN1")
    database.run(_PLATFORM)
    done = boombap("db", "--unanalyzed", "--analyzer", "日本", "--format", "json", DATABASE_URL=database.url())
    assert (done.returncode, json.loads(done.stdout)["unanalyzed"]["total"]) == (0, 1000), done.stderr


def test_the_platform_lies_in_a_schema_that_is_not_utf_8(make: Make):
    database = make("SQL_ASCII")
    raw(database, b'CREATE SCHEMA "s\xe9"', b'CREATE TABLE "s\xe9".tracks (id int PRIMARY KEY, artist text)')
    raw(database, b'ALTER DATABASE in_sql_ascii SET search_path = "s\xe9"')
    tracks = database.diagnose().tracks
    assert getattr(tracks, "total", tracks) == 0


def test_what_other_databases_put_into_shared_catalogues_is_shown(boombap: Run, make: Make, healthy: Database):
    """A role, a database and a running statement in LATIN1, looked at from a database in UTF-8."""
    latin = make("LATIN1")
    raw(latin, b'CREATE DATABASE "d\xe9" TEMPLATE template0', b'CREATE ROLE "r\xe9" LOGIN SUPERUSER')
    try:
        with closing(psycopg2.connect(latin.url(), client_encoding="LATIN1", application_name="caf")) as other:
            with other.cursor() as cursor:
                cursor.execute("SELECT 'caf\xe9" + "\xe9" * 300 + "'")
            for words in ((), ("health",), ("--connections",), ("locks",), ("slow",), ("--all-dbs", "--quick")):
                done = boombap("db", *words, "--format", "json", DATABASE_URL=healthy.url())
                assert done.returncode in (0, 1), (
                    words,
                    done.stderr,
                    re.findall(".*is_failure.: true", done.stdout),
                    re.findall("(?s)reason[^}]*is_failure.: true", done.stdout),
                )
                assert json.loads(done.stdout)
                assert '"is_failure": true' not in done.stdout, done.stdout
    finally:
        raw(latin, b'DROP DATABASE "d\xe9"', b'DROP ROLE "r\xe9"')
