"""The audit of both tables as a process: metadata in `tracks`, and matches that `tracks` does not show."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from spotify.commands.test_batch import Processor
from spotify.upstream import id_of, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache
    from databases import Database


@pytest.fixture
def platform(database: Database, cache: Cache, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    """Rows of one artist without metadata, and the tables of the processor, empty."""
    with upstream() as web:
        database.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL")
        with closing(Session(database.target(), Limits(), Interrupt())) as session:
            schema.prepare(session)
        yield Processor(web, database, cache, boombap, start_boombap)


@pytest.fixture
def processor(platform: Processor) -> Processor:
    """Four rows without metadata, and their matches: right, wrong, chosen and wrong, and without a stored track."""
    platform.delete("id > 4")
    platform.database.run(
        """
        INSERT INTO spotify_artists (id, name) VALUES ('nas', 'Nas'), ('abba', 'Abba');
        INSERT INTO spotify_tracks (id, name, artist_ids)
            SELECT lpad(id::text, 22, '0'), title, ARRAY[CASE id WHEN 1 THEN 'nas' ELSE 'abba' END]
            FROM tracks WHERE id < 4;
        INSERT INTO spotify_matches (track_id, outcome, spotify_id, score, reasons, artist, title)
            SELECT id, 'matched', lpad(id::text, 22, '0'), 1,
                ARRAY[CASE id WHEN 3 THEN 'chosen' ELSE 'title' END], artist, title
            FROM tracks
        """
    )
    return platform


def audited(processor: Processor, *words: str, code: int) -> dict[str, Any]:
    done = processor.run("audit", *words, "--format", "json")
    assert done.returncode == code, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def matched(database: Database) -> list[int]:
    return [row["track_id"] for row in database.run("SELECT track_id FROM spotify_matches ORDER BY track_id")]


def test_matches_that_tracks_does_not_show_are_judged(processor: Processor):
    answer = audited(processor, code=1)
    assert answer["verdicts"] == {"right": 1, "wrong": 1, "chosen": 1, "unstored": 1}
    (wrong,) = answer["wrong"]
    assert (wrong["key"], wrong["spotify_id"], wrong["source"]) == (2, id_of(2), "spotify_matches")
    assert "1 matches were not judged: no table has their track" in processor.run("audit").stdout


def test_a_wrong_match_is_taken_out_and_kept(processor: Processor):
    assert audited(processor, "--apply", code=0)["quarantined"] == 1
    assert matched(processor.database) == [1, 3, 4]
    (kept,) = processor.database.run("SELECT track_id, spotify_data ->> 'name' AS name FROM spotify_quarantine")
    assert kept == {"track_id": 2, "name": "Song 2"}
    assert audited(processor, "--apply", code=0)["quarantined"] == 0


def test_a_verdict_about_other_words_is_not_judged(processor: Processor):
    processor.database.run("UPDATE tracks SET title = 'Another' WHERE id = 2")
    assert "wrong" not in audited(processor, code=0)["verdicts"]


def test_a_match_beside_other_metadata_is_judged_for_itself(processor: Processor):
    """Wrong metadata goes, the right match stays, and fills the row again."""
    processor.database.run(
        """
        UPDATE tracks SET spotify_data = '{"track_id": "zzzzzzzzzzzzzzzzzzzzzz", "artists": [{"name": "Abba"}]}'
        WHERE id = 1
        """
    )
    answer = audited(processor, "--apply", code=0)
    assert [(row["key"], row["source"]) for row in answer["wrong"]] == [(1, "spotify_data"), (2, "spotify_matches")]
    assert answer["quarantined"] == 2
    assert matched(processor.database) == [1, 3, 4]


@pytest.fixture
def doubtful(platform: Processor) -> Processor:
    """100 rows of the artist's own id, 40 with copied names and a host's, and 20 demos that may be another version."""
    platform.delete("id > 160")
    platform.database.run(
        """
        UPDATE tracks SET spotify_data = jsonb_build_object(
            'id', lpad(id::text, 22, '0'), 'name', title, 'artists',
            jsonb_build_array(jsonb_build_object('name', artist, 'id', CASE WHEN id > 40 THEN 'nas' ELSE 'host' END)));
        UPDATE tracks SET title = title || ' (Demo)', spotify_data = spotify_data - '{id,name}'::text[]
            || jsonb_build_object('track_id', spotify_data -> 'id')
        WHERE id BETWEEN 41 AND 60
        """
    )
    return platform


def asked(processor: Processor) -> int:
    return processor.web.count("/v1")


def test_nothing_is_asked_without_verify(doubtful: Processor):
    answer = audited(doubtful, code=0)
    assert (answer["verdicts"]["doubtful"], answer["verification"], asked(doubtful)) == (60, None, 0)
    done = doubtful.run("audit", "--tracks", "5")
    assert (done.returncode, "--tracks goes with --verify" in done.stderr) == (2, True)


def test_fifty_doubtful_tracks_cost_one_request(doubtful: Processor):
    answer = audited(doubtful, "--verify", code=1)
    assert answer["verification"] == {
        "mode": "extended",
        "tracks": 50,
        "requests": 1,
        "answered": 50,
        "unknown": 0,
        "unanswered": 0,
        "ended_by": None,
        "retry_after_s": 0.0,
    }
    assert asked(doubtful) == 1
    assert answer["verdicts"] == {"right": 40, "wrong": 10, "doubtful": 10, "unchecked": 100}
    assert answer["reasons"] == {"version_differs": 10}


def test_what_spotify_said_is_not_asked_again(doubtful: Processor):
    audited(doubtful, "--verify", "--tracks", "60", code=1)
    assert asked(doubtful) == 2
    assert audited(doubtful, "--verify", "--apply", code=0)["quarantined"] == 20
    assert asked(doubtful) == 2


def test_the_text_says_what_it_cost(doubtful: Processor):
    done = doubtful.run("audit", "--verify")
    assert "asking Spotify about 50 tracks: 1 requests in extended mode" in done.stderr
    assert "with 1 requests about 50 tracks: 50 answered, 0 unknown to Spotify" in done.stdout


def test_development_mode_asks_one_by_one_and_says_so_before(doubtful: Processor):
    doubtful.web.trick = lambda asked: (403, {"error": {"message": "Forbidden"}}) if asked.ids != [""] else None
    done = doubtful.run("audit", "--verify", "--tracks", "5", "--format", "json")
    found = json.loads(done.stdout)["verification"]
    assert (found["mode"], found["requests"], found["answered"]) == ("development", 6, 5)
    assert "asking Spotify about 5 tracks: 5 requests in development mode" in done.stderr
    known = doubtful.run("audit", "--verify", "--tracks", "5", "--format", "json", BOOMBAP_SPOTIFY_MODE="development")
    assert json.loads(known.stdout)["verification"]["requests"] == 5


def test_an_id_that_spotify_does_not_know_is_wrong(doubtful: Processor):
    doubtful.web.trick = lambda asked: (200, {"tracks": [None] * len(asked.ids)}) if asked.ids != [""] else None
    answer = audited(doubtful, "--verify", "--tracks", "3", "--apply", code=0)
    assert (answer["verification"]["unknown"], answer["quarantined"]) == (3, 3)
    assert answer["reasons"] == {"unknown_id": 3}


def test_an_answer_that_cannot_be_read_decides_nothing(doubtful: Processor):
    broken = {"tracks": [{"id": id_of(1)}, {"id": id_of(2)}]}
    doubtful.web.trick = lambda asked: (200, broken) if asked.ids != [""] else None
    done = doubtful.run("audit", "--verify", "--tracks", "2", "--format", "json")
    found = json.loads(done.stdout)
    assert (found["verification"]["unanswered"], found["verdicts"]["doubtful"]) == (2, 60)


def test_a_ban_ends_the_verification_and_not_the_audit(doubtful: Processor):
    limited = (429, {"error": {"status": 429, "message": "limit"}}, {"Retry-After": "7200"})
    doubtful.web.trick = lambda asked: limited if asked.number > 1 and asked.path == "/v1/tracks" else None
    for requests in (2, 0):
        answer = audited(doubtful, "--verify", "--tracks", "60", code=75)
        found = answer["verification"]
        assert (found["requests"], found["retry_after_s"] > 7000) == (requests, True)
        # The first answer is kept: only ten tracks are asked about the second time.
        assert (found["answered"], found["unanswered"]) == ((50, 10) if requests else (0, 10))
        assert answer["verdicts"]["doubtful"] == 10


def test_a_match_without_a_stored_track_is_verified(processor: Processor):
    answer = audited(processor, "--verify", code=1)
    assert answer["verdicts"] == {"right": 2, "wrong": 1, "chosen": 1}
    processor.database.run("UPDATE tracks SET title = 'Another' WHERE id = 4")
    processor.database.run(
        "UPDATE spotify_matches SET title = 'Another' WHERE track_id = 4; DELETE FROM spotify_tracks"
    )
    assert audited(processor, "--verify", "--apply", code=0)["quarantined"] == 1
    (kept,) = processor.database.run("SELECT track_id, spotify_data ->> 'name' AS name FROM spotify_quarantine")
    assert kept == {"track_id": 4, "name": "Song 4"}
