"""Names are matched against the tracks that are stored before Spotify is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from boombap.server.serve import running
from boombap.spotify.emulate.app import App, Settings
from boombap.spotify.emulate.catalogue import Shares, from_rows
from boombap.spotify.model import Mode
from spotify.commands.test_batch import TRACKS, Processor
from spotify.upstream import upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Database
    from spotify.upstream import Upstream


@pytest.fixture
def web() -> Iterator[Upstream]:
    with upstream() as made:
        yield made


@pytest.fixture
def processor(web: Upstream, database: Database, boombap: Any, start_boombap: Any) -> Processor:
    """All tracks are stored, the verdicts are gone, and of the rows only the names are known; without a cache."""
    database.run(
        "UPDATE tracks SET artist = 'Nas', title = 'Song ' || id,"
        " spotify_data = jsonb_build_object('id', lpad(id::text, 22, '0'))"
    )
    made = Processor(web, database, None, boombap, start_boombap)
    made.batch()
    database.run("TRUNCATE spotify_matches")
    database.run("UPDATE tracks SET spotify_data = NULL")
    web.log.clear()
    return made


def test_names_whose_tracks_are_stored_cost_no_request(processor: Processor):
    done = processor.batch()
    assert (done["requests"], done["stored_hits"], done["outcomes"]) == (0, TRACKS, {"matched": TRACKS})
    assert processor.web.log == []
    assert processor.filled() == TRACKS
    assert processor.leases() == 0


def test_tracks_of_an_earlier_version_are_found_too(processor: Processor):
    processor.database.run("UPDATE spotify_tracks SET name_hash = NULL")
    assert processor.batch()["requests"] == 0


def test_a_stored_track_is_no_newer_for_having_been_used(processor: Processor):
    processor.database.run("UPDATE spotify_tracks SET checked_on = '2020-01-01'")
    processor.batch()
    assert processor.database.run("SELECT DISTINCT checked_on::text FROM spotify_tracks") == [
        {"checked_on": "2020-01-01"}
    ]


def test_what_is_not_stored_is_asked_for(processor: Processor):
    processor.database.run("DELETE FROM spotify_tracks WHERE id = lpad('7', 22, '0')")
    processor.database.run("UPDATE tracks SET title = 'Song 8 (Live)' WHERE id = 8")
    done = processor.batch()
    assert done["stored_hits"] == TRACKS - 2
    assert {query for asked in processor.web.log for query in asked.query.get("q", [])} == {
        'track:"Song 7" artist:"Nas"',
        'track:"Song 8 Live" artist:"Nas"',
    }


def test_a_known_id_is_answered_by_its_own_track_only(processor: Processor):
    processor.database.run(
        "UPDATE tracks SET title = 'Song 1', spotify_data = '{\"id\": \"0000000000000000009999\"}' WHERE id = 2"
    )
    done = processor.batch()
    assert done["stored_hits"] == TRACKS - 1
    assert [asked.ids for asked in processor.web.log if asked.path == "/v1/tracks"] == [["0000000000000000009999"]]


def test_a_row_that_was_asked_for_is_asked_at_spotify(processor: Processor):
    processor.batch()
    processor.web.log.clear()
    done = processor.run("refresh", "--older-than", "0s", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert processor.web.count("/v1/tracks") == TRACKS / 50


def test_a_forgotten_match_does_not_come_back_from_the_tables(processor: Processor):
    processor.batch()
    assert processor.run("forget", "5").returncode == 0
    done = processor.batch()
    assert (done["tracks"], done["stored_hits"], processor.web.count("/v1/search")) == (1, 0, 1)


def test_the_siblings_on_an_album_spare_their_own_requests(database: Database, boombap: Any):
    songs = [(f"Artist {number % 40}", f"Song {number}", f"Album {number % 40}") for number in range(TRACKS)]
    database.run(
        "UPDATE tracks SET artist = 'Artist ' || (id - 1) %% 40, title = 'Song ' || id - 1,"
        " album = 'Album ' || (id - 1) %% 40, spotify_data = %s",
        (None,),
    )
    catalogue = from_rows([(*song, None) for song in songs], shares=Shares(0, 0))
    with running(App(catalogue, Settings(mode=Mode.DEVELOPMENT))) as server:
        processor = Processor(server, database, None, boombap, None)
        first = processor.batch("--tracks", "600")
        second = processor.batch()
    assert first["requests"] < 4 * 40
    # What the albums of the first run brought along is stored too.
    assert (second["tracks"], second["requests"], second["stored_hits"]) == (400, 0, 400)


def test_a_dry_run_uses_them_too(processor: Processor):
    done = processor.batch("--dry-run")
    assert (done["requests"], done["stored_hits"], processor.outcomes()) == (0, TRACKS, {})
