"""One function a part: rows to values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.db import read

if TYPE_CHECKING:
    from databases import Cluster


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("SELECT 1\n  FROM  a", "SELECT 1 FROM a"),
        ("CREATE ROLE u PASSWORD 'a''b' LOGIN", "CREATE ROLE u PASSWORD *** LOGIN"),
        ("ALTER ROLE u password $1", "ALTER ROLE u password ***"),
        ("ALTER ROLE u ENCRYPTED PASSWORD 'two words'", "ALTER ROLE u ENCRYPTED PASSWORD ***"),
        (None, ""),
    ],
)
def test_statements_come_on_one_line_without_passwords(sql: str | None, line: str):
    assert read.one_line(sql) == line


def test_the_facts_of_every_version(each_cluster: Cluster):
    sample = each_cluster.sample()
    with sample.pool() as pool:
        facts, pid = read.server(pool.read)
    assert facts.major == each_cluster.major
    assert (facts.database, facts.user, facts.is_superuser, facts.is_replica) == (sample.name, "boombap", True, False)
    assert facts.has("tracks", "id", "lyrics")
    assert not facts.has("tracks", "no_such_column")
    assert not facts.has("no_such_table")
    assert facts.size_bytes
    assert facts.size_bytes > 1_000_000
    assert facts.max_connections == 60
    assert pid > 0


def test_a_plain_role_gets_the_facts_too(each_cluster: Cluster):
    with each_cluster.sample().pool("plain") as pool:
        facts, _ = read.server(pool.read)
    assert (facts.user, facts.can_monitor, facts.is_superuser, facts.preloaded) == ("plain", False, False, frozenset())


def test_statements_of_every_version(each_cluster: Cluster):
    sample = each_cluster.sample()
    sample.run("SELECT count(*) AS of_every_version FROM tracks")
    with sample.pool() as pool:
        facts, _ = read.server(pool.read)
        found = read.statements(pool.read, facts)
    assert found
    assert [one.total_ms for one in found] == sorted((one.total_ms for one in found), reverse=True)
    assert all(one.calls > 0 and one.mean_ms >= 0 for one in found)


def test_tables_with_their_columns(each_cluster: Cluster):
    with each_cluster.sample().pool() as pool:
        facts, _ = read.server(pool.read)
        tables = {one.name: one for one in read.tables(pool.read, facts)}
    assert list(tables) == ["tracks", "analysis_results", "ml_features", "dataset_versions"]
    assert tables["tracks"].rows_estimate == 1000
    assert tables["tracks"].columns["title"] == "character varying(500)"
    assert tables["tracks"].indexes >= 5


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT dblink('host=h password=hunter2')",
        "CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:hunter2@h/x'",
        "ALTER ROLE dj PASSWORD 'hunter2'",
        "SELECT $$password=hunter2$$",
        "SELECT 1 /* password=hunter2 */",
    ],
)
def test_a_statement_is_shown_without_its_password(sql: str):
    assert "hunter2" not in read.one_line(sql)
