"""Commands that take metadata out of rows, or put it back, run with exactly the rights that they name."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.errors import AccessDenied
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from spotify.commands.test_batch import Processor
from spotify.upstream import upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Database

COMMANDS: dict[schema.Command, tuple[list[str], dict[str, list[str]]]] = {
    "audit": (
        ["audit", "--apply"],
        {
            "tracks": ["SELECT", "UPDATE"],
            "spotify_artists": ["SELECT"],
            "spotify_tracks": ["SELECT"],
            "spotify_matches": ["SELECT", "DELETE"],
            "spotify_quarantine": ["INSERT"],
        },
    ),
    "forget": (
        ["forget", "1"],
        {
            "tracks": ["SELECT", "UPDATE"],
            "spotify_tracks": ["SELECT", "UPDATE"],
            "spotify_matches": ["SELECT", "DELETE"],
            "spotify_dead_letters": ["SELECT", "DELETE"],
            "spotify_leases": ["SELECT", "DELETE"],
            "spotify_quarantine": ["INSERT", "SELECT"],
        },
    ),
    "restore": (
        ["restore", "2"],
        {
            "tracks": ["SELECT", "UPDATE"],
            "spotify_matches": ["SELECT", "DELETE"],
            "spotify_leases": ["SELECT", "DELETE"],
            "spotify_quarantine": ["INSERT", "SELECT", "DELETE"],
        },
    ),
}


@pytest.fixture
def processor(database: Database, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    """Two rows with metadata, the first of them wrong; the metadata of row 2 is in the quarantine, too."""
    with upstream() as web:
        made = Processor(web, database, None, boombap, start_boombap)
        made.delete("id > 2")
        with closing(Session(database.target(), Limits(), Interrupt())) as session:
            schema.prepare(session)
            schema.prepare_quarantine(session, "audit")
        database.run(
            """
            UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = jsonb_build_object(
                'track_id', lpad(id::text, 22, '0'), 'artists', jsonb_build_array(jsonb_build_object('name', 'Abba')));
            INSERT INTO spotify_matches (track_id, outcome, spotify_id, score, reasons, artist, title)
                SELECT id, 'matched', lpad(id::text, 22, '0'), 1, '{title}', artist, title FROM tracks;
            INSERT INTO spotify_quarantine (track_id, spotify_data, verdict, reasons)
                VALUES (2, '{"id": "x"}', 'wrong', '{}');
            REVOKE CREATE ON SCHEMA public FROM PUBLIC
            """
        )
        yield made


def grant(database: Database, rights: dict[str, list[str]]) -> None:
    for table, names in rights.items():
        database.run(f"GRANT {', '.join(names)} ON {table} TO plain")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_with_the_rights_that_it_names(processor: Processor, command: schema.Command):
    words, rights = COMMANDS[command]
    grant(processor.database, rights)
    done = processor.run(*words, DATABASE_URL=processor.database.url("plain"))
    assert done.returncode == 0, done.stderr
    kept = processor.database.run("SELECT track_id FROM spotify_quarantine ORDER BY id")
    assert [row["track_id"] for row in kept] == {"audit": [2, 1, 2], "forget": [2, 1], "restore": [2]}[command]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_right_that_is_lacking_is_named(processor: Processor, command: schema.Command):
    _, rights = COMMANDS[command]
    grant(processor.database, rights)
    with closing(Session(processor.database.target("plain"), Limits(), Interrupt())) as session:
        schema.check_rights(session, command)
        for table, names in rights.items():
            for name in names:
                processor.database.run(f"REVOKE {name} ON {table} FROM plain")
                with pytest.raises(AccessDenied, match=f"^the role plain lacks {name} on {table} at "):
                    schema.check_rights(session, command)
                processor.database.run(f"GRANT {name} ON {table} TO plain")


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_right_nothing_is_changed(processor: Processor, command: schema.Command):
    words, rights = COMMANDS[command]
    grant(processor.database, rights)
    processor.database.run("REVOKE DELETE ON spotify_matches FROM plain")
    done = processor.run(*words, DATABASE_URL=processor.database.url("plain"))
    assert (done.returncode, done.stdout) == (3, "")
    assert "the role plain lacks DELETE on spotify_matches at " in done.stderr
    assert 'GRANT DELETE ON spotify_matches TO "plain"' in done.stderr
    counts = processor.database.run(
        "SELECT (SELECT count(*) FROM spotify_quarantine) AS kept, count(spotify_data) AS filled FROM tracks"
    )
    assert counts == [{"kept": 1, "filled": 2}]


def test_a_quarantine_that_may_not_be_made_is_named(processor: Processor):
    words, rights = COMMANDS["audit"]
    processor.database.run("DROP TABLE spotify_quarantine")
    grant(processor.database, {table: names for table, names in rights.items() if table != "spotify_quarantine"})
    done = processor.run(*words, DATABASE_URL=processor.database.url("plain"))
    assert (done.returncode, done.stdout) == (3, "")
    assert "may not create spotify_quarantine in the schema public" in done.stderr
    assert "GRANT CREATE ON SCHEMA public TO plain" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_superuser_does_not_run_the_triggers_of_another_role(processor: Processor, command: schema.Command):
    processor.database.run("ALTER TABLE spotify_quarantine OWNER TO plain")
    done = processor.run(*COMMANDS[command][0])
    assert (done.returncode, done.stdout) == (3, "")
    assert "has spotify_quarantine of the role plain; triggers there would run with the rights of " in done.stderr
