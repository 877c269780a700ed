"""Two real servers compared: what differs, what does not although it looks so, and what could not be compared."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.redis.deployment import opened
from boombap.clients.redis.pool import Pool
from boombap.interrupt import Interrupt
from boombap.redis.compare.differ import Rules, Side, compare
from boombap.redis.compare.digest import Unread, Wanted, digests
from boombap.redis.keyspace.shards import Keyspace
from boombap.redis.transfer.value_digest import digest_of
from caches import LIMITS
from keyspaces import quiet
from redis_actions import PASSWORD, ask, limited_user, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from caches import Cache, CacheCluster, Caches

SECRET = "Tr0mpete-im-Keller"
KINDS = ("only_here", "only_there", "other_type", "other_value", "other_ttl")


def commands(members: int = 3) -> list[tuple[Any, ...]]:
    numbers = range(members)
    return [
        ("SET", "text", "v" * members), ("SET", b"raw:\xff", b"\x00\xff"),
        ("RPUSH", "list", *(f"e{number}" for number in numbers)),
        ("SADD", "set", *(f"m{number}" for number in numbers)),
        ("HSET", "hash", *(word for number in numbers for word in (f"f{number}", f"v{number}"))),
        ("ZADD", "zset", *(word for number in numbers for word in (number + 0.1, f"m{number}"))),
        *(("XADD", "stream", f"1-{number + 1}", "f", number) for number in numbers),
    ]  # fmt: skip


def fill(cache: Cache, members: int = 3, *, backwards: bool = False) -> None:
    """Write the same values; in another order where the order means nothing."""
    with cache.connection() as connection:
        for name, key, *elements in commands(members):
            words = elements
            width = {"SADD": 1, "HSET": 2, "ZADD": 2}.get(name)
            if backwards and width:
                pieces = [words[start : start + width] for start in range(0, len(words), width)]
                words = [word for piece in reversed(pieces) for word in piece]
            connection.call(name, key, *words)


def counts(answer: Any) -> dict[str, int]:
    return {kind: answer[kind] for kind in KINDS if answer[kind]}


@pytest.fixture
def other(caches: Caches) -> Cache:
    """An empty Redis 7.0, beside Valkey 9."""
    return caches.redis()


@pytest.mark.parametrize("members", [3, 3000])
def test_the_same_values_in_two_products(boombap: Any, cache: Cache, other: Cache, members: int):
    fill(cache, members)
    fill(other, members, backwards=True)
    found = ask(boombap, cache, "diff", "--to", other.url)
    assert (counts(found), found["compared"], found["same"], found["failed_count"]) == ({}, 7, 7, 0)
    assert "7 of 7 are the same" in text_of(boombap, other, "diff", "--to", cache.url)


CHANGES = [
    ("APPEND", "text", "x"), ("SETRANGE", "text", 1, "x"), ("LSET", "list", 2, "x"), ("HSET", "hash", "f1", "x"),
    ("ZADD", "zset", 7, "m1"), ("SREM", "set", "m1"), ("XDEL", "stream", "1-2"), ("RPOPLPUSH", "list", "list"),
]  # fmt: skip


@pytest.mark.parametrize("members", [3, 3000])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0])
def test_another_value_of_each_type(boombap: Any, cache: Cache, other: Cache, members: int, change: tuple[Any, ...]):
    fill(cache, members)
    fill(other, members)
    other.call(*change)
    found = ask(boombap, cache, "diff", "--to", other.url, code=1)
    assert counts(found) == {"other_value": 1}
    assert [example["key"] for example in found["examples"]] == [change[1]]


def test_members_that_were_swapped(boombap: Any, cache: Cache, other: Cache):
    """The same words in other pairs are another value."""
    cache.call("HSET", "h", "a", "1", "b", "2")
    other.call("HSET", "h", "a", "2", "b", "1")
    cache.call("SADD", "s", "ab", "c")
    other.call("SADD", "s", "a", "bc")
    assert counts(ask(boombap, cache, "diff", "--to", other.url, code=1)) == {"other_value": 2}


def test_every_kind_of_difference(boombap: Any, cache: Cache, other: Cache):
    fill(cache)
    fill(other)
    cache.call("SET", "here:1", SECRET)
    cache.call("SET", b"here:\x1b\xff", "x")
    other.call("SET", "there:1", SECRET)
    other.call("DEL", "list")
    other.call("SET", "list", "x")
    other.call("SET", "text", SECRET)
    cache.call("EXPIRE", "hash", 1000)
    cache.call("EXPIRE", "set", 1000)
    other.call("EXPIRE", "set", 1005)
    found = ask(boombap, cache, "diff", "--to", other.url, code=1)
    expected = {"only_here": 2, "only_there": 1, "other_type": 1, "other_value": 1, "other_ttl": 1}
    assert (counts(found), found["same"]) == (expected, 4)
    shown = {(example["kind"], str(example["key"])): example for example in found["examples"]}
    assert (shown["other_type", "list"]["here"], shown["other_type", "list"]["there"]) == ("list", "string")
    assert shown["other_ttl", "hash"]["there"] == "no TTL"
    assert SECRET not in str(found)
    text = text_of(boombap, cache, "diff", "--to", other.url, code=1)
    assert all(
        word in text for word in ("only here", "here:\\x1b\\xff", "there:1", "another type", "string of 18 bytes")
    )
    assert SECRET not in text
    words = ("diff", "--to", other.url, "--ttl-tolerance", "2s", "-n", "1")
    found = ask(boombap, cache, *words, code=1)
    assert (found["other_ttl"], found["only_here"], len(found["examples"])) == (2, 2, 5)
    assert counts(ask(boombap, cache, "diff", "--to", other.url, "--match", "z*")) == {}


def test_fast_compares_lengths_only(boombap: Any, cache: Cache, other: Cache):
    cache.call("SET", "k", "ab")
    other.call("SET", "k", "ba")
    assert counts(ask(boombap, cache, "diff", "--to", other.url, "--fast")) == {}
    assert "types, TTLs and lengths of" in text_of(boombap, cache, "diff", "--to", other.url, "--fast")
    other.call("SET", "k", "abc")
    assert counts(ask(boombap, cache, "diff", "--to", other.url, "--fast", code=1)) == {"other_value": 1}


def test_databases(boombap: Any, cache: Cache):
    url = f"redis://127.0.0.1:{cache.tcp_port}"
    for db in (0, 3):
        with cache.connection(cache.target.on(db)) as connection:
            connection.call("SET", f"k{db}", "v")
    assert counts(ask(boombap, cache, "diff", "--to", f"{url}/3", code=1)) == {"only_here": 1, "only_there": 1}
    assert counts(ask(boombap, cache, "diff", "--to", f"{url}/5", "--db", "3", code=1)) == {"only_here": 1}


def test_all_databases(boombap: Any, cache: Cache, other: Cache):
    for side in (cache, other):
        for db in (0, 3):
            with side.connection(side.target.on(db)) as connection:
                connection.call("SET", "k", "v" if side is cache else f"v{db}"[: 1 + db])
    found = ask(boombap, cache, "diff", "--to", other.url, "--db", "all", code=1)
    assert (counts(found), found["compared"]) == ({"other_value": 1}, 2)
    assert (found["examples"][0]["db"], found["examples"][0]["to_db"]) == (3, 3)


def test_the_same_database_is_refused(boombap: Any, cache: Cache, cache_cluster: CacheCluster):
    for to in (cache.url, cache.running.url, f"redis://localhost:{cache.tcp_port}"):
        done = boombap("redis", "diff", "--to", to, REDIS_URL=cache.url)
        assert (done.returncode, done.stdout) == (2, "")
        assert "is the server and the database" in done.stderr
    first, last = cache_cluster.nodes[0], cache_cluster.nodes[5]
    assert boombap("redis", "diff", "--to", last.url, REDIS_URL=first.url).returncode == 2
    done = boombap("redis", "diff", "--to", f"redis://:{SECRET}@host:port", REDIS_URL=cache.url)
    assert (done.returncode, SECRET in done.stderr) == (2, False)


def test_a_cluster_and_one_server(boombap: Any, cache: Cache, cache_cluster: CacheCluster):
    """Small values and values that are read in windows, whichever side the Cluster is."""
    with cache_cluster.opened() as cluster:
        for command in [*commands(3000), *(("SET", f"k:{number}", "v") for number in range(500))]:
            cluster.call(*command)
    fill(cache, 3000)
    with cache.connection() as connection:
        connection.pipeline([("SET", f"k:{number}", "v") for number in range(500)])
    node = cache_cluster.nodes[4]
    found = ask(boombap, node, "diff", "--to", cache.url)
    assert (counts(found), found["same"], found["is_complete"]) == ({}, 507, True)
    cache.call("DEL", "k:1")
    cache.call("SET", "k:2", "w")
    found = ask(boombap, cache, "diff", "--to", node.url, code=1)
    assert counts(found) == {"only_there": 1, "other_value": 1}


def test_keys_that_may_not_be_read_are_not_the_same(boombap: Any, cache: Cache, other: Cache):
    fill(cache)
    fill(other)
    with limited_user(cache, "+@all", keys="~list") as url:
        found = ask(boombap, cache, "diff", "--to", other.url, code=3, url=url)
        assert (found["same"], found["failed_count"], counts(found)) == (1, 6, {})
        assert found["failed"][0]["reason"] == "this user may not read it"
        text = text_of(boombap, cache, "diff", "--to", other.url, code=3, url=url)
        assert "skipped: 6 keys that could not be compared" in text
    with limited_user(cache, "+@all", "-getrange", "-get") as url:
        to = url
        found = ask(boombap, other, "diff", "--to", to, code=3)
        assert (found["same"], found["failed_count"]) == (5, 2)
        assert PASSWORD not in str(found)


def test_without_memory_usage_values_are_read_in_windows(boombap: Any, cache: Cache, other: Cache):
    fill(cache, 500)
    fill(other, 500, backwards=True)
    with limited_user(cache, "+@all", "-memory") as url:
        assert counts(ask(boombap, cache, "diff", "--to", other.url, url=url)) == {}
        other.call("HSET", "hash", "f1", "x")
        assert counts(ask(boombap, cache, "diff", "--to", other.url, code=1, url=url)) == {"other_value": 1}


def test_no_server_there(boombap: Any, cache: Cache):
    done = boombap("redis", "diff", "--to", "redis://127.0.0.1:1/0", REDIS_URL=cache.url)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)


def test_a_value_of_another_length_than_it_had_is_not_trusted(cache: Cache):
    cache.call("RPUSH", "list", *range(100))
    with cache.pool() as pool:
        whole = digests(pool, [Wanted(b"list", "list", 100, None)])[b"list"]
        assert whole == digest_of("list", [[b"%d" % number for number in range(100)]])
        torn = digests(pool, [Wanted(b"list", "list", 101, None)])[b"list"]
        assert isinstance(torn, Unread)
        wrong = digests(pool, [Wanted(b"list", "set", 100, None)])[b"list"]
        assert isinstance(wrong, Unread)
        assert "type changed" in str(wrong)


class Replicated(Pool):
    """A replica that is behind when it is asked for the first time, and has caught up at the second."""

    late: Any = ()
    asked = 0

    def pipeline(self, commands: Any) -> Any:
        replies = super().pipeline(commands)
        self.asked += 1
        # The third pipeline reads values: TYPE and PTTL, then lengths, then GET.
        if self.asked == 3:
            super().pipeline(self.late)
        return replies


def test_a_key_that_was_just_written_is_no_difference(cache: Cache, other: Cache):
    for number in range(3):
        cache.call("SET", f"k{number}", "new")
    other.call("SET", "k0", "old")
    with cache.pool() as here, Replicated(other.target, Interrupt(), limits=LIMITS) as there:
        there.late = [("SET", f"k{number}", "new") for number in range(3)]
        sides = [Side(Keyspace(pool, Interrupt(), LIMITS), lambda _, pool=pool: pool, 0) for pool in (here, there)]
        found = compare(*sides, b"*", lambda _: True, rules=Rules(), progress=lambda seen, total: None)
        assert there.asked > 3
    assert (found.differs, found.same, found.failed_count) == (False, 3, 0)


def test_memory_stays_bounded(boombap: Any, own_cache: Callable[..., Cache], cache: Cache):
    """Two values of 64 MiB are compared; the process that does it may not hold one."""
    other = own_cache()
    for side in (cache, other):
        side.call("SET", "large", b"x" * (64 << 20))
    import resource
    import subprocess
    import sys

    limit = 400 << 20
    child = subprocess.run(
        [sys.executable, "-m", "boombap", "redis", "diff", "--to", other.url, "--format", "json"],
        env={"REDIS_URL": cache.url, "PATH": "/usr/bin", "HOME": "."}, capture_output=True, check=False, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )  # fmt: skip
    assert child.returncode == 0, child.stderr


class Meeting:
    """One side that answers only when the other one is asked at the same time."""

    def __init__(self, deployment: Any, barrier: threading.Barrier) -> None:
        self._deployment, self._barrier = deployment, barrier

    def pipeline(self, commands: list[Any]) -> Any:
        if commands and commands[0][0] in ("TYPE", "GET"):
            self._barrier.wait(10)
        return self._deployment.pipeline(commands)


def test_both_sides_are_asked_at_once(caches: Caches):
    barrier, interrupt = threading.Barrier(2), Interrupt()
    sides = []
    with ExitStack() as stack:
        for cache in (caches.valkey(), caches.redis()):
            cache.call("SET", "key", "same")
            deployment = stack.enter_context(opened(cache.target, interrupt, limits=LIMITS))
            met = Meeting(deployment, barrier)
            sides.append(Side(Keyspace(deployment, interrupt, LIMITS), lambda _, met=met: met, 0))  # type: ignore[misc]
        seen = compare(*sides, b"*", bool, rules=Rules(), progress=quiet)
    assert (seen.compared, seen.same, seen.differs) == (1, 1, False)
