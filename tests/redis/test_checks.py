"""What the checks find: on servers that have the fault, and on facts where a server would take hours to get it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from boombap.health.finding import Severity
from boombap.health.waivers import Waiver
from boombap.local.process import poll
from boombap.redis.checks import keyspace
from boombap.redis.examine import examine
from boombap.redis.model import Branch, Entry, Expectations, KeyspaceStats, NodeInfo
from boombap.redis.server_info import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.redis.model import Health
    from caches import Cache, CacheCluster

MIB = 1024**2
EXPECTED = Expectations({"lyrics:": 86_400.0, "artist:": 3600.0}, 80.0, MIB)
GOOD = {
    "redis_version": "7.2.0", "role": "master", "maxmemory": "1000000000", "maxmemory_policy": "allkeys-lfu",
    "used_memory": "1000000", "keyspace_hits": "9000", "keyspace_misses": "1000", "rejected_connections": "0",
    "master_repl_offset": "1000", "maxclients": "10000",
}  # fmt: skip
OPEN = ("user default on nopass ~* +@all",)
PRIVATE = ("user default off nopass ~* +@all", "user app on #abc ~cache:* -@all +@read +@write -@dangerous")
CONFIG = {"save": "", "appendonly": "no", "bind": "127.0.0.1 -::1", "protected-mode": "yes", "port": "6379"}

SAVED = {"config": CONFIG | {"appendonly": "yes"}}


def facts(info: dict[str, str] | None = None, **shards: Any) -> NodeInfo:
    whole = {"config": CONFIG, "acl": PRIVATE, "slow_us": (), "databases": {0: 10}} | shards
    return NodeInfo("node:1", "Redis", "7.2.0", GOOD | (info or {}), **whole)


def found(*nodes: NodeInfo, **options: Any) -> dict[str, Severity]:
    health = examine(nodes, EXPECTED, options.pop("waivers", ()), **options)
    return {one.id: one.severity for one in health.findings}


def test_a_healthy_cache_has_no_findings():
    assert found(facts()) == {}


@pytest.mark.parametrize(
    ("info", "shards", "expected"),
    [
        ({"maxmemory": "0"}, {}, {"maxmemory_unset": Severity.WARNING}),
        ({"maxmemory_policy": "noeviction"}, SAVED, {"eviction_policy": Severity.WARNING}),
        (
            {"maxmemory_policy": "noeviction", "used_memory": "950000000"},
            {"config": CONFIG | {"save": "60 1"}},
            {"eviction_policy": Severity.CRITICAL},
        ),
        ({"maxmemory_policy": "volatile-lru", "db0": "keys=10,expires=0"}, {}, {"eviction_policy": Severity.WARNING}),
        ({"maxmemory_policy": "volatile-lru", "db0": "keys=10,expires=3"}, {}, {}),
        ({"allocator_frag_ratio": "1.9", "allocator_frag_bytes": "500000000"}, {}, {"fragmentation": Severity.WARNING}),
        ({"allocator_frag_ratio": "9.9", "allocator_frag_bytes": "500000"}, {}, {}),
        ({"keyspace_misses": "9000"}, {}, {"hit_ratio": Severity.WARNING}),
        ({"keyspace_hits": "1", "keyspace_misses": "99"}, {}, {}),
        ({"rejected_connections": "3"}, {}, {"rejected_connections": Severity.WARNING}),
        ({}, {"slow_us": (150_000, 99_000)}, {"slow_commands": Severity.INFO}),
        ({}, {"slow_us": (2_000_000,)}, {"slow_commands": Severity.WARNING}),
        ({}, {"commands": {"keys": 7}}, {"keys_in_use": Severity.WARNING}),
        ({"rdb_last_bgsave_status": "err"}, {}, {"persistence": Severity.CRITICAL}),
        ({"role": "slave", "master_link_status": "down"}, {}, {"replica_lag": Severity.CRITICAL}),
        ({"slave0": "ip=1,port=2,state=online,offset=1000,lag=0"}, {}, {}),
        ({"slave0": "ip=1,port=2,state=wait_bgsave,offset=0,lag=0"}, {}, {"replica_lag": Severity.WARNING}),
        (
            {"master_repl_offset": "500000000", "slave0": "ip=1,port=2,state=online,offset=5,lag=0"},
            {},
            {"replica_lag": Severity.CRITICAL},
        ),
        ({}, {"cluster": {"cluster_state": "fail", "cluster_slots_ok": "7"}}, {"cluster_state": Severity.CRITICAL}),
        ({}, {"acl": OPEN}, {"default_user_open": Severity.WARNING}),
        (
            {},
            {"acl": OPEN, "config": CONFIG | {"bind": "* -::*", "protected-mode": "no"}},
            {"default_user_open": Severity.CRITICAL},
        ),
        ({}, {"acl": ("user a on nopass ~* -@all +get",)}, {"user_without_password": Severity.CRITICAL}),
        ({}, {"acl": ("user a on #x ~* +@all",)}, {"user_may_everything": Severity.WARNING}),
        ({}, {"acl": ("user a on #x ~* -@all +flushall",)}, {"dangerous_commands": Severity.WARNING}),
        ({}, {"acl": ("user a off nopass ~* +@all",)}, {}),
    ],
)  # fmt: skip
def test_each_fault_is_found(info: dict[str, str], shards: dict[str, Any], expected: dict[str, Severity]):
    assert found(facts(info, **shards)) == expected


def test_what_may_not_be_asked_is_said_once():
    health = examine([facts(config=None, acl=None, slow_us=None)] * 3, EXPECTED, ())
    assert {one.id for one in health.skipped} == {"persistence", "default_user_open", "users", "slow_commands"}
    assert len(health.skipped) == 4
    assert not any(one.is_failure for one in health.skipped)


def test_a_waiver_holds_until_its_day():
    waiver = Waiver("maxmemory_unset", "node:*", "a test", "nobody", date(2030, 1, 1))
    unbound = facts({"maxmemory": "0"})
    assert found(unbound, waivers=[waiver], today=date(2029, 12, 31)) == {}
    health = examine([unbound], EXPECTED, [waiver], today=date(2030, 1, 2))
    assert (len(health.findings), health.expired) == (1, ("maxmemory_unset on node:* (2030-01-01, nobody)",))


def stats(**shards: Any) -> KeyspaceStats:
    whole: dict[str, Any] = {
        "keys": 10, "size_bytes": 1, "measured": 10, "is_estimate": False, "types": {}, "ttls": {}, "branches": (),
        "biggest": (), "pickles": 0, "pickle_keys": (), "examples": (), "databases": {}, "elapsed_ms": 1.0,
    }  # fmt: skip
    return KeyspaceStats(**(whole | shards))


def test_findings_of_a_walk():
    branches = (Branch(b"lyrics:", 10, 5, 3, 2), Branch(b"artist:", 10, 5, 0, 0), Branch(b"x:", 5, 5, 5, 0))
    big = tuple(
        Entry(b"big\xff%d" % number, "hash", size, None) for number, size in enumerate((20 * 1024**2, 2 * 1024**2))
    )
    findings = list(
        keyspace.judge(
            stats(branches=branches, below=branches, biggest=big, pickles=2, pickle_keys=(b"lyrics:\x1b",)), EXPECTED
        )
    )
    assert [(one.id, one.severity, one.subject) for one in findings] == [
        ("pickle_values", Severity.CRITICAL, "lyrics:"),
        ("big_key", Severity.WARNING, "big\\xff0"),
        ("big_key", Severity.INFO, "big\\xff1"),
        ("keys_without_ttl", Severity.WARNING, "lyrics:"),
    ]
    assert findings[3].evidence == {"keys": 3, "of": 10, "ttl_s": 86_400.0}
    assert list(keyspace.judge(stats(), EXPECTED)) == []


def examined(cache: Cache) -> Health:
    with cache.pool() as pool:
        return examine([read(pool)], EXPECTED, ())


def test_facts_of_a_server(each_cache: Cache):
    each_cache.call("SET", "k", 1)
    with each_cache.pool() as pool:
        node = read(pool)
    assert node.product == ("Valkey" if "valkey" in each_cache.running.version or node.version >= "8" else "Redis")
    assert (node.databases, node.keys) == ({0: 1}, 1)
    assert node.number("used_memory") > 0
    assert node.config is not None
    assert node.acl is not None
    assert node.commands["set"] >= 1


def test_faults_of_a_server(own_cache: Callable[..., Cache]):
    bad = own_cache(
        maxmemory="50mb", maxmemory_policy="noeviction", slowlog_log_slower_than="0", maxclients="100", save=""
    )
    bad.call("SET", "k", 1)
    bad.call("KEYS", "*")
    ids = {one.id for one in examined(bad).findings}
    assert {"eviction_policy", "keys_in_use", "default_user_open", "persistence"} <= ids


def test_renamed_commands_leave_checks_out(own_cache: Callable[..., Cache]):
    dumb = own_cache(rename_command='CONFIG ""')
    health = examined(dumb)
    assert ("persistence", "CONFIG is renamed or not allowed to this user") in {
        (one.id, one.reason) for one in health.skipped
    }


def test_a_replica_without_master(own_cache: Callable[..., Cache]):
    lost = own_cache(replicaof="127.0.0.1 1")
    assert poll(lambda: "replica_lag" in {one.id for one in examined(lost).findings}, 5.0)


def test_a_cluster_that_is_whole(cache_cluster: CacheCluster):
    with cache_cluster.opened() as cluster:
        nodes = [read(pool) for pool in cluster.masters()]
    assert all(node.cluster["cluster_state"] == "ok" for node in nodes)
    assert "cluster_state" not in found(*nodes)
