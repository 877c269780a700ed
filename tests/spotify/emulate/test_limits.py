"""Tokens, the rolling window, bans and the log."""

from __future__ import annotations

import pytest

from spotify.emulate.web import Web


def test_a_token_is_needed_and_ends():
    web = Web(token_s=100.0)
    assert web.get("/search?type=track&q=nas").status == 200
    assert web.ask("/v1/tracks", authorization="").json["error"]["message"] == "No token provided"
    assert web.ask("/v1/tracks", authorization="Bearer other").status == 401
    web.clock.now_s += 100
    assert web.get("/search?type=track&q=nas").json["error"] == {"status": 401, "message": "The access token expired"}
    assert web.log_in().json["expires_in"] == 100
    assert web.get("/search?type=track&q=nas").status == 200


@pytest.mark.parametrize("authorization", ["", "Basic", "Basic !", "Basic Og==", "Bearer Y2xpZW50OmdlaGVpbQ=="])
def test_credentials_that_are_none(authorization: str):
    got = Web().ask("/api/token", "POST", b"grant_type=client_credentials", authorization)
    assert (got.status, got.json["error"]) == (400, "invalid_client")


def test_only_the_given_secret_is_accepted():
    web = Web(secret="geheim")
    assert web.log_in().status == 200
    assert web.log_in("anders").json["error"] == "invalid_client"
    assert web.ask("/api/token", "POST", b"grant_type=x", "Basic Y2xpZW50OmdlaGVpbQ==").status == 400
    assert web.ask("/api/token").status == 405


def test_the_window_rolls():
    web = Web(window=3, window_s=30.0)
    for _ in range(3):
        assert web.get("/search?type=track&q=nas").status == 200
        web.clock.now_s += 5
    limited = web.get("/search?type=track&q=nas")
    assert (limited.status, limited.headers["Retry-After"]) == (429, "15")
    web.clock.now_s += 14.9
    assert web.get("/search?type=track&q=nas").headers["Retry-After"] == "1"
    web.clock.now_s += 0.1
    assert web.get("/search?type=track&q=nas").status == 200
    assert web.get("/search?type=track&q=nas").headers["Retry-After"] == "5"


def test_each_client_has_a_window_and_a_log():
    web = Web(window=1)
    assert web.get("/artists?ids=").status == 400
    assert web.get("/artists").status == 429
    web.log_in(client="other")
    assert web.get("/artists").status == 400
    log = web.ask("/_log").json
    assert (log["client"]["requests"], log["client"]["most_in_window"], log["other"]["requests"]) == (2, 2, 1)
    assert [(entry["path"], entry["status"]) for entry in log["client"]["log"]] == [
        ("/api/token", 200),
        ("/v1/artists?ids=", 400),
        ("/v1/artists", 429),
    ]


def test_the_most_in_any_window_is_kept():
    web = Web()
    for count in (2, 5, 1):
        for _ in range(count):
            web.get("/artists")
        web.clock.now_s += 30
    assert web.ask("/_log").json["client"]["most_in_window"] == 5


def test_a_ban_grows_when_one_keeps_calling():
    web = Web(token_s=1e6)
    web.fault(kind="ban", ban_s=3600)
    assert web.get("/artists").headers["Retry-After"] == "3600"
    assert web.get("/artists").headers["Retry-After"] == "7200"
    for _ in range(5):
        assert web.get("/artists").status == 429
    assert web.get("/artists").headers["Retry-After"] == "86400"
    web.clock.now_s += 86_400
    assert web.get("/artists").status == 400


def test_a_ban_of_the_script_grows_a_ban_that_is_active():
    web = Web(token_s=1e6)
    web.fault(times=3, kind="ban", ban_s=60)
    assert [web.get("/artists").headers["Retry-After"] for _ in range(4)] == ["60", "120", "240", "480"]
    web.clock.now_s += 480
    web.fault(kind="ban", ban_s=60)
    assert web.get("/artists").headers["Retry-After"] == "60"


def test_latency_comes_before_each_answer():
    web = Web(latency_ms=80.0)
    web.get("/artists")
    assert web.clock.waits == [0.08, 0.08]


def test_the_quota_of_a_day_is_shared_by_all_clients():
    web = Web(quota=3, token_s=1e6)
    assert [web.get("/artists").status for _ in range(2)] == [400, 400]
    web.log_in(client="other")
    assert web.get("/artists").status == 400
    refused = web.get("/artists")
    assert (refused.status, refused.json["error"]["reason"]) == (429, "QUOTA_EXCEEDED")
    assert "Retry-After" not in refused.headers
    web.clock.now_s += 24 * 3600
    assert web.get("/artists").status == 400


def test_what_the_window_refuses_costs_no_quota():
    web = Web(window=1, quota=2)
    assert [web.get("/artists").status for _ in range(3)] == [400, 429, 429]
    web.clock.now_s += 30
    assert web.get("/artists").status == 400
    web.clock.now_s += 30
    assert web.get("/artists").json["error"]["reason"] == "QUOTA_EXCEEDED"
