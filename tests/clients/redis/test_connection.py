"""One connection on real servers, and on sockets that are none: replies, refusals, limits, interruption, TLS."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
import redis as redis_py
from hypothesis import given, settings
from hypothesis import strategies as st

import servers
from boombap.clients.redis.connection import Connection, Limits, as_mapping
from boombap.clients.redis.errors import ServerError
from boombap.clients.redis.target import Target, Tls, from_text
from boombap.config.secret import Secret
from boombap.errors import (
    AccessDenied,
    ConfigError,
    Disconnected,
    Interrupted,
    NotFound,
    QueryFailed,
    TimedOut,
    Unreachable,
)
from boombap.interrupt import Interrupt
from fakes.not_postgres import hangs_up, http, listening, silent
from fakes.not_redis import scripted, with_tls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from caches import Cache

SECRET = "Tr0mpete-im-Keller"
SHORT = Limits(connect_s=0.05, read_s=0.05)
MIB = 1024**2


def open_at(port: int, limits: Limits = SHORT, **parts: object) -> Connection:
    return Connection(Target(port=port, origin="the test").replace(**parts), limits, Interrupt())


def test_a_server_is_greeted_in_resp3(each_cache: Cache):
    with each_cache.connection() as connection:
        assert (connection.protocol, connection.mode) == (3, "standalone")
        assert b"boombap-" in connection.call("CLIENT", "GETNAME")


def test_values_come_back_as_bytes(cache: Cache):
    value = bytes(range(256)) + b"\r\n"
    with cache.connection() as connection:
        assert connection.call("SET", b"a\0\n\xff", value) == b"OK"
        assert connection.call("GET", b"a\0\n\xff") == value
        assert connection.call("GET", "none") is None
        assert connection.call("INCRBY", "n", 41) == 41


def test_a_tcp_address_and_a_socket_are_the_same_server(cache: Cache):
    cache.call("SET", "k", "v")
    with cache.connection(from_text(cache.running.url, origin="the test")) as connection:
        assert connection.call("GET", "k") == b"v"


def test_the_database_is_selected(cache: Cache):
    with cache.connection(cache.target.on(3)) as connection:
        connection.call("SET", "k", "v")
    assert cache.call("GET", "k") is None
    with pytest.raises(NotFound, match="no such database"), cache.connection(cache.target.on(99)):
        pass


def test_what_the_server_pushes_is_no_reply(cache: Cache):
    with cache.connection() as connection:
        connection.call("CLIENT", "TRACKING", "ON")
        connection.call("SET", "k", 1)
        connection.call("GET", "k")
        cache.call("SET", "k", 2)
        assert connection.call("GET", "k") == b"2"


@pytest.mark.parametrize("count", [0, 1, 3, 50_000])
def test_a_pipeline_gives_one_reply_a_command(cache: Cache, count: int):
    with cache.connection() as connection:
        replies = connection.pipeline(("SET", f"k{number}", number) for number in range(count))
        assert replies == [b"OK"] * count


def test_an_error_in_a_pipeline_is_a_value(cache: Cache):
    with cache.connection() as connection:
        first, wrong, last = connection.pipeline([("SET", "k", "v"), ("LPUSH", "k", 1), ("GET", "k")])
        assert (first, last) == (b"OK", b"v")
        assert isinstance(wrong, ServerError)
        assert wrong.word == "WRONGTYPE"
        assert "Operation" not in repr(wrong)


def test_full_buffers_in_both_directions_do_not_wait_for_each_other(cache: Cache):
    value = b"x" * MIB
    cache.call("SET", "k", value)
    with cache.connection() as connection:
        commands = [("ECHO", value) for _ in range(64)]
        assert all(reply == value for reply in connection.pipeline(commands))


@pytest.mark.slow
def test_a_value_of_100_mb(cache: Cache):
    value = bytes(100 * MIB)
    with cache.connection() as connection:
        assert connection.call("SET", "k", value) == b"OK"
        assert connection.call("GET", "k") == value
    cache.clear()


@pytest.mark.parametrize("broken", [None, True, [1], ("GET",)])
def test_a_word_that_is_none_is_our_mistake(cache: Cache, broken: object):
    with cache.connection() as connection:
        with pytest.raises(TypeError, match="SET"):
            connection.call("SET", "k", broken)  # type: ignore[arg-type]
        assert not connection.is_usable


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (("LPUSH", "text", 1), QueryFailed, "LPUSH does not fit the type"),
        (("NOSUCH", SECRET), NotFound, "has no command NOSUCH"),
        (("\x1b[31m", SECRET), NotFound, "has no command a command"),
        (("CLUSTER", "NODES"), NotFound, "is not a Cluster"),
        (("EVALSHA", "0" * 40, 0), NotFound, "a script is not known"),
        (("SET", "k"), QueryFailed, r"refused SET \(ERR\)"),
        (("AUTH", "wrong"), AccessDenied, "has no password for the default user"),
        (("RESTORE", "new", 0, b"junk"), QueryFailed, "cannot read the DUMP form"),
    ],
)
def test_what_a_server_refuses(cache: Cache, words: tuple[str, ...], kind: type[Exception], message: str):
    with cache.connection() as connection:
        connection.call("SET", "text", "t")
        with pytest.raises(kind, match=message) as caught:
            connection.call(*words)
        assert SECRET not in str(caught.value)
        assert connection.is_usable


@pytest.mark.parametrize(
    ("password", "kind", "message"),
    [
        ("", AccessDenied, "asks for a password"),
        (f"{SECRET}x", AccessDenied, "refused the password of the default user"),
    ],
)
def test_a_wrong_password(own_cache: Callable[..., Cache], password: str, kind: type[Exception], message: str):
    guarded = own_cache(requirepass=SECRET)
    with (
        pytest.raises(kind, match=message) as caught,
        guarded.connection(guarded.target.replace(password=Secret(password) if password else None)) as connection,
    ):
        connection.call("GET", "k")
    assert SECRET not in str(caught.value)
    with guarded.connection(guarded.target.replace(password=Secret(SECRET))) as connection:
        assert connection.call("PING") == b"PONG"


def test_a_limited_acl_user(cache: Cache):
    cache.call("ACL", "SETUSER", "guest", "reset", "on", f">{SECRET}", "~mine:*", "+get", "+client|setname")
    try:
        with cache.connection(cache.target.replace(username="guest", password=Secret(SECRET))) as connection:
            assert connection.call("GET", "mine:1") is None
            with pytest.raises(AccessDenied, match="guest may not run GET"):
                connection.call("GET", "yours:1")
            with pytest.raises(AccessDenied, match="guest may not run FLUSHALL"):
                connection.call("FLUSHALL")
        with (
            pytest.raises(AccessDenied, match="refused the password of guest"),
            cache.connection(cache.target.replace(username="guest", password=Secret("no"))),
        ):
            pass
    finally:
        cache.call("ACL", "DELUSER", "guest")


@pytest.mark.parametrize("password", ["", SECRET])
def test_a_server_without_hello_is_asked_in_resp2(own_cache: Callable[..., Cache], password: str):
    old = own_cache(rename_command="HELLO nobody-knows", requirepass=password or '""')
    with old.connection(old.target.replace(password=Secret(password) if password else None)) as connection:
        assert (connection.protocol, connection.mode) == (2, "")
        connection.call("HSET", "h", "a", 1, "b", 2)
        assert as_mapping(connection.call("HGETALL", "h")) == {b"a": b"1", b"b": b"2"}
    if password:
        with pytest.raises(AccessDenied, match="asks for a password"), old.connection():
            pass


def test_memory_is_full(own_cache: Callable[..., Cache]):
    full = own_cache(maxmemory="1mb", maxmemory_policy="noeviction")
    with full.connection() as connection:
        connection.ask("SET", "k", b"x" * 2 * MIB)
        with pytest.raises(QueryFailed, match="at maxmemory and takes no writes"):
            connection.call("SET", "more", "x")


def test_a_busy_script_is_transient(own_cache: Callable[..., Cache]):
    busy = own_cache(busy_reply_threshold="1")
    with busy.connection() as first, busy.connection() as other:
        thread = threading.Thread(target=lambda: first.ask("EVAL", "while true do end", 0))
        thread.start()
        while not isinstance(refused := other.ask("PING"), ServerError):
            pass
        assert refused.word == "BUSY"
        with pytest.raises(TimedOut, match="busy with a script"):
            other.call("GET", "k")
        other.call("SCRIPT", "KILL")
        thread.join()


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("LOADING Redis is loading the dataset in memory", Unreachable, "is loading its data"),
        ("READONLY You can't write against a read only replica.", QueryFailed, "is a read-only replica"),
        ("MOVED 3999 127.0.0.1:6381", QueryFailed, "is a node of a Cluster"),
        ("ASK 3999 127.0.0.1:6381", QueryFailed, "is moving the slot"),
        ("CLUSTERDOWN The cluster is down", Unreachable, "does not serve all slots"),
        ("CROSSSLOT Keys in request don't hash to the same slot", QueryFailed, r"as in {tag}:name"),
        ("MASTERDOWN Link with MASTER is down", Unreachable, "has lost its master"),
        ("MISCONF Redis is configured to save RDB snapshots", QueryFailed, "cannot save to disk"),
        ("ERR max number of clients reached", Unreachable, "no free connection"),
        ("SOMETHING new", QueryFailed, r"refused GET \(SOMETHING\)"),
        ("\x1b[31m odd", QueryFailed, r"refused GET \(ERR\)"),
    ],
)
def test_each_first_word_has_its_branch(line: str, kind: type[Exception], message: str):
    with listening(scripted(f"-{line}\r\n".encode())) as fake:
        connection = open_at(fake.port)
        with pytest.raises(kind, match=message):
            connection.call("GET", "k")
        connection.close()


def test_nobody_listens():
    with pytest.raises(Unreachable, match="refused the connection; check host and port in the test"):
        open_at(servers.free_port())


def test_no_such_socket(tmp_path: Path):
    with pytest.raises(Unreachable, match="no Redis socket"):
        open_at(1, host="", path=str(tmp_path / "none"))


def test_an_unknown_host():
    with pytest.raises(Unreachable, match=r"no\.such\.host\.invalid is not known"):
        open_at(1, host="no.such.host.invalid")


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (silent, TimedOut, r"did not answer HELLO within 0\.05 s"),
        (http, Unreachable, "is not Redis"),
        (hangs_up, Disconnected, "broke"),
    ],
)
def test_something_else_answers(answer: Callable[..., None], kind: type[Exception], message: str):
    with listening(answer) as fake, pytest.raises(kind, match=message):
        open_at(fake.port)


@pytest.mark.parametrize(("answer", "kind"), [(None, Disconnected), (b"$5\r\nab", TimedOut), (b"?\r\n", Unreachable)])
def test_an_answer_that_stops(answer: bytes | None, kind: type[Exception]):
    with listening(scripted(answer)) as fake:
        connection = open_at(fake.port)
        with pytest.raises(kind):
            connection.call("GET", "k")
        assert not connection.is_usable


def test_a_pipeline_that_breaks_off():
    with listening(scripted(b"+OK\r\n", None)) as fake:
        connection = open_at(fake.port)
        with pytest.raises((Disconnected, TimedOut)):
            connection.pipeline([("GET", "a"), ("GET", "b")])
        assert not connection.is_usable


@pytest.mark.parametrize("words", [("BLPOP", "nothing", 0), ("DEBUG", "SLEEP", 0.3)])
def test_an_interrupt_ends_a_wait(own_cache: Callable[..., Cache], words: tuple[str, ...]):
    slow = own_cache(enable_debug_command="local")
    interrupt = Interrupt()
    with slow.connection(interrupt=interrupt) as connection:
        ended: list[float] = []

        def wait() -> None:
            with pytest.raises(Interrupted):
                connection.call(*words)
            ended.append(time.monotonic())

        thread = threading.Thread(target=wait)
        thread.start()
        interrupt.set(2)
        started_s = time.monotonic()
        while thread.is_alive():
            interrupt.end_waits()
            thread.join(0.01)
    assert ended[0] - started_s < 0.1


def test_an_interrupt_ends_a_connection_attempt():
    interrupt = Interrupt()
    interrupt.set(2)
    with listening(silent) as fake, pytest.raises(Interrupted):
        Connection(Target(port=fake.port), Limits(), interrupt)


def test_tls_with_a_trusted_certificate(tmp_path: Path):
    with with_tls(scripted(b"$1\r\nv\r\n", b"+OK\r\n" * 2, b"+OK\r\n"), tmp_path) as (fake, authority):
        connection = open_at(fake.port, Limits(), host="localhost", tls=Tls(str(authority)))
        assert connection.call("GET", "k") == b"v"
        assert connection.pipeline([("SET", "a", 1), ("SET", "b", 2)]) == [b"OK", b"OK"]
        connection.close()


def test_tls_with_a_certificate_of_nobody(tmp_path: Path):
    with with_tls(scripted(), tmp_path) as (fake, _), pytest.raises(AccessDenied, match="not trusted"):
        open_at(fake.port, Limits(), host="localhost", tls=Tls())


def test_tls_with_a_certificate_for_another_name(tmp_path: Path):
    with with_tls(scripted(), tmp_path, "elsewhere") as (fake, authority), pytest.raises(AccessDenied):
        open_at(fake.port, Limits(), host="localhost", tls=Tls(str(authority)))


def test_tls_where_there_is_none(cache: Cache):
    with pytest.raises(Unreachable, match="port is the one for TLS"):
        open_at(cache.tcp_port, SHORT, tls=Tls())
    with listening(http) as fake, pytest.raises(AccessDenied, match="TLS handshake"):
        open_at(fake.port, Limits(), tls=Tls())


def test_tls_with_a_file_that_is_not_there(cache: Cache):
    with pytest.raises(ConfigError, match="certificate file"):
        open_at(cache.tcp_port, Limits(), tls=Tls("/none"))


def test_plain_words_where_tls_is_spoken(tmp_path: Path):
    with with_tls(scripted(), tmp_path) as (fake, _), pytest.raises((Unreachable, Disconnected, TimedOut)):
        open_at(fake.port, Limits(0.5, 0.5), host="localhost")


_VALUES = st.one_of(st.binary(max_size=50), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.binary(min_size=1, max_size=30), _VALUES, min_size=1, max_size=20))
def test_replies_are_those_of_redis_py(caches: object, values: dict[bytes, object]):
    cache: Cache = caches.valkey()  # type: ignore[attr-defined]
    with redis_py.Redis(port=cache.tcp_port, protocol=3) as peer, cache.connection() as ours:
        commands = [
            ("HSET", "h", *(part for pair in values.items() for part in pair)),
            ("HGETALL", "h"),
            *(("SET", b"k:" + key, value) for key, value in values.items()),
            *(("GET", b"k:" + key) for key in values),
            ("MGET", *(b"k:" + key for key in values)),
            ("SADD", "s", *values),
            ("ZADD", "z", *(part for index, key in enumerate(values) for part in (index / 3, key))),
            ("ZRANGE", "z", 0, -1, "WITHSCORES"),
            ("TYPE", "z"),
            ("EXISTS", "none"),
            ("XADD", "x", "1-1", "f", "v"),
            ("XRANGE", "x", "-", "+"),
        ]
        raw = peer.connection_pool.get_connection()
        raw.send_packed_command(raw.pack_commands(commands))
        expected = [raw.read_response(disable_decoding=True) for _ in commands]
        peer.connection_pool.release(raw)
        peer.flushall()
        replies = ours.pipeline(commands)
    assert replies == expected
