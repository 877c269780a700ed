"""Large values: in windows there and back, in bounded memory, and never a mix of two states."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backups import items_in
from boombap.clients.redis.target import Target, from_text
from boombap.errors import EXIT_EXTERNAL
from boombap.redis.transfer.backup_file import BackupFile
from boombap.redis.transfer.reading import LARGE_BYTES, Torn, fetch
from redis_actions import limited_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from caches import Cache, Caches

    Run = Callable[..., subprocess.CompletedProcess[str]]

MOST_KB = 32 << 10
READ = {
    "text": ("GET",), "binary": ("GET",), "list": ("LRANGE", 0, -1), "hash": ("HGETALL",),
    "set": ("SMEMBERS",), "zset": ("ZRANGE", 0, -1, "WITHSCORES"), "stream": ("XRANGE", "-", "+"),
}  # fmt: skip


def fill(cache: Cache, size: int, elements: int, *keys: str) -> None:
    """Make a value of each type, some far larger than a window; with `keys`, only those."""
    with cache.connection() as connection:
        for key in keys or READ:
            if key == "text":
                connection.call("SET", key, ("näher " * (size // 6)).encode(), "PX", 5_000_000)
            elif key == "binary":
                connection.call("SET", key, random.Random(7).randbytes(size // 100) * 100)
            else:
                for at in range(0, elements, 1000):
                    connection.pipeline(adding(key, range(at, at + 1000)))


def adding(key: str, numbers: range) -> list[tuple[Any, ...]]:
    """Return the commands that add elements to a value."""
    if key == "list":
        return [("RPUSH", key, *(f"element {n}" for n in numbers))]
    if key == "hash":
        return [("HSET", key, *(word for n in numbers for word in (f"field{n}", f"value {n}")))]
    if key == "set":
        return [("SADD", key, *(f"member {n}" for n in numbers))]
    if key == "zset":
        return [("ZADD", key, *(word for n in numbers for word in (n * 1.1, f"member {n}")))]
    return [("XADD", key, f"{n + 1}-1", "field", f"value {n}") for n in numbers]


def target(url: str) -> Target:
    return from_text(url, origin="the test")


def content(cache: Cache) -> dict[str, Any]:
    with cache.connection() as connection:
        found = {key: connection.call(words[0], key, *words[1:]) for key, words in READ.items()}
    return {**found, "set": sorted(found["set"])}


@pytest.mark.parametrize("form", ["both", "portable", "dump"])
def test_every_type_comes_back_from_windows(boombap: Run, caches: Caches, form: str):
    source, to = caches.valkey(), caches.redis()
    fill(source, 3_000_001, 20_000)
    before = content(source)
    assert "7 saved" in boombap("redis", "backup", "b.jsonl", "--form", form, REDIS_URL=source.url).stdout
    for words in ((), ("--replace", "--yes")):
        done = boombap("redis", "restore", "b.jsonl", *words, REDIS_URL=to.url)
        assert ("7 restored" in done.stdout, done.returncode) == (True, 0), done.stdout
        assert content(to) == before
    assert to.call("DBSIZE") == 7
    assert 4_000_000 < to.call("PTTL", "text") <= 5_000_000
    assert to.call("PTTL", "binary") == -1
    assert "0 restored" in boombap("redis", "restore", "b.jsonl", REDIS_URL=to.url).stdout


def test_no_line_of_a_large_value_is_long(cache: Cache, tmp_path: Path):
    fill(cache, 3_000_001, 20_000)
    with BackupFile(tmp_path / "b") as file, cache.connection() as connection:
        file.save(fetch(connection, 0, [key.encode() for key in READ]))
    assert max(map(len, (tmp_path / "b").read_bytes().splitlines())) < 2 * LARGE_BYTES
    assert [item.key for item in items_in(tmp_path / "b")] == [key.encode() for key in READ]


@pytest.mark.parametrize(
    "refused", ["-memory", "-memory -strlen -llen", "-memory -watch -multi", "-multi", "-exec", "-exists"]
)
def test_sizes_and_watches_that_are_not_allowed_cost_nothing_but_memory(
    boombap: Run, cache: Cache, caches: Caches, refused: str
):
    source, to = cache, caches.redis()
    fill(source, 2_000_000, 5000)
    with limited_user(source, "+@all", *refused.split()) as url:
        done = boombap("redis", "copy", "--to", to.url, REDIS_URL=url)
    assert ("7 copied" in done.stdout, done.returncode) == (True, 0), done.stdout
    assert content(to) == content(source)


RIGHTS_TO_WRITE = (
    "append", "del", "exec", "exists", "hset", "multi", "persist", "pexpire", "rename", "renamenx", "rpush", "sadd",
    "set", "xadd", "zadd",
)  # fmt: skip


@pytest.mark.parametrize("words", [(), ("--replace", "--yes")], ids=["skip", "replace"])
@pytest.mark.parametrize("command", RIGHTS_TO_WRITE)
def test_a_right_to_write_that_is_missing_is_named(
    boombap: Run, cache: Cache, caches: Caches, command: str, words: tuple[str, ...]
):
    to = caches.redis()
    fill(cache, 300_000, 5000)
    with limited_user(to, "+@all", f"-{command}") as url:
        done = boombap("redis", "copy", "--to", url, "--form", "portable", *words, REDIS_URL=cache.url)
    if done.returncode:
        assert done.returncode == EXIT_EXTERNAL
        assert f"may not run {command.upper()} " in done.stderr
    else:
        assert "7 copied" in done.stdout
        assert content(to) == content(cache)


@pytest.mark.parametrize(
    "change",
    [
        ("LSET", "list", 0, "other"), ("LTRIM", "list", 1, -1), ("DEL", "list"), ("SET", "list", "other"),
        ("PEXPIRE", "list", 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("refused", ["", "-watch", "-multi", "-exec", "-exists"])
def test_a_value_that_changes_while_it_is_read_is_torn(cache: Cache, change: tuple[Any, ...], refused: str):
    fill(cache, 10, 40_000, "list")
    with limited_user(cache, "+@all", *refused.split()) as url, cache.connection(target(url)) as connection:
        [item] = fetch(connection, 0, [b"list"])
        assert item.windows is not None
        windows = item.windows()
        next(windows)
        cache.call(*change)
        if change[0] == "PEXPIRE":
            while cache.call("EXISTS", "list"):
                """Until it has expired."""
        with pytest.raises(Torn):
            list(windows)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("text", lambda _: ("SETRANGE", "text", 0, "other")),
        ("hash", lambda window: ("HSET", "hash", window.value[0][0], "other")),
        ("zset", lambda window: ("ZADD", "zset", -7.5, window.value[0][0])),
    ],
)
def test_a_change_that_keeps_the_length_is_seen_without_watch(
    cache: Cache, key: str, change: Callable[[Any], tuple[Any, ...]]
):
    fill(cache, 1_000_000, 20_000, key)
    with limited_user(cache, "+@all", "-watch") as url, cache.connection(target(url)) as connection:
        [item] = fetch(connection, 0, [key.encode()])
        assert item.windows is not None
        *_, last = item.windows()
        assert last.is_last
        windows = item.windows()
        # What the first window holds is read again before the last one is given.
        first = next(windows)
        assert not first.is_last
        cache.call(*change(first))
        with pytest.raises(Torn):
            list(windows)


LAUNCH = """
import os, sys
process = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(process, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_memory_is_bounded(caches: Caches, isolated: Path):
    source, to = caches.valkey(), caches.redis()
    fill(source, 100_000_000, 300_000)
    with source.connection() as connection:
        connection.pipeline([("RPUSH", "list", *range(at, at + 1000)) for at in range(0, 700_000, 1000)])
    before = content(source)
    program = Path(sys.executable).with_name("boombap")
    peaks = {}
    for words, url in (
        (("backup", "b.jsonl"), source.url), (("restore", "b.jsonl"), to.url),
        (("restore", "b.jsonl", "--replace", "--yes"), to.url),
        (("copy", "--to", to.url, "--replace", "--yes"), source.url),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-S", "-c", LAUNCH, program, "redis", *words, "--format", "json"],
            env={**os.environ, "REDIS_URL": url}, cwd=isolated, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout)["done"]["changed"] == 7
        peaks[words] = int(done.stderr.split()[-1])
    assert max(peaks.values()) < MOST_KB, peaks
    assert content(to) == before
