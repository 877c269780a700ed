"""The script and the single commands give the same answer, whatever is in the keyspace and whatever a user may do."""

from __future__ import annotations

import pickle
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.redis.errors import ServerError
from boombap.config.secret import Secret
from boombap.redis.keyspace.scan import scan_batches
from boombap.redis.keyspace.scripted import _Answer, batches, scan_by_script
from boombap.redis.keyspace.stats import Aggregator, total
from boombap.redis.keyspace.throttle import AdaptiveBatchSize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.clients.redis.connection import Connection
    from boombap.clients.redis.target import Target
    from boombap.redis.keyspace.scan import Batch
    from caches import Cache

CHANCE = random.Random(11)
ODD_KEYS = [b"", b"\0", b"a\nb", b"\xff\xfe", b"\x1b[31m", "ключ:1".encode(), b"x" * 5000, b"%d:%b", b"a b", b"$5\r\n"]


def unhurried() -> AdaptiveBatchSize:
    return AdaptiveBatchSize(lambda _: None, size=100)


def fill(cache: Cache) -> None:
    """Every type, small, larger and very large, with and without pickles, with and without a TTL, with odd names."""
    dumped = [pickle.dumps({"n": 1}, protocol) for protocol in range(6)]
    values = [
        *dumped,
        b"",
        b"\x80",
        b"call me.",
        b"(x",
        b"]q",
        b"}",
        b"\x80\x04.",
        b"\x80\x02]q\x00(K\x01",
        b"text",
        b"7",
    ]
    commands: list[tuple[Any, ...]] = [("SET", key, b"v") for key in ODD_KEYS]
    for number, value in enumerate(values * 3):
        commands += [
            ("SET", f"string:{number}", value), ("HSET", f"hash:{number}", "a", value, value, "b"),
            ("RPUSH", f"list:{number}", "x", value, "y"), ("SADD", f"set:{number}", value, "z"),
            ("ZADD", f"zset:{number}", 1, value), ("XADD", f"stream:{number}", "1-1", "f", value),
        ]  # fmt: skip
    # Twice and 200 times as large as what every collection is looked into; one in 16 of the first is.
    commands += [("RPUSH", f"larger:{number}", dumped[4], *([b"x" * 64] * 300)) for number in range(100)]
    commands += [
        ("RPUSH", "very large", dumped[4], *([b"x" * 1000] * 2000)),
        ("SET", "big", dumped[5] + b"x" * 100_000),
    ]
    commands += [
        ("SET", f"ttl:{number}", "x", "PX", 10**6 * CHANCE.randrange(1000) + 500_000) for number in range(2000)
    ]
    with cache.connection() as connection:
        errors = [reply for reply in connection.pipeline(commands) if isinstance(reply, ServerError)]
    assert errors == []


