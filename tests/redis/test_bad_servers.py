"""Servers that refuse, stall or die in the middle: one line that says so, exit code 3, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.errors import BoombapError
from boombap.local.process import poll

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from caches import Cache

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Start = Callable[..., subprocess.Popen[str]]

KEYS = 40_000


def fill(cache: Cache, count: int = KEYS) -> None:
    with cache.connection() as connection:
        for first in range(0, count, 5000):
            connection.pipeline([("SET", f"x:{number}", "v" * 50) for number in range(first, first + 5000)])


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "words", [("purge", "--match", "x:*", "--yes"), ("expire", "--match", "x:*", "--ttl", "1h", "--yes")]
)
def test_a_read_only_replica_refuses_a_change(
    boombap: Run, cache: Cache, own_cache: Callable[..., Cache], words: tuple[str, ...]
):
    fill(cache, 5000)
    cache.call("CONFIG", "SET", "repl-diskless-sync-delay", "0")  # the master waits 5 s for other replicas
    replica = own_cache(replicaof=f"127.0.0.1 {cache.tcp_port}")
    assert poll(lambda: replica.call("DBSIZE") == 5000, 10.0)
    assert "read-only replica" in one_line(boombap("redis", *words, REDIS_URL=replica.url))
    assert cache.call("DBSIZE") == 5000
    shown = boombap("redis", "keys", "--format", "json", REDIS_URL=replica.url)
    assert json.loads(shown.stdout)["keys"] == 5000


@contextmanager
def busy(cache: Cache) -> Iterator[None]:
    """Let a script run on the server until the block is over."""

    def work() -> None:
        with suppress(BoombapError), cache.connection() as connection:
            connection.call("EVAL", "while true do end", 0)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert poll(lambda: isinstance(cache.ask("PING"), Exception) or cache.ask("PING") != "PONG", 5.0)
        yield
    finally:
        cache.ask("SCRIPT", "KILL")
        thread.join(10)


@pytest.mark.parametrize("words", [("keys",), ("info",), ("purge", "--match", "x:*", "--yes")])
def test_a_server_that_is_busy_with_a_script(boombap: Run, own_cache: Callable[..., Cache], words: tuple[str, ...]):
    cache = own_cache(busy_reply_threshold="50")
    cache.call("SET", "x:1", "v")
    with busy(cache):
        assert "busy with a script" in one_line(boombap("redis", *words, REDIS_URL=cache.url))
    assert cache.call("DBSIZE") == 1


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "words",
    [
        ("keys",),
        ("stats",),
        ("purge", "--match", "x:*", "--yes"),
        ("purge", "--match", "x:*", "--backup", "x.jsonl", "--yes"),
        ("expire", "--match", "x:*", "--ttl", "1h", "--yes"),
        ("backup", "all.jsonl"),
    ],
)
def test_a_server_that_is_killed_in_the_middle(
    start_boombap: Start, own_cache: Callable[..., Cache], isolated: Path, words: tuple[str, ...]
):
    cache = own_cache()
    fill(cache, 200_000)
    child = start_boombap("redis", *words, REDIS_URL=cache.url)
    time.sleep(0.4)
    os.kill(cache.running.pid, signal.SIGKILL)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 3
    assert "Traceback" not in errors
    assert len(errors.splitlines()) <= 3
    assert not (isolated / "all.jsonl").exists(), "a backup that is not whole has no name"
    log = Path(os.environ["XDG_STATE_HOME"]) / "boombap/redis/changes.jsonl"
    if "--yes" in words and log.exists():
        assert json.loads(log.read_text().splitlines()[-1])["outcome"] != "done"


def test_a_disk_that_is_full_stops_a_purge_before_it_deletes(boombap: Run, cache: Cache, isolated: Path):
    """/dev/full takes nothing: no value is on disk, so no key may go."""
    fill(cache, 5000)
    (isolated / "x.jsonl.part").symlink_to("/dev/full")
    done = boombap("redis", "purge", "--match", "x:*", "--backup", "x.jsonl", "--yes", REDIS_URL=cache.url)
    assert done.returncode in (2, 3)
    assert cache.call("DBSIZE") == 5000
