"""The plain way to fill in metadata, beside the native decoding and matching on the emulator's answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from boombap.config.secret import Secret
from boombap.errors import AccessDenied, Disconnected, ExternalError, Interrupted, RetryLater, Unavailable, Unreachable
from boombap.interrupt import Interrupt
from boombap.server.serve import running
from boombap.spotify.classic import access_token, fill, search
from boombap.spotify.emulate.app import App, Settings
from boombap.spotify.matching.match import match
from boombap.spotify.model import ApiRequest, Endpoint, Outcome, Track, TrackQuery
from boombap.spotify.webapi.decode import decode
from boombap.spotify.webapi.endpoints import path
from servers import free_port
from spotify.emulate.web import a_catalogue
from spotify.upstream import upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Database

VERSE = TrackQuery(1, "Nas", "Verse 7")
SECRET = Secret("Geheimnis-4711")


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    with running(App(a_catalogue(), Settings(secret=SECRET.reveal()))) as server:
        yield server.url


@pytest.fixture(scope="module")
def token(emulator: str) -> str:
    return access_token(emulator, "client", SECRET)


def found_by_native(url: str, token: str, wanted: TrackQuery) -> list[Track]:
    request = ApiRequest(Endpoint.SEARCH_TRACKS, query=f"track:{wanted.title} artist:{wanted.artist}", limit=10)
    headers = {"Authorization": f"Bearer {token}"}
    with urlopen(Request(f"{url}/v1{path(request)}", headers=headers)) as response:
        return [track for track in decode(request, response.read()).response.tracks if track]


@pytest.mark.parametrize(
    ("artist", "title"), [("Nas", "Verse 7"), ("nas", "VERSE 31"), ("Curren$y", "Breakfast"), ("André 3000", "Hey Ya!")]
)
def test_exact_names_are_the_same_match_for_both_engines(emulator: str, token: str, artist: str, title: str) -> None:
    wanted = TrackQuery(1, artist, title)
    classic, native = search(f"{emulator}/v1", token, wanted), match(wanted, found_by_native(emulator, token, wanted))
    assert (classic.outcome, native.outcome) == (Outcome.MATCHED, Outcome.MATCHED)
    assert classic.track == native.track


def test_other_spellings_are_matched_by_the_native_engine_only(emulator: str, token: str) -> None:
    wanted = TrackQuery(1, "E-40", "Tell Me When to Go (feat. Too $hort)")
    assert match(wanted, found_by_native(emulator, token, TrackQuery(1, "E-40", "Tell Me When"))).outcome == "matched"
    assert search(f"{emulator}/v1", token, wanted).outcome is not Outcome.MATCHED


def test_the_first_of_other_tracks_is_no_match() -> None:
    with upstream() as web:
        verdict = search(f"{web.url}/v1", "t", TrackQuery(1, "Somebody", "Song 7"))
    assert (verdict.outcome, verdict.track and verdict.track.name) == (Outcome.AMBIGUOUS, "Song 7")


def test_nothing_is_not_found(emulator: str, token: str) -> None:
    assert search(f"{emulator}/v1", token, TrackQuery(1, "Nobody", "Zzz")).outcome is Outcome.NOT_FOUND


def test_matches_are_written_and_nothing_else(database: Database, emulator: str, token: str) -> None:
    database.run("UPDATE tracks SET spotify_data = NULL, artist = 'Nas', title = 'Verse ' || id WHERE id <= 3")
    database.run("UPDATE tracks SET title = 'Zzz', artist = 'Nobody' WHERE id = 2")
    before = database.run("SELECT id, spotify_data FROM tracks WHERE id > 3 OR id = 2 ORDER BY id")
    verdicts = list(fill(database.target(), f"{emulator}/v1", token, Interrupt(), 3))
    assert [verdict.wanted.key for verdict in verdicts] == [1, 2, 3]
    rows = database.run("SELECT id, spotify_data ->> 'id' AS found FROM tracks WHERE id IN (1, 3) ORDER BY id")
    assert [row["found"] for row in rows] == [verdicts[0].track.id, verdicts[2].track.id]  # type: ignore[union-attr]
    assert database.run("SELECT id, spotify_data FROM tracks WHERE id > 3 OR id = 2 ORDER BY id") == before


def test_the_rate_limit_ends_the_run_and_keeps_what_was_written(database: Database) -> None:
    database.run("UPDATE tracks SET spotify_data = NULL, artist = 'Nas', title = 'Song ' || id")
    with upstream() as web:
        web.trick = lambda asked: (429, {}, {"Retry-After": "7"}) if asked.number == 3 else None
        with pytest.raises(RetryLater) as caught:
            list(fill(database.target(), f"{web.url}/v1", "t", Interrupt(), 10))
    assert caught.value.retry_after_s == 7
    assert database.run("SELECT count(*) AS n FROM tracks WHERE spotify_data IS NOT NULL") == [{"n": 2}]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, {}), Unavailable),
        ((401, {}), AccessDenied),
        ((200, b"<html>"), Disconnected),
        ((200, []), Unavailable),
        ((200, {"tracks": {"items": [{"id": "x"}]}}), Unavailable),
    ],
)
def test_a_bad_answer_is_not_nothing(answer: Any, error: type[ExternalError]) -> None:
    with upstream() as web:
        web.trick = lambda _: answer
        with pytest.raises(error):
            search(f"{web.url}/v1", "t", VERSE)


def test_a_redirect_does_not_get_the_token() -> None:
    with upstream() as web, upstream() as stranger:
        web.trick = lambda _: (302, {}, {"Location": f"{stranger.url}/v1/search"})
        with pytest.raises(AccessDenied):
            search(f"{web.url}/v1", "t", VERSE)
        assert stranger.log == []


def test_a_refused_secret_and_a_server_that_is_not_there(emulator: str) -> None:
    with pytest.raises(ExternalError) as caught:
        access_token(emulator, "client", Secret("falsch-4711"))
    assert "4711" not in json.dumps(str(caught.value))
    with pytest.raises(Unreachable):
        access_token(f"http://127.0.0.1:{free_port()}", "client", SECRET)


def test_an_interrupted_run_asks_nothing(database: Database) -> None:
    database.run("UPDATE tracks SET spotify_data = NULL")
    interrupt = Interrupt()
    interrupt.set(2)
    with upstream() as web, pytest.raises(Interrupted):
        list(fill(database.target(), f"{web.url}/v1", "t", interrupt, 10))
    assert web.log == []
