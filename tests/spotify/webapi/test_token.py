from __future__ import annotations

import base64

import pytest

from boombap.clients.http.exchange import Failure, Request
from boombap.config.secret import Secret
from boombap.errors import AccessDenied, ConfigError, TimedOut, Unavailable
from boombap.spotify.settings import SpotifySettings
from boombap.spotify.webapi.rate_limit import Limited
from boombap.spotify.webapi.token import AccessToken, from_settings
from clocks import Clock
from spotify.documents import response

GOOD = {"access_token": "t0k3n", "token_type": "Bearer", "expires_in": 3600}


def access(clock: Clock) -> AccessToken:
    return AccessToken("id", Secret("s3cret"), "https://accounts.example.org", clock=clock)


def ready(clock: Clock) -> AccessToken:
    made = access(clock)
    made.request()
    made.update(response(GOOD))
    return made


def test_the_request_is_that_of_client_credentials():
    made = access(Clock()).request()
    assert (made.method, made.url) == ("POST", "https://accounts.example.org/api/token")
    assert made.body == b"grant_type=client_credentials"
    assert made.headers[0] == "Authorization: Basic " + base64.b64encode(b"id:s3cret").decode()
    assert "s3cret" not in repr(made)


def test_a_token_is_shared_until_it_ends():
    clock = Clock()
    one = ready(clock)
    headers = one.headers
    assert headers
    assert headers[0] == "Authorization: Bearer t0k3n"
    clock.sleep(3500)
    assert one.headers is headers
    clock.sleep(100)
    assert one.headers is None


def test_many_refusals_in_flight_end_one_token_once():
    one = ready(Clock())
    old = one.headers
    assert old
    for _ in range(150):
        one.reject(old)
    assert one.headers is None
    one.request()
    one.update(response(GOOD))
    one.reject(old)
    assert one.headers is not None
    assert one.renewals == 2


def test_new_tokens_that_are_refused_end_the_run():
    one = ready(Clock())
    for _ in range(2):
        assert one.headers
        one.reject(one.headers)
        one.update(response(GOOD))
    assert one.headers
    with pytest.raises(AccessDenied, match="every token"):
        one.reject(one.headers)


def test_a_success_between_makes_them_new():
    one = ready(Clock())
    for _ in range(9):
        assert one.headers
        one.reject(one.headers)
        one.update(response(GOOD))
        one.confirm()
    assert one.headers


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_credentials_say_so_at_once(status: int):
    with pytest.raises(AccessDenied, match="SPOTIFY_CLIENT_SECRET") as caught:
        access(Clock()).update(response({"error": "invalid_client"}, status))
    assert caught.value.exit_code == 3
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_endpoint_that_cannot_serve_now_is_asked_again(status: int):
    one = access(Clock())
    one.request()
    with pytest.raises(Unavailable):
        one.update(response(b"", status))
    assert not one.is_asking


def test_a_rate_limit_of_the_endpoint_is_told_as_one():
    with pytest.raises(Limited) as caught:
        access(Clock()).update(response(b"<html>", 429, Retry_After="3600"))
    assert caught.value.retry_after_s == 3600


def test_no_answer_is_its_error():
    with pytest.raises(TimedOut):
        access(Clock()).update(Failure(Request("GET", "http://127.0.0.1"), TimedOut("late")))


@pytest.mark.parametrize(
    "body", [b"<html>", {}, [], {"access_token": None}, {"access_token": "a\r\nb"}, {"access_token": ""}]
)
def test_an_answer_without_a_token_is_none(body: object):
    with pytest.raises(Unavailable, match="no token"):
        access(Clock()).update(response(body))


def test_without_credentials_nothing_is_tried():
    with pytest.raises(ConfigError, match="SPOTIFY_CLIENT_ID"):
        from_settings(SpotifySettings(client_id="only"))
