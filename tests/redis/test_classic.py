"""The plain look at a server, beside that of the native engine on the same keys."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from boombap.clients.redis.target import Target, from_text
from boombap.errors import AccessDenied, ExternalError, Interrupted, NoVerdict, Unreachable
from boombap.interrupt import Interrupt
from boombap.redis import server_info
from boombap.redis.classic import info, keys
from boombap.redis.examine import examine
from boombap.redis.model import Expectations
from keyspaces import walk
from redis_actions import PASSWORD, limited_user
from servers import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from caches import Cache, CacheCluster

SAME = ("keys", "size_bytes", "measured", "is_estimate", "types", "ttls", "databases")
ODD = [b"", b"\0", b"a\nb", b"\xff\xfe", b"\x1b[31m", "ключ:1".encode(), b"x" * 5000, b"%d:%b", b"a b"]


@pytest.fixture
def filled(each_cache: Cache) -> Cache:
    with each_cache.connection() as connection:
        connection.pipeline(
            [
                *(("SET", f"artist:{number}", "x", "EX", 100_000) for number in range(300)),
                *(("SET", f"spotify:track:{number}", "y" * 100) for number in range(200)),
                *(("HSET", f"analysis:{number}", "a", 1) for number in range(50)),
                ("RPUSH", "list", *range(100)),
                ("SET", "old:1", pickle.dumps({"a": 1})),
                *(("SET", key, 1) for key in ODD),
            ]
        )
    with each_cache.connection(each_cache.target.on(2)) as connection:
        connection.call("SET", "lonely", 1, "EX", 20_000_000)
    return each_cache


def test_both_engines_count_the_same_keys(filled: Cache, tmp_path: Path) -> None:
    classic, native = keys(filled.target, Interrupt()), walk(filled.target, tmp_path)
    assert {name: getattr(classic, name) for name in SAME} == {name: getattr(native, name) for name in SAME}
    assert [entry.size_bytes for entry in classic.biggest] == [entry.size_bytes for entry in native.biggest]
    counted = {branch.prefix: (branch.keys, branch.size_bytes, branch.without_ttl) for branch in native.branches}
    for branch in classic.branches:
        if branch.prefix.endswith(b":"):
            assert counted[branch.prefix] == (branch.keys, branch.size_bytes, branch.without_ttl)


def test_it_does_not_say_that_nothing_is_a_pickle(filled: Cache) -> None:
    stats = keys(filled.target, Interrupt())
    assert (stats.pickles, stats.suspects, stats.knows_pickles) == (None, None, False)


def test_one_database_and_a_pattern(filled: Cache) -> None:
    assert keys(filled.target, Interrupt(), 2).examples == (b"lonely",)
    assert keys(filled.target, Interrupt(), 0, b"analysis:*").keys == 50
    assert keys(filled.target, Interrupt(), 7).keys == 0


def test_both_engines_are_told_the_same_facts(filled: Cache) -> None:
    with filled.pool() as pool:
        native = server_info.read(pool)
    classic = info(filled.target)
    for name in ("address", "product", "version", "databases", "config", "acl", "cluster"):
        assert getattr(classic, name) == getattr(native, name)
    assert classic.info.keys() == native.info.keys()
    assert classic.commands.keys() >= native.commands.keys()
    assert classic.keys == native.keys == len(ODD) + 553
    health = [examine([node], Expectations(), ()) for node in (classic, native)]
    first, second = ({(finding.id, finding.subject) for finding in one.findings} for one in health)
    assert first == second


def test_what_a_user_may_not_ask_is_none(cache: Cache) -> None:
    with limited_user(cache, "+@all", "-config", "-acl", "-slowlog") as address:
        facts = info(from_text(address, origin="the test"))
    assert (facts.config, facts.acl, facts.slow_us) == (None, None, None)
    assert facts.version


@pytest.mark.parametrize("command", ["memory|usage", "pttl", "type", "scan", "info"])
def test_a_refused_command_is_an_error(filled: Cache, command: str) -> None:
    with limited_user(filled, "+@all", f"-{command}") as address, pytest.raises(AccessDenied):
        keys(from_text(address, origin="the test"), Interrupt())


def test_a_node_of_a_cluster_is_refused(cache_cluster: CacheCluster) -> None:
    """What one node says would look like an answer about all of them."""
    with pytest.raises(NoVerdict, match="is a node of a Cluster"):
        keys(cache_cluster.target, Interrupt())
    with pytest.raises(NoVerdict, match="is a node of a Cluster"):
        info(cache_cluster.target)


def test_sentinels_are_refused() -> None:
    with pytest.raises(NoVerdict, match="behind Sentinels"):
        info(from_text("redis+sentinel://127.0.0.1:1/cache/0", origin="the test"))


def test_a_server_that_does_not_answer_is_named() -> None:
    port = free_port()
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port}/0 refused the connection"):
        info(Target(port=port))


def test_no_password_is_shown(cache: Cache) -> None:
    target = from_text(cache.url.replace("//", f"//nobody:{PASSWORD}@"), origin="the test")
    with pytest.raises(ExternalError) as caught:
        info(target)
    assert PASSWORD not in f"{caught.value} {caught.value.__cause__}"


def test_an_interrupted_run_ends(filled: Cache) -> None:
    interrupt = Interrupt()
    interrupt.set(2)
    with pytest.raises(Interrupted):
        keys(filled.target, interrupt)
