"""Writing: the old value stays until the new one is complete, and no key that appears meanwhile is written over."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.redis.deployment import opened
from boombap.errors import AccessDenied, ExternalError, QueryFailed
from boombap.interrupt import Interrupt
from boombap.local.process import poll
from boombap.redis.transfer.backup_file import BackupFile
from boombap.redis.transfer.export_format import ExportedKey
from boombap.redis.transfer.reading import LARGE_BYTES, fetch
from boombap.redis.transfer.writing import Writer
from caches import LIMITS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boombap.clients.redis.connection import Connection
    from boombap.clients.redis.target import Target
    from caches import Cache, CacheCluster

    Start = Callable[..., subprocess.Popen[str]]

OLD: dict[bytes, tuple[Any, ...]] = {
    b"list": ("RPUSH", "list", "old"),
    b"hash": ("HSET", "hash", "old", 1),
    b"set": ("SADD", "set", "old"),
    b"zset": ("ZADD", "zset", 1, "old"),
    b"stream": ("XADD", "stream", "1-1", "old", 1),
    b"string": ("SET", "string", "old"),
}
VALUES: dict[bytes, Any] = {
    b"list": [b"new"] * 3,
    b"hash": [[b"new", b"1"]],
    b"set": [b"new"],
    b"zset": [[b"new", b"1"]],
    b"stream": [[b"9-1", [b"f", b"v"]]],
    b"string": b"new",
}


def items(ttl_ms: int | None = None) -> list[ExportedKey]:
    return [ExportedKey(0, key, key.decode(), ttl_ms, value, None) for key, value in VALUES.items()]


def in_windows(item: ExportedKey, *, breaks_after: int = -1) -> ExportedKey:
    """Return the same value twice over, as two windows; the source may break after some of them."""

    def windows() -> Iterator[ExportedKey]:
        for part in range(2):
            if part == breaks_after:
                raise ExternalError("the source broke")
            yield item.replace(part=part, is_last=part == 1)

    return item.replace(value=None, windows=windows)


@contextmanager
def writer(target: Target, **options: Any) -> Iterator[Writer]:
    with opened(target, Interrupt(), limits=LIMITS) as deployment:
        yield Writer(deployment, **{"replaces": True, **options})


def dumped(cache: Cache) -> dict[bytes, Any]:
    with cache.connection() as connection:
        return {
            key: (connection.call("DUMP", key), connection.call("TYPE", key)) for key in connection.call("KEYS", "*")
        }


def filled(cache: Cache) -> dict[bytes, Any]:
    with cache.connection() as connection:
        for command in OLD.values():
            connection.call(*command)
    return dumped(cache)


@pytest.mark.parametrize("is_large", [False, True])
def test_a_full_server_keeps_every_old_value(each_cache: Cache, is_large: bool):
    before = filled(each_cache)
    each_cache.call("CONFIG", "SET", "maxmemory", 1)
    try:
        for item in items():
            with writer(each_cache.target) as write, pytest.raises(QueryFailed, match="at maxmemory"):
                write.write([in_windows(item) if is_large else item])
    finally:
        each_cache.call("CONFIG", "SET", "maxmemory", 0)
    assert dumped(each_cache) == before


def test_a_full_server_keeps_the_old_value_of_a_dump(each_cache: Cache):
    before = filled(each_cache)
    with each_cache.connection() as connection:
        saved = list(fetch(connection, 0, list(OLD)))
        connection.call("APPEND", "string", "er")
        before = dumped(each_cache)
        connection.call("CONFIG", "SET", "maxmemory", 1)
        try:
            for item in saved:
                with writer(each_cache.target) as write, pytest.raises(QueryFailed, match="at maxmemory"):
                    write.write([item])
        finally:
            connection.call("CONFIG", "SET", "maxmemory", 0)
    assert dumped(each_cache) == before


@pytest.mark.parametrize("fills_up_after", [0, 1])
def test_a_server_that_fills_up_in_the_middle_keeps_the_old_value(cache: Cache, fills_up_after: int):
    before = filled(cache)
    for item in items():
        whole = in_windows(item)

        def windows(whole: ExportedKey = whole) -> Iterator[ExportedKey]:
            assert whole.windows is not None
            for window in whole.windows():
                if window.part == fills_up_after:
                    cache.call("CONFIG", "SET", "maxmemory", 1)
                yield window

        try:
            with writer(cache.target) as write, pytest.raises(QueryFailed, match="at maxmemory"):
                write.write([whole.replace(windows=windows)])
        finally:
            cache.call("CONFIG", "SET", "maxmemory", 0)
    assert dumped(cache) == before


@pytest.mark.parametrize("breaks_after", [0, 1])
def test_a_source_that_breaks_leaves_the_old_value(cache: Cache, breaks_after: int):
    before = filled(cache)
    for item in items():
        with writer(cache.target) as write, pytest.raises(ExternalError, match="source broke"):
            write.write([in_windows(item, breaks_after=breaks_after)])
    assert dumped(cache) == before


def test_a_value_that_the_server_refuses_leaves_the_old_one_and_is_named(cache: Cache):
    before = filled(cache)
    bad = [
        ExportedKey(0, b"stream", "stream", None, [[b"9-1", [b"f", b"v"]], [b"3-1", [b"f", b"v"]]], None),
        ExportedKey(0, b"zset", "zset", None, [[b"m", b"1"], [b"n", b"nonsense"]], None),
        ExportedKey(0, b"hash", "zset", None, [[b"m", b"nonsense"]], None),
    ]
    with writer(cache.target) as write:
        write.write(bad)
    assert ([key for key, _ in write.failed], write.failed_count, write.changed) == (
        [b"stream", b"zset", b"hash"],
        3,
        0,
    )
    assert dumped(cache) == before


@pytest.mark.parametrize("ttl_ms", [None, 5_000_000])
@pytest.mark.parametrize("is_large", [False, True])
def test_the_time_to_live_comes_with_the_value(each_cache: Cache, ttl_ms: int | None, is_large: bool):
    filled(each_cache)
    with writer(each_cache.target) as write:
        write.write([in_windows(item) if is_large and item.type != "stream" else item for item in items(ttl_ms)])
    assert (write.changed, write.failed) == (len(OLD), [])
    with each_cache.connection() as connection:
        left = [connection.call("PTTL", key) for key in OLD]
        assert connection.call("DBSIZE") == len(OLD)
        assert connection.call("LLEN", "list") == (6 if is_large else 3)
    assert all(ms == -1 if ttl_ms is None else 4_900_000 < ms <= ttl_ms for ms in left)


def test_a_key_that_appears_in_between_is_not_written_over(each_cache: Cache):
    """EXISTS has said no already when somebody writes it."""
    with writer(each_cache.target, replaces=False) as write:
        really = write._deployment.pipeline

        def late(commands: Any) -> Any:
            listed = list(commands)
            replies = really(listed)
            if listed and listed[0][0] == "EXISTS":
                filled(each_cache)
            return replies

        write._deployment.pipeline = late  # type: ignore[method-assign]
        write.write(items())
    assert (write.changed, write.skipped) == (0, len(OLD))
    each_cache.call("DEL", "none")
    before = dumped(each_cache)
    assert before[b"string"][0] != b""
    with each_cache.connection() as connection:
        assert connection.call("LRANGE", "list", 0, -1) == [b"old"]
        assert connection.call("GET", "string") == b"old"
        assert connection.call("DBSIZE") == len(OLD)


def test_a_large_key_that_appears_in_between_is_not_written_over(cache: Cache):
    def windows() -> Iterator[ExportedKey]:
        item = items()[0]
        yield item.replace(part=0, is_last=False)
        cache.call("RPUSH", "list", "old")
        yield item.replace(part=1, is_last=True)

    with writer(cache.target, replaces=False) as write:
        write.write([items()[0].replace(value=None, windows=windows)])
    assert (write.changed, write.skipped, cache.call("DBSIZE")) == (0, 1, 1)
    assert cache.call("LRANGE", "list", 0, -1) == [b"old"]


def test_a_value_that_is_evicted_while_it_is_written_does_not_become_a_torn_one(cache: Cache):
    before = filled(cache)

    def windows() -> Iterator[ExportedKey]:
        yield items()[0].replace(part=0, is_last=False)
        cache.call("DEL", *cache.call("KEYS", "*:boombap-*"))
        yield items()[0].replace(part=1, is_last=True)

    with writer(cache.target) as write, pytest.raises(QueryFailed, match="is gone"):
        write.write([items()[0].replace(value=None, windows=windows)])
    assert dumped(cache) == before


def test_what_is_being_written_lives_for_a_short_time_only(cache: Cache):
    lives = []

    def windows() -> Iterator[ExportedKey]:
        for part in range(3):
            yield items()[0].replace(part=part, is_last=part == 2)
            if part < 2:
                [name] = cache.call("KEYS", "*:boombap-*")
                lives.append(cache.call("PTTL", name))

    with writer(cache.target) as write:
        write.write([items()[0].replace(value=None, windows=windows)])
    assert len(lives) == 2
    assert all(0 < ms <= 600_000 for ms in lives)
    assert cache.call("KEYS", "*") == [b"list"]


@pytest.mark.parametrize("key", [b"k", b"{t}k", b"{}k", b"a{b", b"a}b", b"{{a}}", b"x{}y{z}"])
def test_a_cluster_takes_any_name(cache_cluster: CacheCluster, key: bytes):
    with cache_cluster.opened() as cluster:
        for is_large in (False, True):
            write = Writer(cluster, replaces=True)
            item = ExportedKey(0, key, "list", 5_000_000, [b"a", b"b"], None)
            write.write([in_windows(item) if is_large else item])
            assert (write.changed, write.failed) == (1, [])
            assert cluster.call("LRANGE", key, 0, -1) == [b"a", b"b"] * (1 + is_large)
        assert [name for pool in cluster.masters() for name in pool.call("KEYS", "*")] == [key]


def test_a_user_without_transactions_or_with_one_prefix_writes_all_the_same(own_cache: Callable[..., Cache]):
    cache = own_cache()
    cache.call("ACL", "SETUSER", "u", "on", ">p", "~l*", "+@all", "-multi", "-@dangerous", "+info")
    target = cache.target.replace(username="u", password=_secret("p"))
    with writer(target) as write:
        write.write([item for item in items(5_000_000) if item.type == "list"])
    assert (write.changed, cache.call("LLEN", "list")) == (1, 3)
    with writer(target) as write, pytest.raises(AccessDenied):
        write.write([item for item in items() if item.type == "hash"])
    assert cache.call("KEYS", "*") == [b"list"]


def _secret(text: str) -> Any:
    from boombap.config.secret import Secret

    return Secret(text)


@pytest.mark.parametrize("action", ["restore", "copy"])
def test_a_run_that_is_killed_leaves_the_old_value_and_nothing_forever(
    start_boombap: Start, cache: Cache, own_cache: Callable[..., Cache], tmp_path: Path, action: str
):
    to = own_cache()
    with cache.connection() as connection:
        connection.pipeline([("RPUSH", "queue", *(b"%0100d" % n for n in range(1000))) for _ in range(300)])
        with BackupFile(tmp_path / "b") as file:
            file.save(fetch(connection, 0, [b"queue"]))
    to.call("RPUSH", "queue", "old")
    words = (str(tmp_path / "b"),) if action == "restore" else ("--to", to.url)
    running = start_boombap("redis", action, *words, "--replace", "--yes",
                            REDIS_URL=to.url if action == "restore" else cache.url)  # fmt: skip
    assert poll(lambda: to.call("DBSIZE") == 2, 20.0)
    running.send_signal(signal.SIGKILL)
    running.wait()
    left = [key for key in to.call("KEYS", "*") if key != b"queue"]
    assert to.call("LRANGE", "queue", 0, -1) == [b"old"]
    assert len(left) == 1
    assert 0 < to.call("PTTL", left[0]) <= 600_000


class Changed:
    """A connection after each of whose commands another client has changed the key."""

    def __init__(self, connection: Connection, cache: Cache) -> None:
        self._connection = connection
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if not callable(found):
            return found

        def called(*args: Any, **more: Any) -> Any:
            answer = found(*args, **more)
            self._cache.call("LSET", "hot", 0, str(time.monotonic()))
            return answer

        return called


def test_a_source_that_changes_is_read_again_and_then_named(cache: Cache, own_cache: Callable[..., Cache]):
    other = own_cache()
    with cache.connection() as connection:
        connection.call("RPUSH", "hot", *(b"%0100d" % n for n in range(LARGE_BYTES // 50)))
        with writer(other.target) as write:
            write.write(fetch(Changed(connection, cache), 0, [b"hot"]))  # type: ignore[arg-type]
    assert (write.changed, write.failed) == (0, [(b"hot", "its value changed while it was read")])
    assert other.call("DBSIZE") == 0
