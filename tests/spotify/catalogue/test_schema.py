"""The tables come about once, by whoever may create them, and a role without a right is told which one."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
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
    made.run("CREATE TABLE tracks (id serial PRIMARY KEY, artist text, title text, spotify_data jsonb)")
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
    database.run("GRANT ALL ON spotify_dead_letters, spotify_cooldowns, spotify_runs TO plain")
    with pytest.raises(AccessDenied, match="plain lacks INSERT on spotify_matches, SELECT on spotify_matches"):
        prepare(database, "plain")
    database.run("GRANT ALL ON spotify_matches TO plain")
    prepare(database, "plain")


def test_tables_of_a_newer_boombap_are_left_alone(database: Database):
    prepare(database)
    database.run("COMMENT ON TABLE spotify_matches IS 'boombap spotify schema 99: of tomorrow'")
    with pytest.raises(UsageError, match=f"version 99, and this boombap knows {schema.VERSION}; update boombap"):
        prepare(database)


@pytest.fixture
def version_1(database: Database) -> Database:
    """A database as the first version left it: verdicts about the rows 1 to 3, and about one that is gone."""
    database.run((Path(__file__).parent / "version_1.sql").read_text(encoding="utf-8"))
    return database


def test_tables_of_version_1_are_updated_with_their_verdicts(version_1: Database):
    prepare(version_1)
    prepare(version_1)
    kept = version_1.run(
        "SELECT track_id, outcome,"
        " track.id IS NOT NULL AND (verdict.artist, verdict.title) = (track.artist, track.title) AS counts"
        " FROM spotify_matches AS verdict LEFT JOIN tracks AS track ON track.id = track_id ORDER BY 1"
    )
    assert kept == [
        {"track_id": 1, "outcome": "matched", "counts": True},
        {"track_id": 2, "outcome": "not_found", "counts": True},
        {"track_id": 2_000_000, "outcome": "matched", "counts": False},
    ], "an unknown id was not searched for by its names, so that its row is wanted again"
    with closing(connect(version_1)) as session:
        assert schema.is_installed(session)


def test_a_command_that_only_reads_says_what_to_do(version_1: Database):
    with (
        closing(connect(version_1)) as session,
        pytest.raises(UsageError, match=rf"version 1, .* knows {schema.VERSION}; `spotify batch"),
    ):
        schema.is_installed(session)


def test_a_role_that_does_not_own_the_tables_is_told_who_may_update_them(version_1: Database):
    version_1.run("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain")
    with pytest.raises(
        AccessDenied, match=rf"plain may not update .* from version 1 to {schema.VERSION}; run .* owner"
    ):
        prepare(version_1, "plain")


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
