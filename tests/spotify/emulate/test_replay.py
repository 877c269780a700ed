"""A run is recorded, and played again without the emulator's own cost."""

from __future__ import annotations

import signal
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from boombap.errors import ExternalError, UsageError
from boombap.server.answer import answer
from boombap.spotify.emulate.replay import Recorder, Replay, read_record
from spotify.emulate.web import Web, ask

if TYPE_CHECKING:
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment


def test_a_replay_gives_what_was_recorded(tmp_path: Path):
    path, web = str(tmp_path / "run.jsonl"), Web()
    song = web.song_ids()[0]
    paths = [f"/v1/tracks?ids={song}", "/v1/search?type=track&q=nas%20verse", "/v1/tracks?ids=short", "/v1/shows"]
    web.fault("shows", kind="html", headers={"Retry-After": "7"})
    with Recorder(web.app, path) as recorder:
        first = [ask(recorder, each, authorization=f"Bearer {web.token}") for each in paths]
        assert ask(recorder, "/_log").status == 200
    replay = Replay(read_record(path))
    again = [ask(replay, each) for each in paths]
    assert [(got.status, got.body) for got in again] == [(got.status, got.body) for got in first]
    assert again[0].headers["Content-Length"] == str(len(again[0].body))
    assert (again[3].headers["Content-Type"], again[3].headers["Retry-After"]) == ("text/html", "7")
    assert ask(replay, "/_log").status == 501


def test_several_responses_to_one_request_come_in_their_order(tmp_path: Path):
    path, web = str(tmp_path / "run.jsonl"), Web()
    web.fault(status=503)
    with Recorder(web.app, path) as recorder:
        assert [ask(recorder, "/v1/artists", authorization="").status for _ in range(2)] == [503, 401]
    replay = Replay(read_record(path))
    assert [ask(replay, "/v1/artists").status for _ in range(3)] == [503, 401, 401]
    assert ask(replay, "/v1/artists", "POST").status == 501


def test_what_was_not_recorded_is_not_called_missing(tmp_path: Path):
    path = tmp_path / "run.jsonl"
    path.write_text('{"request": "GET /v1/x", "status": 200, "headers": {}, "body": "{}"}\n')
    got = ask(Replay(read_record(str(path))), "/v1/tracks/other")
    assert (got.status, got.json["error"]["message"]) == (501, "this request was not recorded")


def sends_bytes(_: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    return answer(start, 200, b"\xff\x00")


def test_a_body_that_is_not_text_and_a_connection_that_broke(tmp_path: Path):
    path, web = str(tmp_path / "run.jsonl"), Web()
    with Recorder(sends_bytes, path) as recorder:
        ask(recorder, "/v1/bytes")
        recorder._app = web.app
        web.fault(kind="reset")
        with pytest.raises(ConnectionResetError):
            ask(recorder, "/v1/broken")
    record = read_record(path)
    assert list(record) == ["GET /v1/bytes"]
    assert ask(Replay(record), "/v1/bytes").body == b"\xff\x00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"request": "GET /"}',
        '{"request": "GET /", "status": 200, "headers": {}, "body": 1}',
        '{"request": "GET /", "status": 200, "headers": {}, "body": "", "times": 2}',
    ],
)
def test_files_that_are_not_a_record(tmp_path: Path, text: str):
    path = tmp_path / "run.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"run\.jsonl"):
        read_record(str(path))


def test_a_record_that_cannot_be_written(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be written"):
        Recorder(Web().app, str(tmp_path / "none" / "run.jsonl"))
    with pytest.raises(UsageError, match="cannot be read"):
        read_record(str(tmp_path / "none.jsonl"))


def test_a_full_disk_is_not_a_complete_record():
    with (
        pytest.raises(ExternalError, match="/dev/full is not complete: No space left"),
        Recorder(Web().app, "/dev/full") as recorder,
    ):
        ask(recorder, "/v1/artists")


def test_options_that_a_replay_does_not_follow(tmp_path: Path, boombap: Any):
    path = tmp_path / "run.jsonl"
    path.write_text('{"request": "GET /v1/x", "status": 200, "headers": {}, "body": "{}"}\n')
    done = boombap("spotify", "emulate", "--replay", str(path), "--fault-rate", "5")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--fault-rate has no effect with --replay" in done.stderr


def test_the_command_records_and_replays(tmp_path: Path, start_boombap: Any):
    path = str(tmp_path / "run.jsonl")

    def asked(*options: str) -> tuple[int, bytes]:
        child = start_boombap("spotify", "emulate", *options)
        with closing(HTTPConnection(child.stdout.readline().strip().removeprefix("http://"), timeout=10)) as connection:
            connection.request("GET", "/v1/artists")
            response = connection.getresponse()
            answered = (response.status, response.read())
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
        return answered

    recorded = asked("--tracks", "3", "--record", path, "--fault-rate", "100", "--seed", "2")
    assert asked("--replay", path) == recorded
    assert list(read_record(path)) == ["GET /v1/artists"]
