"""The fault script, and what each kind of trouble looks like."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import orjson
import pytest

from boombap.errors import UsageError
from boombap.spotify.emulate.faults import parse, read_file
from boombap.spotify.emulate.random_faults import random_faults
from boombap.spotify.model import Mode
from spotify.emulate.web import Web

if TYPE_CHECKING:
    from pathlib import Path


def test_the_nth_and_those_that_follow():
    web = Web()
    web.fault("^/v1/artists", nth=2, times=2, kind="json", status=503)
    assert [web.get("/artists").status for _ in range(5)] == [400, 503, 503, 400, 400]
    assert web.ask("/_faults").json == [{"match": "^/v1/artists", "kind": "json", "seen": 5, "struck": 2}]
    assert web.get("/albums").status == 400


def test_all_that_follow():
    web = Web()
    web.fault(times=0, status=403)
    assert {web.get("/artists").status for _ in range(5)} == {403}


def test_the_token_endpoint_has_trouble_too():
    web = Web()
    web.fault("^/api/token", status=500)
    assert (web.log_in().status, web.log_in().status) == (500, 200)


@pytest.mark.parametrize("after", ["3", "-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", None])
def test_retry_after_is_any_text_or_none(after: str | None):
    web = Web()
    web.fault(kind="json", status=429, headers={"Retry-After": after} if after else {})
    got = web.get("/artists")
    assert (got.status, got.headers.get("Retry-After")) == (429, after)


def test_quota():
    web = Web()
    web.fault(kind="quota")
    got = web.get("/artists")
    assert (got.status, got.json["error"]["reason"]) == (429, "QUOTA_EXCEEDED")


def test_bodies_that_are_no_json():
    web = Web()
    path = f"/tracks?ids={web.song_ids()[0]}"
    whole = web.get(path).body
    web.fault(kind="html")
    got = web.get(path)
    assert (got.status, got.headers["Content-Type"]) == (502, "text/html")
    for kind in ("malformed", "truncated"):
        web.fault(kind=kind)
        got = web.get(path)
        assert got.status == 200
        assert got.body[:20] == whole[:20]
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(got.body)
    assert web.get(path).body == whole


def test_nulls():
    web = Web()
    one = web.song_ids()[0]
    web.fault(kind="null", times=2)
    assert web.get(f"/tracks?ids={one},{one}").json == {"tracks": [None, None]}
    assert web.get(f"/tracks/{one}").status == 404


@pytest.mark.parametrize("mode", Mode)
def test_relinked(mode: Mode):
    web = Web(mode=mode)
    one = web.song_ids()[0]
    web.fault(kind="relink")
    track = web.get(f"/tracks/{one}").json
    assert track["id"] != one
    assert track["uri"] == f"spotify:track:{track['id']}"
    assert track.get("linked_from", {}).get("id") == (one if mode is Mode.EXTENDED else None)


def test_slow():
    web = Web()
    web.fault(kind="slow", delay_ms=1_500)
    assert web.get("/artists").status == 400
    assert web.clock.waits == [1.5]


def test_files(tmp_path: Path):
    toml, text = tmp_path / "f.toml", tmp_path / "f.json"
    toml.write_text('[[fault]]\nmatch = "^/v1"\nthen = {kind = "ban", ban_s = 60}\n')
    text.write_text('{"fault": [{"match": "^/v1", "then": {"kind": "ban", "ban_s": 60}}]}')
    assert read_file(str(toml)) == read_file(str(text))
    text.write_text("{")
    for path in (str(text), str(tmp_path / "none.json")):
        with pytest.raises(UsageError, match=r"f\.json is not a fault script|none\.json cannot be read"):
            read_file(path)


@pytest.mark.parametrize(
    "found",
    [
        {},
        [1],
        [{"then": {}, "often": 1}],
        [{"match": "x"}],
        [{"match": "(", "then": {}}],
        [{"nth": -1, "then": {}}],
        [{"times": "2", "then": {}}],
        [{"then": {"kind": "flood"}}],
        [{"then": {"status": 99}}],
        [{"then": {"headers": {"A": "x\r\nB: y"}}}],
        [{"then": {"delay_ms": -1}}],
        [{"rate": 1.5, "then": {}}],
        [{"rate": True, "then": {}}],
        [{"rate": 0.5, "seed": "x", "then": {}}],
    ],
)
def test_scripts_that_are_none(found: object):
    with pytest.raises(UsageError):
        parse(found)
    web = Web()
    assert web.ask("/_faults", "POST", orjson.dumps(found)).status == 400
    assert web.ask("/_faults").json == []
    assert web.ask("/_faults", "POST", b"{").status == 400


def test_a_rate_strikes_its_share_and_the_same_requests_whatever_their_order():
    paths = [f"/v1/artists?ids={number}" for number in range(1_000)]

    def struck(order: list[str], seed: int) -> set[str]:
        web = Web()
        script = [{"match": "^/v1", "rate": 0.2, "seed": seed, "then": {"status": 503}}]
        assert web.ask("/_faults", "POST", orjson.dumps(script)).status == 200
        return {path for path in order if web.ask(path).status == 503}

    first = struck(paths, 1)
    assert 150 < len(first) < 250
    assert struck(paths[::-1], 1) == first
    assert struck(paths, 2) != first


def test_a_rate_draws_again_when_a_request_comes_again():
    web = Web()
    web.fault(rate=0.5, times=10)
    statuses = [web.get("/artists").status for _ in range(100)]
    assert statuses.count(500) == 10
    assert 400 in statuses[: statuses.index(500) + 20]


def test_a_body_may_come_slowly():
    web = Web()
    whole = web.get(f"/tracks?ids={web.song_ids()[0]}").body
    web.fault(kind="drip", delay_ms=400)
    assert web.get(f"/tracks?ids={web.song_ids()[0]}").body == whole
    assert web.clock.waits == [0.4]


@pytest.mark.parametrize(("status", "title"), [(502, b"502 Bad Gateway"), (504, b"504 Gateway Timeout")])
def test_html_names_its_status(status: int, title: bytes):
    web = Web()
    web.fault(kind="html", status=status)
    assert title in web.get("/artists").body


def test_random_faults_strike_about_their_rate():
    web = Web()
    web.app.script.set(random_faults(0.2, 3))
    one, other = web.song_ids()[:2]
    for _ in range(1_000):
        with contextlib.suppress(ConnectionResetError):
            web.get(f"/tracks?ids={one},{other}")
    struck = [fault["struck"] for fault in web.ask("/_faults").json]
    assert all(struck)
    assert 130 < sum(struck) < 270
