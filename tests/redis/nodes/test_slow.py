"""The slow log as the command shows it: grouped, with patterns of keys, and never with an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from boombap.redis.nodes.slow import grouped, subject
from redis_actions import ask, limited_user, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from caches import Cache, CacheCluster

# Without digits: as a pattern of a key it would be shown unchanged.
SECRET = "Trompete-im-Keller"


@pytest.mark.parametrize(
    ("words", "command", "pattern"),
    [
        ([b"get", b"artist:7"], "GET", b"artist:<n>"),
        ([b"KEYS", b"lyrics:*"], "KEYS", b"lyrics:*"),
        ([b"EVAL", b"return 1", b"1", b"k:1", b"v"], "EVAL", b"k:<n>"),
        ([b"EVAL", b"return 1", b"0", b"v"], "EVAL", None),
        ([b"XREADGROUP", b"GROUP", b"g", b"c", b"STREAMS", b"feed:1", b">"], "XREADGROUP", b"feed:<n>"),
        ([b"XREAD", b"BLOCK", b"1"], "XREAD", None),
        ([b"BITOP", b"AND", b"to:1", b"from"], "BITOP", b"to:<n>"),
        ([b"MEMORY", b"USAGE", b"k:1"], "MEMORY USAGE", b"k:<n>"),
        ([b"CLIENT", b"LIST"], "CLIENT LIST", None),
        ([], "(a command)", None),
    ],
)
def test_what_a_command_is_about(words: list[bytes], command: str, pattern: bytes | None):
    assert subject(words) == (command, pattern)


@pytest.mark.parametrize(
    "words",
    [
        "AUTH {}", "AUTH app {}", "HELLO 3 AUTH app {}", "ACL SETUSER app >{}", "CONFIG SET requirepass {}", "ECHO {}",
        "MIGRATE host 6379 key 0 1 AUTH {}", "MIGRATE host 6379 key 0 1 AUTH2 app {}", "CONFIG {} x", "SCRIPT LOAD {}",
        "SET k {}", "SETEX k 1 {}", "HSET k f {}", "EVAL {} 0", "FUNCTION LOAD {}", "X.NEW {}", "PUBLISH c {}",
    ],
)  # fmt: skip
def test_an_argument_is_never_shown(words: str):
    sent = [word.format(SECRET).encode() for word in words.split(" ")]
    group = grouped("n:1", [[1, 2, 3, sent, b"127.0.0.1:5", b"name"]])[0]
    assert SECRET.lower() not in repr(group).lower()


def test_a_renamed_command_keeps_its_name():
    assert subject([b"8f3a-config", b"SET", b"x"]) == ("(a command)", None)


def test_entries_are_grouped():
    entries = [
        [3, 30, 5, [b"GET", b"a:1"], b"10.0.0.1:1", b"app"],
        [2, 20, 9, [b"get", b"a:2"], b"10.0.0.2:1", b""],
        [1, 10, 1, [b"GET", b"b:2"]],
    ]
    first, second = grouped("n:1", entries)
    assert (first.count, first.max_us, first.total_us, first.newest_s) == (2, 9, 14, 30)
    assert (first.client, first.client_name, second.client) == ("10.0.0.1:1", "app", "")


def log_everything(cache: Cache) -> None:
    cache.call("CONFIG", "SET", "slowlog-log-slower-than", 0)
    cache.call("SLOWLOG", "RESET")


def log_as_usual(cache: Cache) -> None:
    cache.call("CONFIG", "SET", "slowlog-log-slower-than", 10_000)


def test_a_real_log(boombap: Any, each_cache: Cache):
    log_everything(each_cache)
    each_cache.call("HSET", "artist:1", "f", SECRET)
    each_cache.call("HSET", b"artist:\x1b\xff", "f", SECRET)
    each_cache.call("ACL", "SETUSER", "dj", "on", f">{SECRET}")
    each_cache.call("CONFIG", "SET", "masterauth", SECRET)
    each_cache.ask("AUTH", "dj", SECRET)
    log_as_usual(each_cache)
    each_cache.call("CONFIG", "SET", "masterauth", "")
    each_cache.call("ACL", "DELUSER", "dj")
    text = text_of(boombap, each_cache, "slow")
    assert all(
        word in text for word in ("HSET", "artist:<n>", "artist:\\x1b\\xff", "ACL SETUSER", "CONFIG SET", "AUTH")
    )
    assert SECRET not in text
    found = ask(boombap, each_cache, "slow", "-n", "3")
    assert (len(found["groups"]), found["group_count"] > 3, found["denied"]) == (3, True, [])
    assert found["nodes"][0]["threshold_us"] == 10_000
    assert SECRET not in str(found)


def test_a_log_that_is_off_or_full_is_not_clean(boombap: Any, own_cache: Callable[..., Cache]):
    cache = own_cache(slowlog_log_slower_than="-1")
    assert "keeps no slow log" in text_of(boombap, cache, "slow")
    cache.call("CONFIG", "SET", "slowlog-log-slower-than", 0, "slowlog-max-len", 1)
    cache.call("PING")
    assert "keeps the newest 1 only" in text_of(boombap, cache, "slow")
    cache.call("CONFIG", "SET", "slowlog-max-len", 0)
    assert "keeps no slow log" in text_of(boombap, cache, "slow")


def test_rights_that_are_missing_are_named(boombap: Any, cache: Cache):
    with limited_user(cache, "+@all", "-slowlog") as url:
        found = ask(boombap, cache, "slow", code=3, url=url)
        assert [refused["command"] for refused in found["denied"]] == ["SLOWLOG GET"]
        assert found["nodes"][0]["entries"] is None
        text = text_of(boombap, cache, "slow", code=3, url=url)
        assert "skipped: SLOWLOG GET (not allowed to this user)" in text
        assert "may not be read" in text
    with limited_user(cache, "+@all", "-config") as url:
        assert "skipped: CONFIG GET" in text_of(boombap, cache, "slow", url=url)


def test_a_renamed_command_is_named(boombap: Any, own_cache: Callable[..., Cache]):
    cache = own_cache(rename_command="SLOWLOG hidden1")
    assert "renamed or not known" in text_of(boombap, cache, "slow", code=3)


def test_every_master_of_a_cluster(boombap: Any, cache_cluster: CacheCluster):
    masters = cache_cluster.nodes[:3]
    for node in masters:
        log_everything(node)
        log_as_usual(node)
    found = ask(boombap, cache_cluster.nodes[5], "slow")
    assert {group["node"] for group in found["groups"]} == {f"127.0.0.1:{node.tcp_port}" for node in masters}
