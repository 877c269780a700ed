"""The tables come about once, by whoever may create them, and a role without a right is told which one."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.errors import AccessDenied, NotFound, UsageError
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema

if TYPE_CHECKING:
    from databases import Cluster, Database


def connect(database: Database, user: str = "boombap") -> Session:
    return Session(database.target(user), Limits(lock_ms=5_000), Interrupt())


def prepare(database: Database, user: str = "boombap") -> None:
    with closing(connect(database, user)) as session:
        schema.prepare(session)


def test_tables_are_made_once(database: Database):
    with closing(connect(database)) as session:
        assert schema.version(session) == 0
        schema.prepare(session)
        assert schema.version(session) == schema.VERSION
        session.write("INSERT INTO {path.spotify_artists} (id, name) VALUES ('a', 'b')")
        schema.prepare(session)
        assert session.read("SELECT name FROM {path.spotify_artists}") == [{"name": "b"}]


def test_every_version_of_postgresql_takes_them(each_cluster: Cluster):
    made = each_cluster.create()
    made.run("CREATE TABLE tracks (id serial PRIMARY KEY, spotify_data jsonb)")
    prepare(made)
    each_cluster.drop(made)


def test_two_processes_may_begin_at_once(database: Database):
    errors: list[BaseException] = []

    def begin() -> None:
        try:
            prepare(database)
        except BaseException as error:  # noqa: BLE001 - looked at below
            errors.append(error)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_role_that_may_not_create_is_told_what_to_do(database: Database):
    database.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with pytest.raises(AccessDenied, match=r"plain may not create .* GRANT CREATE ON SCHEMA public TO plain"):
        prepare(database, "plain")


def test_a_role_that_lacks_a_right_is_told_which(database: Database):
    prepare(database)
    database.run("GRANT SELECT, UPDATE (spotify_data) ON tracks TO plain")
    database.run("GRANT ALL ON spotify_artists, spotify_albums, spotify_tracks, spotify_leases TO plain")
    database.run("GRANT ALL ON spotify_dead_letters, spotify_cooldowns TO plain")
    with pytest.raises(AccessDenied, match="plain lacks INSERT on spotify_matches, SELECT on spotify_matches"):
        prepare(database, "plain")
    database.run("GRANT ALL ON spotify_matches TO plain")
    prepare(database, "plain")


def test_tables_of_a_newer_boombap_are_left_alone(database: Database):
    prepare(database)
    database.run("COMMENT ON TABLE spotify_matches IS 'boombap spotify schema 99: of tomorrow'")
    with pytest.raises(UsageError, match="version 99, and this boombap knows 1; update boombap"):
        prepare(database)


def test_another_database_is_none_of_ours(empty: Database):
    with pytest.raises(NotFound, match="no table tracks"):
        prepare(empty)
    assert empty.run("SELECT 1 FROM pg_class WHERE relname LIKE 'spotify%'") == []


def test_tables_are_made_and_found_where_the_role_creates(database: Database):
    database.run("CREATE SCHEMA app")
    database.run(f"ALTER DATABASE {database.name} SET search_path = app, public")
    prepare(database)
    found = database.run("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'spotify\\_%'")
    assert found == [{"schemaname": "app"}]
    with closing(connect(database)) as session:
        assert schema.version(session) == schema.VERSION


def test_a_superuser_does_not_write_into_tables_of_somebody_else(database: Database):
    prepare(database)
    database.run("ALTER TABLE spotify_matches OWNER TO plain")
    with pytest.raises(AccessDenied, match="spotify_matches of the role plain; triggers there would run"):
        prepare(database)
    database.run("ALTER TABLE spotify_matches OWNER TO CURRENT_USER")
    prepare(database)
