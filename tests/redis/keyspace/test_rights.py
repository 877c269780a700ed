"""A user that may not ask everything gets what may be known, and is told what is not: never a clean answer."""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from boombap.config.secret import Secret
from boombap.redis.checks import keyspace
from boombap.redis.model import Expectations
from keyspaces import walk

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boombap.clients.redis.target import Target
    from caches import Cache

    Run = Callable[..., subprocess.CompletedProcess[str]]

EXPECTED = Expectations({"artist:": 3600.0})
SCAN_ONLY = ("~*", "+scan", "+info", "+dbsize", "+select", "+client", "+hello")


@contextmanager
def user(cache: Cache, *rules: str) -> Iterator[Target]:
    cache.call("ACL", "SETUSER", "guest", "reset", "on", ">pw", *rules)
    try:
        yield cache.target.replace(username="guest", password=Secret("pw"))
    finally:
        cache.call("ACL", "DELUSER", "guest")


@pytest.fixture
def filled(each_cache: Cache) -> Cache:
    with each_cache.connection() as connection:
        connection.pipeline([("SET", f"artist:{number}", pickle.dumps({"n": number})) for number in range(100)])
    return each_cache


@pytest.mark.parametrize(
    ("rules", "command", "skipped"),
    [
        (("~*", "+@all", "-getrange"), "GETRANGE", {"pickle_values"}),
        (("~*", "+@all", "-pttl"), "PTTL", {"keys_without_ttl"}),
        (("~*", "+@all", "-memory"), "MEMORY USAGE", {"big_key"}),
        (("~*", "+@all", "-type"), "TYPE", {"pickle_values"}),
    ],
)
def test_a_command_that_is_not_allowed(
    filled: Cache, tmp_path: Path, rules: tuple[str, ...], command: str, skipped: set[str]
):
    with user(filled, *rules) as target:
        stats = walk(target, tmp_path, prefixes=[b"artist:"])
    assert stats.keys == 100
    assert dict(stats.denied) == {command: "not allowed to this user"}
    told = keyspace.skipped(stats)
    assert {check.id for check in told} == skipped
    assert all(command in check.reason for check in told)
    found = {finding.id for finding in keyspace.judge(stats, EXPECTED)}
    assert found == {"pickle_values", "keys_without_ttl"} - skipped


def test_a_user_who_may_only_scan_learns_how_many_there_are(filled: Cache, tmp_path: Path):
    with user(filled, *SCAN_ONLY) as target:
        stats = walk(target, tmp_path)
    assert (stats.keys, stats.size_bytes) == (100, None)
    assert set(stats.denied) == {"MEMORY USAGE", "TYPE", "PTTL"}


def test_keys_that_may_not_be_read_are_counted_as_such(filled: Cache, tmp_path: Path):
    with filled.connection() as connection:
        connection.pipeline([("SET", f"lyrics:{number}", "x") for number in range(30)])
    with user(filled, "~lyrics:*", "+@all") as target:
        stats = walk(target, tmp_path)
    assert (stats.keys, stats.measured, stats.unreadable) == (130, 30, 100)
    assert not stats.is_estimate
    assert {"pickle_values", "big_key"} <= {check.id for check in keyspace.skipped(stats)}


def test_a_renamed_command_is_told(own_cache: Callable[..., Cache], tmp_path: Path):
    dumb = own_cache(rename_command='MEMORY ""')
    dumb.call("SET", "artist:1", "x")
    stats = walk(dumb.target, tmp_path)
    assert stats.keys == 1
    assert dict(stats.denied) == {"MEMORY USAGE": "renamed or not known to this server"}


def test_the_command_says_so(boombap: Run, filled: Cache):
    with user(filled, "~*", "+@all", "-getrange"):
        url = f"redis://guest:pw@127.0.0.1:{filled.tcp_port}/0"
        done = boombap("redis", "keys", REDIS_URL=url)
    assert "skipped: pickle_values (GETRANGE is not allowed to this user)" in done.stdout
    with user(filled, "~*", "+@all", "-memory"):
        done = boombap("redis", "purge", "--match", "artist:*", "--yes", REDIS_URL=url)
    assert (done.returncode, "sizes unknown" in done.stdout, filled.call("DBSIZE")) == (0, True, 0)


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        (
            ("keys",),
            ("+memory|usage", "+type", "+pttl", "+getrange", "+hrandfield", "+lrange", "+srandmember", "+zrange"),
        ),
        (("purge", "--match", "artist:*", "--yes"), ("+unlink",)),
        (("expire", "--match", "artist:*", "--ttl", "1h", "--yes"), ("+pttl", "+pexpire")),
    ],
)
def test_the_rights_that_an_action_needs_are_enough(
    boombap: Run, filled: Cache, words: tuple[str, ...], rules: tuple[str, ...]
):
    with user(filled, *SCAN_ONLY, *rules):
        done = boombap("redis", *words, REDIS_URL=f"redis://guest:pw@127.0.0.1:{filled.tcp_port}/0")
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert "100" in done.stdout
    assert words[0] != "keys" or "skipped" not in done.stdout
