"""`metrics serve` on real servers."""

from __future__ import annotations

import re
import signal
import ssl
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from metrics.test_page import values
from server.wire import self_signed
from spotify.upstream import upstream

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from databases import Database

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Start = Callable[..., subprocess.Popen[str]]


def served(child: subprocess.Popen[str]) -> str:
    assert child.stderr
    line = child.stderr.readline()
    assert re.match(r"metrics are served at https?://127.0.0.1:", line), line
    return line.split()[4].rstrip(";")


def scrape(url: str) -> dict[tuple[str, ...], float]:
    with urlopen(url, timeout=20) as response:
        return values(response.read().decode())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_the_page_says_what_the_servers_say(
    boombap: Run, start_boombap: Start, healthy: Database, tmp_path: Path, signum: int
) -> None:
    environment = {
        "DATABASE_URL": healthy.url(),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "BOOMBAP_PATHS_STATE": str(tmp_path / "state"),
    }
    assert boombap("db", "--connections", **environment).returncode == 0
    child = start_boombap("metrics", "serve", "--port", "0", **environment)
    found = scrape(served(child))
    assert (found["boombap_source_up", "db"], found["boombap_source_up", "redis"]) == (1.0, 0.0)
    assert found["boombap_db_tracks",] == 1000
    assert found["boombap_db_connections_max",] == 60
    assert found["boombap_command_runs_total", "diagnose", "db", "0"] == 1
    child.send_signal(signum)
    assert child.wait(timeout=20) == 128 + signum


@pytest.mark.parametrize("is_analyzed", [True, False])
def test_the_page_says_where_the_processor_is(
    boombap: Run, start_boombap: Start, database: Database, tmp_path: Path, *, is_analyzed: bool
) -> None:
    environment = {"DATABASE_URL": database.url(), "BOOMBAP_PATHS_STATE": str(tmp_path / "state")}
    database.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL")
    with upstream() as web:
        credentials = {
            "SPOTIFY_CLIENT_ID": "client",
            "SPOTIFY_CLIENT_SECRET": "secret",
            "BOOMBAP_SPOTIFY_BUDGET": "100000",
        }
        addresses = {"BOOMBAP_SPOTIFY_BASE_URL": f"{web.url}/v1", "BOOMBAP_SPOTIFY_ACCOUNTS_URL": web.url}
        done = boombap("spotify", "batch", "--tracks", "100", **environment, **credentials, **addresses)
    assert done.returncode == 0, done.stderr
    if is_analyzed:
        database.run("ANALYZE spotify_matches")
    database.run("INSERT INTO spotify_cooldowns VALUES ('account', now() + interval '2 hours', 'test')")
    found = scrape(served(start_boombap("metrics", "serve", "--port", "0", **environment)))
    assert found["boombap_source_up", "spotify"] == 1.0
    # Without our ANALYZE the server's own may come at any moment of the run.
    assert found["boombap_spotify_results", "matched"] == 100 or not is_analyzed
    assert found["boombap_spotify_results", "matched"] > 0
    assert (found["boombap_spotify_shards", "ended"], found["boombap_spotify_shards", "failed"]) == (1.0, 0.0)
    assert found["boombap_spotify_run_tracks",] == 100
    assert 7_000 < found["boombap_spotify_cooldown_seconds",] <= 7_200


def test_the_page_is_for_those_who_have_the_token(start_boombap: Start, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    environment = {"BOOMBAP_METRICS_TOKEN": "t0k3n", "BOOMBAP_PATHS_STATE": str(tmp_path / "state")}
    words = ("--port", "0", "--cert", str(certificate.chain), "--key", str(certificate.key))
    url = served(start_boombap("metrics", "serve", *words, **environment))
    context = ssl.create_default_context(cafile=certificate.chain)
    context.check_hostname = False
    statuses = {}
    for token in ("", "t0k3", "t0k3n"):
        request = Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
        try:
            with urlopen(request, timeout=20, context=context) as response:
                statuses[token] = response.status
        except HTTPError as error:
            statuses[token] = error.code
    assert statuses == {"": 401, "t0k3": 401, "t0k3n": 200}


def test_half_of_what_tls_needs_is_refused(boombap: Run) -> None:
    done = boombap("metrics", "serve", "--cert", "server.pem")
    assert done.returncode == 2
    assert "--cert and --key go together" in done.stderr


def test_an_unknown_source_is_named(boombap: Run) -> None:
    done = boombap("metrics", "serve", BOOMBAP_METRICS_SOURCES="db,kafka")
    assert done.returncode == 2
    assert "metrics.sources names 'kafka'; known are db, redis, ctx, deps, spotify" in done.stderr
