"""A few connections shared by threads: bounded, replaced when broken or old; only safe commands are sent again."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from boombap.clients.redis.errors import ServerError
from boombap.clients.redis.pool import Pool, is_idempotent
from boombap.clients.redis.target import Target
from boombap.errors import AccessDenied, Disconnected, Interrupted, NotFound, TimedOut, Unreachable
from boombap.interrupt import Interrupt
from fakes.lying_redis import lying
from fakes.not_postgres import listening
from fakes.not_redis import scripted

if TYPE_CHECKING:
    from caches import Cache


def client_of(pool: Pool) -> int:
    return int(pool.call("CLIENT", "ID"))


def test_a_connection_is_used_again(cache: Cache):
    with cache.pool() as pool:
        assert client_of(pool) == client_of(pool)


def test_no_more_connections_than_its_size(cache: Cache):
    with cache.pool(size=2, wait_s=0.05) as pool, ExitStack() as stack:
        lent = [stack.enter_context(pool.connection()) for _ in range(2)]
        assert lent[0] is not lent[1]
        with pytest.raises(TimedOut, match=r"raise redis_manager\.pool_size"):
            pool.call("PING")


def test_a_thread_gets_the_connection_that_another_gives_back(cache: Cache):
    with cache.pool(size=1) as pool:
        replies: list[object] = []
        with pool.connection():
            thread = threading.Thread(target=lambda: replies.append(pool.call("PING")))
            thread.start()
            assert replies == []
        thread.join()
    assert replies == [b"PONG"]


def test_an_interrupt_ends_the_wait_for_a_connection(cache: Cache):
    interrupt = Interrupt()
    with Pool(cache.target, interrupt, size=1) as pool, pool.connection():
        interrupt.set(15)
        with pytest.raises(Interrupted):
            pool.call("PING")


def test_a_dead_connection_is_replaced_once(cache: Cache):
    with cache.pool(size=1) as pool:
        before = client_of(pool)
        cache.call("CLIENT", "KILL", "ID", before)
        assert client_of(pool) != before
        cache.call("CLIENT", "KILL", "TYPE", "normal")
        assert pool.pipeline([("SET", "k", "v"), ("GET", "k")]) == [b"OK", b"v"]


@pytest.mark.parametrize("words", [("INCR", "n"), (b"lpush", "l", 1)])
def test_a_command_that_counts_is_not_sent_twice(cache: Cache, words: tuple[str, ...]):
    with cache.pool(size=1) as pool:
        cache.call("CLIENT", "KILL", "ID", client_of(pool))
        with pytest.raises(Disconnected):
            pool.call(*words)
        assert pool.call("DBSIZE") == 0
        cache.call("CLIENT", "KILL", "ID", client_of(pool))
        with pytest.raises(Disconnected):
            pool.pipeline([("GET", "n"), words])


def test_a_command_that_kills_its_connection_each_time_fails():
    with (
        listening(scripted(None)) as fake,
        Pool(Target(port=fake.port), Interrupt(), size=1) as pool,
        pytest.raises(Disconnected),
    ):
        pool.call("GET", "k")


def test_a_dead_connection_is_not_replaced_a_second_time():
    """A server that dies of a command is not killed again and again."""
    with lying() as liar, Pool(liar.target, Interrupt(), size=1) as pool:
        liar.answers[b"GET"] = None
        with pytest.raises(Disconnected):
            pool.call("GET", "k")
        assert liar.names() == [b"GET"] * 2
        with pytest.raises(Disconnected):
            pool.pipeline([("GET", "k"), ("TTL", "k")])
        assert liar.names() == [b"GET"] * 4


@pytest.mark.parametrize("name", ["INCR", "APPEND", "LPUSH", "RPUSH", "XADD", "EVAL", "EVALSHA", "RENAME", "GETDEL"])
def test_what_happens_twice_when_sent_twice_is_not_idempotent(name: str):
    assert not is_idempotent(name)
    assert not is_idempotent(name.lower().encode())


def test_an_old_connection_is_replaced(cache: Cache):
    now = [0.0]
    with cache.pool(size=1, lifetime_s=100.0, clock=lambda: now[0]) as pool:
        first = client_of(pool)
        now[0] = 99.0
        assert client_of(pool) == first
        now[0] = 101.0
        assert client_of(pool) != first


def test_a_long_idle_connection_is_checked_before_it_is_lent(cache: Cache):
    now = [0.0]
    with cache.pool(size=1, clock=lambda: now[0]) as pool:
        before = client_of(pool)
        cache.call("CLIENT", "KILL", "ID", before)
        now[0] = 31.0
        with pool.connection() as connection:
            assert connection.call("CLIENT", "ID") != before


def test_errors_are_raised_or_given(cache: Cache):
    with cache.pool() as pool:
        with pytest.raises(NotFound):
            pool.call("NOSUCH")
        assert isinstance(pool.ask("NOSUCH"), ServerError)


def test_no_server(cache: Cache):
    with Pool(cache.target.replace(port=1), Interrupt()) as pool, pytest.raises((Unreachable, AccessDenied)):
        pool.call("PING")


def test_scan_gives_every_key(cache: Cache):
    with cache.pool() as pool:
        pool.pipeline([("SET", f"a:{number}", 1) for number in range(500)] + [("LPUSH", "b:1", 1), ("SET", "c", 1)])
        assert len({key for batch in pool.scan(count=50) for key in batch}) == 502
        assert {key for batch in pool.scan("b:*") for key in batch} == {b"b:1"}
        assert {key for batch in pool.scan(kind="list") for key in batch} == {b"b:1"}


def test_many_threads_share_a_few_connections(cache: Cache):
    with cache.pool(size=3) as pool:
        threads = [threading.Thread(target=lambda: [pool.call("INCR", "n") for _ in range(100)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert pool.call("GET", "n") == b"800"
