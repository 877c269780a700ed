from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.clients.http.exchange import Failure, Request, Response
from boombap.errors import ExternalError, TimedOut, Unavailable
from boombap.spotify.model import ApiRequest, Endpoint, Rejection
from boombap.spotify.webapi.decode import Decoded
from boombap.spotify.webapi.endpoints import Absent, Doubtful, Expired, http_request, path, read, reason
from boombap.spotify.webapi.rate_limit import Limited
from spotify.documents import ID, response, track

ONE = ApiRequest(Endpoint.TRACKS, ids=(ID(1),))
ERROR = {"error": {"status": 429, "message": "API rate limit exceeded"}}


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (ApiRequest(Endpoint.TRACKS, ids=("a", "b")), "/tracks?ids=a,b"),
        (ApiRequest(Endpoint.TRACK, ids=("a",)), "/tracks/a"),
        (ApiRequest(Endpoint.ALBUM_TRACKS, ids=("a",), limit=50), "/albums/a/tracks?limit=50"),
        (
            ApiRequest(Endpoint.ARTIST_ALBUMS, ids=("a",), limit=10, offset=20, groups="album,single"),
            "/artists/a/albums?include_groups=album%2Csingle&limit=10&offset=20",
        ),
        (
            ApiRequest(Endpoint.SEARCH_ARTISTS, query="AC/DC & more", limit=5),
            "/search?type=artist&q=AC%2FDC%20%26%20more&limit=5",
        ),
        (ApiRequest(Endpoint.TRACK, ids=("../me?x=1",)), "/tracks/..%2Fme%3Fx%3D1"),
    ],
)
def test_an_ask_has_one_path(ask: ApiRequest, expected: str):
    assert path(ask) == expected


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=300))
def test_any_title_comes_through_an_address(title: str):
    found = http_request(ApiRequest(Endpoint.SEARCH_TRACKS, query=title, limit=10), "https://api.example.org/v1", ())
    assert found.url.isascii()
    assert found.url.isprintable()
    assert parse_qs(urlsplit(found.url).query)["q"] == [title]


def test_the_ask_comes_back_with_the_answer():
    assert http_request(ONE, "https://api.example.org/v1", ("a: b",)).tag is ONE


def test_a_success_is_decoded():
    found = read(ONE, response({"tracks": [track(1)]}), 0)
    assert isinstance(found, Decoded)
    assert found.response.tracks[0].name == "Track 1"


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("3", 3),
        ("43200", 43200),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 45),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_wait_that_a_limit_names(retry_after: str, seconds: float | None):
    found = read(ONE, response(ERROR, 429, Retry_After=retry_after), 15)
    assert isinstance(found, Limited)
    assert found.retry_after_s == seconds
    assert not found.is_quota


def test_a_limit_without_a_wait_and_with_html():
    found = read(ONE, response(b"<html>Too many requests</html>", 429), 0)
    assert isinstance(found, Limited)
    assert found.retry_after_s is None


def test_a_quota_is_told_from_a_rate():
    body = {"error": {"status": 429, "message": "quota", "reason": "QUOTA_EXCEEDED"}}
    found = read(ONE, response(body, 429), 0)
    assert isinstance(found, Limited)
    assert found.is_quota


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (403, Endpoint.TRACKS, Rejection.FORBIDDEN),
        (418, Endpoint.TRACK, Rejection.FAILED),
        (302, Endpoint.TRACK, Rejection.FAILED),
        (204, Endpoint.TRACK, Rejection.FAILED),
    ],
)
def test_refusals(status: int, kind: Endpoint, expected: Rejection):
    assert read(ApiRequest(kind, ids=("a",)), response(b"", status), 0) is expected


@pytest.mark.parametrize(
    ("ids", "text", "expected"),
    [
        (("a",), "Invalid base62 id", Rejection.NOT_FOUND),
        (("a",), "invalid id", Rejection.NOT_FOUND),
        (("a", "b"), "Bad request", Rejection.FAILED),
        (("a", "b"), "Invalid base62 id", Rejection.FAILED),
    ],
)
def test_an_invalid_id_is_told_from_a_bad_request(ids: tuple[str, ...], text: str, expected: Rejection):
    body = {"error": {"status": 400, "message": text}}
    assert read(ApiRequest(Endpoint.TRACKS, ids=ids), response(body, 400), 0) is expected


@pytest.mark.parametrize(
    ("kind", "ids", "text"),
    [
        (Endpoint.TRACKS, ("a",), "Invalid market code"),
        (Endpoint.TRACK, ("a",), ""),
        (Endpoint.SEARCH_TRACKS, (), "Bad request"),
        (Endpoint.SEARCH_ARTISTS, (), "Bad request"),
        (Endpoint.ARTIST_ALBUMS, ("a",), "Bad request"),
    ],
)
def test_a_bad_request_for_one_thing_is_doubtful(kind: Endpoint, ids: tuple[str, ...], text: str):
    found = read(ApiRequest(kind, ids=ids), response({"error": {"status": 400, "message": text}}, 400), 0)
    assert type(found) is Doubtful
    assert found.rejection is Rejection.FAILED
    assert found.transient


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (response(b"<html>", 502), "/albums/{id}/tracks: status 502"),
        (response({"error": {"message": "Forbidden"}}, 403), "/albums/{id}/tracks: status 403 (Forbidden)"),
        (
            response({"error": {"message": f"Non existing id: 'spotify:album:{ID(1)}'"}}, 404),
            "/albums/{id}/tracks: status 404 (Non existing id: 'spotify:album:…')",
        ),
        (response(b'{"items": [{"id": "', 200), "/albums/{id}/tracks: not readable"),
        (Failure(Request("GET", "http://127.0.0.1"), TimedOut("after 20.1 s")), "/albums/{id}/tracks: timed out"),
        (Failure(Request("GET", "http://127.0.0.1"), ExternalError("libcurl error 99")), "/albums/{id}/tracks: failed"),
    ],
)
def test_a_reason_is_the_same_for_every_request_of_its_kind(answer: Response | Failure, expected: str):
    for id_ in (ID(1), ID(2)):
        assert reason(ApiRequest(Endpoint.ALBUM_TRACKS, ids=(id_,), limit=50), answer) == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (Endpoint.TRACK, "Resource not found", Absent),
        (Endpoint.TRACK, "", Absent),
        (Endpoint.TRACK, "Service not found", Unavailable),
        (Endpoint.TRACKS, "Resource not found", Unavailable),
        (Endpoint.SEARCH_TRACKS, "Resource not found", Unavailable),
    ],
)
def test_only_the_page_of_one_id_can_be_absent(kind: Endpoint, text: str, expected: type[Unavailable]):
    body = {"error": {"status": 404, "message": text}} if text else b""
    assert type(read(ApiRequest(kind, ids=("a",)), response(body, 404), 0)) is expected


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_server_that_cannot_serve_now_is_asked_again(status: int):
    found = read(ONE, response(b"<html>", status, Retry_After="2"), 0)
    assert isinstance(found, Unavailable)
    assert found.retry_after_s == 2


def test_a_token_that_has_ended():
    assert isinstance(read(ONE, response(b"{}", 401), 0), Expired)


def test_no_answer_is_its_error():
    error = TimedOut("late")
    assert read(ONE, Failure(Request("GET", "http://127.0.0.1"), error), 0) is error