def counted(found: Iterator[Batch]) -> dict[str, Any]:
    """Return every number of a scan in a form that does not depend on the order of keys."""
    aggregator = Aggregator(prefixes=[b"ttl:", b"hash:"])
    lists: dict[str, list[bytes]] = {"pickles": [], "suspects": [], "elsewhere": []}
    measured = []
    for batch in found:
        aggregator.add(batch)
        measured += [(key, size, kind, ttl // 10**6 if ttl else ttl) for key, size, kind, ttl in batch.measured]
        for name, keys in lists.items():
            keys.extend(getattr(batch, name))
    stats = total([aggregator], 1.0)
    return {
        "measured": sorted(measured, key=repr),
        **{name: sorted(keys) for name, keys in lists.items()},
        "branches": {branch.prefix: branch.replace(children=()) for branch in stats.branches},
        "below": stats.below,
        "types": stats.types,
        "sums": (stats.keys, stats.size_bytes, stats.measured, stats.unreadable, stats.pickles, stats.suspects),
        "denied": dict(stats.denied),
    }


@contextmanager
def user(cache: Cache, *rules: str) -> Iterator[Target]:
    cache.call("ACL", "SETUSER", "guest", "reset", "on", ">pw", *rules)
    try:
        yield cache.target.replace(username="guest", password=Secret("pw"))
    finally:
        cache.call("ACL", "DELUSER", "guest")


def script_ran(connection: Connection) -> bool:
    """Tell whether the script comes to the end of a scan."""
    scan = scan_by_script(connection, b"*", unhurried(), 0)
    while True:
        try:
            next(scan)
        except StopIteration as ended:
            return ended.value is None


@pytest.mark.parametrize("pattern", [b"*", b"hash:*", b"nothing", b"*[0-3]"])
def test_both_give_the_same_answer(each_cache: Cache, pattern: bytes):
    fill(each_cache)
    with each_cache.connection() as connection:
        assert script_ran(connection)
        by_script = counted(batches(connection, pattern, unhurried()))
        by_commands = counted(scan_batches(connection, pattern, unhurried()))
    assert by_script == by_commands
    assert pattern != b"*" or len(by_script["pickles"]) > 60


@pytest.mark.parametrize(
    ("rules", "is_run"),
    [
        (("~*", "+@all"), True),
        (("~*", "+@all", "-@scripting"), False),
        (("~*", "+@all", "-eval_ro"), False),
        (("~*", "+@all", "-memory"), False),
        (("~*", "+@all", "-type"), False),
        (("~*", "+@all", "-pttl"), False),
        (("~*", "+@all", "-getrange"), False),
        (("~*", "+@all", "-hrandfield", "-xrange"), False),
        (("~hash:*", "+@all"), False),
        (("%R~*", "+@all"), False),  # to a server the pattern does not match the empty name
        (("~*", "+scan"), False),
    ],
)
def test_a_missing_right_is_told_as_by_single_commands(each_cache: Cache, rules: tuple[str, ...], is_run: bool):
    fill(each_cache)
    with user(each_cache, *rules, "+hello", "+client") as target, each_cache.connection(target) as connection:
        assert script_ran(connection) is is_run
        assert counted(batches(connection, b"*", unhurried())) == counted(scan_batches(connection, b"*", unhurried()))


@pytest.mark.parametrize("command", ["EVAL_RO", "MEMORY", "SRANDMEMBER"])
def test_a_renamed_command_is_told_as_by_single_commands(own_cache: Callable[..., Cache], command: str):
    dumb = own_cache(rename_command=f'{command} ""')
    fill(dumb)
    with dumb.connection() as connection:
        assert not script_ran(connection)
        assert counted(batches(connection, b"*", unhurried())) == counted(scan_batches(connection, b"*", unhurried()))


def test_the_script_goes_on_after_it_was_flushed(each_cache: Cache):
    fill(each_cache)
    with each_cache.connection() as connection:
        found = batches(connection, b"*", unhurried())
        first = next(found)
        each_cache.call("SCRIPT", "FLUSH")
        rest = sum(len(batch.measured) for batch in found)
        assert len(first.measured) + rest == each_cache.call("DBSIZE")


def test_a_right_that_is_taken_away_meanwhile(each_cache: Cache):
    fill(each_cache)
    with user(each_cache, "~*", "+@all") as target, each_cache.connection(target) as connection:
        found = batches(connection, b"*", unhurried())
        keys = [measured[0] for measured in next(found).measured]
        each_cache.call("ACL", "SETUSER", "guest", "-eval_ro")
        keys += [measured[0] for batch in found for measured in batch.measured]
    assert len(keys) == len(set(keys)) == each_cache.call("DBSIZE")


def test_a_sample_is_measured_by_single_commands(cache: Cache):
    fill(cache)
    cache.call("CONFIG", "RESETSTAT")
    with cache.connection() as connection:
        found = list(batches(connection, b"*", unhurried(), share=0.1))
    assert sum(batch.scanned for batch in found) == cache.call("DBSIZE")
    assert b"eval_ro" not in cache.call("INFO", "commandstats")


def test_a_key_that_has_gone_is_scanned_and_not_measured(cache: Cache):
    reply = [b"7", [b"a", b"b"], [64, -1], [b"string", b"none"], [-1, -2], [], []]
    with cache.connection() as connection:
        batch = _Answer(reply).read(connection).batch()
    assert (batch.cursor, batch.scanned, batch.measured) == (7, 2, [(b"a", 64, b"string", -1)])
