"""The command as a process, asked by the real client and by the processor itself."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.http.exchange import Request
from boombap.clients.http.multi import Client
from boombap.errors import OutsideError
from boombap.interrupt import Interrupt
from boombap.server.serve import running
from spotify.emulate.web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import Popen

    from boombap.clients.http.exchange import Response
    from databases import Database

ROWS = "artist,title,album,year\n" + "".join(f"Nas,Verse {word},Illmatic,1994\n" for word in ("one", "two", "red"))


@pytest.fixture
def start(start_boombap: Any) -> Iterator[Any]:
    started: list[Popen[str]] = []

    def begin(*words: str, **environment: str) -> tuple[Popen[str], str]:
        process = start_boombap("spotify", "emulate", *words, **environment)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield begin
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def settings(url: str) -> dict[str, str]:
    return {
        "SPOTIFY_CLIENT_ID": "client",
        "SPOTIFY_CLIENT_SECRET": "geheim",
        "BOOMBAP_SPOTIFY_BASE_URL": f"{url}/v1",
        "BOOMBAP_SPOTIFY_ACCOUNTS_URL": url,
    }


@pytest.mark.parametrize("mode", ["extended", "development"])
def test_the_processor_matches_what_the_emulator_has(start: Any, boombap: Any, isolated: Path, mode: str):
    (isolated / "all.csv").write_text(ROWS)
    (isolated / "wanted.csv").write_text(ROWS + "Nas,Not a song of his,Illmatic,1994\n")
    process, url = start("--catalogue", "all.csv", "--mode", mode)
    done = boombap("spotify", "batch", "--from", "wanted.csv", "--dry-run", "--format", "json", **settings(url))
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)["outcomes"]
    assert (outcomes["matched"], outcomes["not_found"]) == (3, 1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 143


def test_rows_of_the_database(start: Any, database: Database):
    database.run("UPDATE tracks SET spotify_data = jsonb_build_object('id', lpad(id::text, 22, '0')) WHERE id <= 10")
    _, url = start("--from-db", "--tracks", "200", DATABASE_URL=database.url())
    got = ask(f"{url}/v1/tracks/{7:022d}")
    assert b"No token provided" in got.body
    with Client(Interrupt()) as client:
        body, basic = b"grant_type=client_credentials", ("Authorization: Basic YTpi",)
        token = json.loads(client.fetch(Request("POST", f"{url}/api/token", basic, body, 5.0, 10_000, None)).body)
    got = ask(f"{url}/v1/tracks/{7:022d}", f"Authorization: Bearer {token['access_token']}")
    (row,) = database.run("SELECT title FROM tracks WHERE id = 7")
    assert json.loads(got.body)["name"] == row["title"]


@pytest.mark.parametrize("words", [["--port", "x"], ["--mode", "other"], ["--window", "0"], ["--faults", "none.json"],
                                   ["--catalogue", "none.csv"], ["--absent", "100"], ["--token-s", "nan"]])  # fmt: skip
def test_words_that_do_not_fit(boombap: Any, words: list[str]):
    done = boombap("spotify", "emulate", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_connection_is_broken_in_the_middle():
    web = Web()
    path = f"/v1/tracks/{web.song_ids()[0]}"
    web.fault(kind="reset")
    header = f"Authorization: Bearer {web.token}"
    with running(web.app) as server:
        with pytest.raises(OutsideError):
            ask(server.url + path, header)
        whole = ask(server.url + path, header)
    assert json.loads(whole.body)["name"] == "Verse 0"


def ask(url: str, *headers: str) -> Response:
    with Client(Interrupt()) as client:
        return client.fetch(Request("GET", url, headers, None, 5.0, 1_000_000, None))
