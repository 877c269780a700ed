"""A person's choice is stored with one request at most, and neither a batch nor an audit overturns it."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue.leases import Leases, Selection
from boombap.spotify.catalogue.writer import CatalogueWriter
from boombap.spotify.settings import FIELDS
from spotify.answers import a_match
from spotify.commands.test_batch import Processor
from spotify.documents import track
from spotify.upstream import Asked, id_of, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache
    from databases import Database

STRANGER = id_of(77)
"""A track whose title is not that of row 1."""


@pytest.fixture
def processor(database: Database, cache: Cache, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    database.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL")
    with upstream() as web:
        yield Processor(web, database, cache, boombap, start_boombap)


def chosen(processor: Processor, row: int = 1, track: str = STRANGER) -> dict[str, Any]:
    done = processor.run("choose", str(row), track, "--format", "json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def verdict(database: Database, row: int = 1) -> tuple[Any, ...]:
    (found,) = database.run(
        "SELECT spotify_id, score, reasons, outcome FROM spotify_matches WHERE track_id = %s", (row,)
    )
    return tuple(found.values())


def stored(database: Database, row: int = 1) -> Any:
    (found,) = database.run("SELECT spotify_data ->> 'id' AS id FROM tracks WHERE id = %s", (row,))
    return found["id"]


CHOSEN = (STRANGER, 1.0, ["chosen"], "matched")


def test_one_request_then_a_verdict_with_metadata(processor: Processor):
    answer = chosen(processor)
    assert answer["row"] == {"key": 1, "artist": "Nas", "title": "Song 1", "duration_ms": None}
    assert (answer["track"]["id"], answer["track"]["name"]) == (STRANGER, "Song 77")
    assert (answer["replaced"], answer["asked"]) == (None, True)
    assert verdict(processor.database) == CHOSEN
    assert stored(processor.database) == STRANGER
    assert [asked.path for asked in processor.web.log] == ["/api/token", f"/v1/tracks/{STRANGER}"]
    assert processor.leases() == 0


def test_a_known_track_is_not_asked_for(processor: Processor):
    chosen(processor)
    before = len(processor.web.log)
    answer = chosen(processor, 2)
    assert (answer["asked"], len(processor.web.log)) == (False, before)
    assert (verdict(processor.database, 2), stored(processor.database, 2)) == (CHOSEN, STRANGER)


def test_what_is_older_than_the_ttl_is_asked_for_again(processor: Processor):
    chosen(processor)
    processor.database.run("UPDATE spotify_tracks SET checked_on = current_date - 30")
    assert chosen(processor)["asked"]


def test_the_text_shows_both_side_by_side(processor: Processor):
    chosen(processor, track=id_of(5))
    done = processor.run("choose", "1", f"https://open.spotify.com/track/{STRANGER}?si=1f")
    assert done.stdout == (
        "                        artist  title    length\n"
        "row 1                   Nas     Song 1\n"
        f"{STRANGER}  Nas     Song 77  3 min 7 s\n"
        f"it replaces {id_of(5)}\n"
        "batch and audit keep it until the artist or title of row 1 changes\n"
    )


def test_a_batch_and_a_refresh_keep_the_choice(processor: Processor):
    chosen(processor)
    assert processor.batch("--tracks", "3")["tracks"] == 3
    processor.database.run("UPDATE spotify_matches SET checked_at = now() - interval '90 days' WHERE track_id = 1")
    processor.database.run("UPDATE tracks SET spotify_data = jsonb_set(spotify_data, '{name}', '\"old\"') WHERE id = 1")
    before = len(processor.web.log)
    done = processor.run("refresh", "--older-than", "30d", "--format", "json")
    assert json.loads(done.stdout)["outcomes"] == {"matched": 1}
    # By its id alone: words that do not fit would lead to a search.
    assert [asked.path for asked in processor.web.log[before:]] == ["/api/token", "/v1/tracks"]
    assert (verdict(processor.database), stored(processor.database)) == (CHOSEN, STRANGER)
    (row,) = processor.database.run("SELECT spotify_data ->> 'name' AS name FROM tracks WHERE id = 1")
    assert row["name"] == "Song 77"


def test_a_refresh_that_finds_nothing_keeps_the_choice(processor: Processor):
    chosen(processor)
    processor.database.run("UPDATE spotify_matches SET checked_at = now() - interval '90 days'")
    processor.web.trick = lambda asked: (200, {"tracks": [None]}) if asked.path == "/v1/tracks" else None
    assert processor.run("refresh", "--older-than", "30d").returncode == 0
    assert (verdict(processor.database), stored(processor.database)) == (CHOSEN, STRANGER)


def test_a_writer_of_another_verdict_keeps_the_choice(processor: Processor):
    chosen(processor)
    with processor.database.pool() as pool:
        CatalogueWriter(pool, fields=FIELDS).write([a_match(1), a_match(2)])
    assert (verdict(processor.database), stored(processor.database)) == (CHOSEN, STRANGER)
    assert verdict(processor.database, 2)[2] == ["isrc", "title"]


def test_words_that_change_end_the_choice(processor: Processor):
    chosen(processor)
    processor.delete("id > 3")
    processor.database.run("UPDATE tracks SET title = 'Song 9' WHERE id = 1")
    assert processor.batch()["outcomes"] == {"matched": 3}
    assert (verdict(processor.database)[0], stored(processor.database)) == (id_of(9), id_of(9))


def test_an_audit_counts_the_choice_and_keeps_it(processor: Processor):
    chosen(processor)
    processor.database.run("UPDATE tracks SET spotify_data = jsonb_build_object('id', 'x') WHERE id = 2")
    done = processor.run("audit", "--apply", "--format", "json")
    answer = json.loads(done.stdout)
    assert (answer["verdicts"], answer["quarantined"]) == ({"chosen": 1, "unreadable": 1}, 1)
    assert (verdict(processor.database), stored(processor.database)) == (CHOSEN, STRANGER)


def test_an_audit_takes_out_foreign_metadata_and_not_the_choice(processor: Processor):
    chosen(processor)
    processor.database.run("UPDATE tracks SET spotify_data = jsonb_build_object('id', 'x') WHERE id = 1")
    assert processor.run("audit", "--apply").returncode == 0
    assert (verdict(processor.database), stored(processor.database)) == (CHOSEN, None)
    processor.batch("--tracks", "1")
    assert stored(processor.database) == STRANGER


def test_a_row_that_somebody_works_on_is_left(processor: Processor):
    chosen(processor)
    limits = Limits(statement_ms=10_000, lock_ms=10_000)
    with closing(Session(processor.database.target(), limits, Interrupt())) as session:
        leases = Leases(session, Selection(asked=(1,)))
        next(leases.chunks())
        done = processor.run("choose", "1", id_of(5))
    assert (done.returncode, done.stdout) == (75, "")
    assert done.stderr == "boombap spotify: a running batch works on row 1; try again when it is done\n"
    assert verdict(processor.database) == CHOSEN
    # The lease ended with its session.
    assert chosen(processor, track=id_of(5))["replaced"] == STRANGER


def test_a_row_that_changes_meanwhile_is_not_said_to_be_chosen(processor: Processor):
    def trick(asked: Asked) -> Any:
        if asked.path.startswith("/v1/tracks/"):
            processor.database.run("UPDATE tracks SET title = 'Another' WHERE id = 1")

    processor.web.trick = trick
    done = processor.run("choose", "1", STRANGER)
    assert (done.returncode, done.stdout) == (3, "")
    assert "row 1 was changed meanwhile; look at it and choose again" in done.stderr
    assert stored(processor.database) is None


@pytest.mark.parametrize(
    ("row", "track_id", "code", "message"),
    [
        ("999999", STRANGER, 3, "tracks has no row 999999 at "),
        ("1", "Halftime", 2, "'Halftime' is not a track; write 22 letters and digits"),
        ("1", f"spotify:album:{STRANGER}", 2, f"'spotify:album:{STRANGER}' names an album, not a track"),
        ("0", STRANGER, 2, "ROW: '0' is not a whole number from 1 to "),
    ],
)
def test_what_does_not_exist_is_named(processor: Processor, row: str, track_id: str, code: int, message: str):
    done = processor.run("choose", row, track_id)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not processor.web.log


@pytest.mark.parametrize("status", [404, 400])
def test_a_track_that_spotify_does_not_know(processor: Processor, status: int):
    body = {"error": {"status": status, "message": "Invalid base62 id"}}
    processor.web.trick = lambda asked: (status, body) if asked.path.startswith("/v1/tracks/") else None
    done = processor.run("choose", "1", STRANGER)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"Spotify has no track {STRANGER}" in done.stderr
    assert processor.outcomes() == {}
    assert processor.web.count("/v1") == (2 if status == 404 else 1)


def test_a_relinked_track_is_stored_under_the_id_that_spotify_gave(processor: Processor):
    relinked = track(9, id=id_of(9), linked_from={"id": STRANGER})
    processor.web.trick = lambda asked: (200, relinked) if asked.path.startswith("/v1/tracks/") else None
    done = processor.run("choose", "1", STRANGER)
    assert f"Spotify has {STRANGER} under this id now\n" in done.stdout
    assert verdict(processor.database)[0] == id_of(9)


def test_without_the_table(processor: Processor):
    processor.database.run("ALTER TABLE tracks RENAME TO songs")
    done = processor.run("choose", "1", STRANGER)
    assert (done.returncode, done.stdout) == (3, "")
    assert "no table tracks at " in done.stderr


def test_a_refresh_in_development_mode_keeps_the_choice(processor: Processor):
    chosen(processor)
    processor.database.run("UPDATE spotify_matches SET checked_at = now() - interval '90 days' WHERE track_id = 1")
    before = len(processor.web.log)
    done = processor.run("refresh", "--older-than", "30d", BOOMBAP_SPOTIFY_MODE="development")
    assert done.returncode == 0, done.stderr
    assert not [asked.path for asked in processor.web.log[before:] if asked.path == "/v1/search"]
    assert (verdict(processor.database), stored(processor.database)) == (CHOSEN, STRANGER)
    assert not processor.database.run("SELECT FROM spotify_matches WHERE checked_at < now() - interval '1 day'")
