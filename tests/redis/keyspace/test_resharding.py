"""A Cluster whose slots move while its keys are scanned or changed, and keys on nodes that do not hold their slot."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.redis.slots import slot_of
from boombap.interrupt import Interrupt
from boombap.redis.changes.change import Change
from boombap.redis.checks import keyspace
from boombap.redis.keyspace.checkpoint import Checkpoint
from boombap.redis.keyspace.collect import scan_keyspace
from boombap.redis.keyspace.shards import Keyspace, Layout
from boombap.redis.model import Expectations, Plan
from caches import LIMITS
from keyspaces import quiet, walk

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from caches import Cache, CacheCluster

    Run = Callable[..., subprocess.CompletedProcess[str]]

KEYS = 20_000
ORPHAN = b"o:orphan"


def fill(cluster: CacheCluster, count: int = KEYS) -> None:
    with cluster.opened() as opened:
        for first in range(0, count, 2000):
            opened.pipeline([("SET", f"x:{number}", "v") for number in range(first, first + 2000)])


def holder_of(cluster: CacheCluster, slot: int) -> Cache:
    for low, high, (_, port, *_), *_ in cluster.nodes[0].call("CLUSTER", "SLOTS"):
        if low <= slot <= high:
            return next(node for node in cluster.nodes if node.tcp_port == port)
    raise AssertionError(slot)


def move(source: Cache, target: Cache, slot: int) -> None:
    """Move one slot, as `redis-cli --cluster reshard` does."""
    source_id, target_id = source.call("CLUSTER", "MYID"), target.call("CLUSTER", "MYID")
    target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
    source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
    while keys := source.call("CLUSTER", "GETKEYSINSLOT", slot, 100):
        source.call("MIGRATE", "127.0.0.1", target.tcp_port, "", 0, 5000, "KEYS", *keys)
    for node in (target, source):
        node.call("CLUSTER", "SETSLOT", slot, "NODE", target_id)


@contextmanager
def resharding(cluster: CacheCluster, slots: int = 300) -> Iterator[threading.Event]:
    """Move slots upward from a master's lowest one to the next master, and give them back in the end."""
    low = min(low for low, *_ in cluster.nodes[0].call("CLUSTER", "SLOTS"))
    source = holder_of(cluster, low)
    target = next(node for node in cluster.nodes[:3] if node is not source)
    moved: list[int] = []
    stop, has_begun = threading.Event(), threading.Event()

    def work() -> None:
        for slot in range(low, low + slots):
            if stop.is_set():
                return
            move(source, target, slot)
            moved.append(slot)
            has_begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    has_begun.wait(10)
    try:
        yield stop
    finally:
        stop.set()
        thread.join()
        for slot in moved:
            move(target, source, slot)


@contextmanager
def orphan(cluster: CacheCluster) -> Iterator[Cache]:
    """Put one key on a master that does not hold its slot."""
    slot = slot_of(ORPHAN)
    holder = holder_of(cluster, slot)
    other = next(node for node in cluster.nodes[:3] if node is not holder and node.call("ROLE")[0] == b"master")

    def reach(*words: Any) -> Any:
        other.call("CLUSTER", "SETSLOT", slot, "IMPORTING", holder.call("CLUSTER", "MYID"))
        with other.connection() as connection:
            reply = connection.pipeline([("ASKING",), words])[1]
        other.call("CLUSTER", "SETSLOT", slot, "STABLE")
        return reply

    reach("SET", ORPHAN, "v")
    try:
        yield other
    finally:
        reach("DEL", ORPHAN)


def test_no_key_is_missed_or_counted_twice_while_slots_move(cache_cluster: CacheCluster, tmp_path: Path):
    fill(cache_cluster)
    with resharding(cache_cluster, 40):
        stats = walk(cache_cluster.target, tmp_path)
    assert not stats.is_complete or stats.keys == KEYS
    assert walk(cache_cluster.target, tmp_path).keys == KEYS


class Restless(Keyspace):
    """Slots have moved whenever somebody looks."""

    def layout(self) -> Layout:
        self.looks = getattr(self, "looks", 0) + 1
        return Layout(str(self.looks))


def test_an_answer_while_slots_never_rest_says_so(cache_cluster: CacheCluster, tmp_path: Path):
    fill(cache_cluster, 4000)
    with cache_cluster.opened() as cluster:
        restless = Restless(cluster, Interrupt(), LIMITS)
        stats = scan_keyspace(restless, b"*", Checkpoint(tmp_path, "job"), quiet)
        assert (stats.keys, stats.is_complete, restless.looks) == (4000, False, 4)
        assert "orphan_keys" in {check.id for check in keyspace.skipped(stats)}
        wanted = Plan("purge", b"x:*", 4000, 0, ())
        done = Change(restless, wanted, Checkpoint(tmp_path, "other"), quiet).run()
    assert (done.changed, done.left, done.is_complete) == (4000, 0, False)


def test_a_slot_on_its_way_makes_an_answer_uncertain(cache_cluster: CacheCluster, tmp_path: Path):
    fill(cache_cluster, 2000)
    source = holder_of(cache_cluster, 5)
    target = next(node for node in cache_cluster.nodes[:3] if node is not source)
    target.call("CLUSTER", "SETSLOT", 5, "IMPORTING", source.call("CLUSTER", "MYID"))
    try:
        assert not walk(cache_cluster.target, tmp_path).is_complete
    finally:
        target.call("CLUSTER", "SETSLOT", 5, "STABLE")
    assert walk(cache_cluster.target, tmp_path).is_complete


def test_a_purge_while_slots_move_leaves_nothing_or_says_so(boombap: Run, cache_cluster: CacheCluster):
    fill(cache_cluster)
    with resharding(cache_cluster, 60):
        done = boombap(
            "redis", "purge", "--match", "x:*", "--yes", "--format", "json", REDIS_URL=cache_cluster.nodes[1].url
        )
    with cache_cluster.opened() as cluster:
        left = sum(pool.call("DBSIZE") for pool in cluster.masters())
    answer = json.loads(done.stdout)["done"]
    if done.returncode == 0:
        assert (left, answer["left"], answer["is_complete"]) == (0, 0, True)
    else:
        assert done.returncode == 1, done.stderr
        assert answer["left"] or not answer["is_complete"]


def test_a_key_on_a_node_without_its_slot_is_a_finding(boombap: Run, cache_cluster: CacheCluster, tmp_path: Path):
    fill(cache_cluster, 2000)
    with orphan(cache_cluster):
        stats = walk(cache_cluster.target, tmp_path)
        assert (stats.keys, stats.orphans, stats.orphan_keys, stats.is_complete) == (2000, 1, (ORPHAN,), True)
        (finding,) = keyspace.judge(stats, Expectations())
        assert (finding.id, finding.subject) == ("orphan_keys", "o:orphan")
        url = cache_cluster.nodes[0].url
        done = boombap("redis", "keys", "--fail-on", "warning", REDIS_URL=url)
        assert done.returncode == 1
        assert "1 key is on a node that does not hold its slot" in " ".join(done.stdout.split())
        done = boombap("redis", "purge", "--match", "o:*", "--yes", REDIS_URL=url)
        assert (done.returncode, done.stderr) == (0, "")
        done = boombap("redis", "purge", "--match", "*", "--yes", "--everything", "--format", "json", REDIS_URL=url)
        assert json.loads(done.stdout)["done"]["orphans"] == 1
        assert (done.returncode, json.loads(done.stdout)["done"]["changed"]) == (1, 2000)


@pytest.mark.parametrize("version", ["slot {slot}/0", "node {node}/0"])
def test_a_checkpoint_names_a_shard_by_its_node_or_as_earlier_versions_did(cache_cluster: CacheCluster, version: str):
    fill(cache_cluster, 2000)
    with cache_cluster.opened() as cluster:
        shards = Keyspace(cluster, Interrupt(), LIMITS).shards()
    assert len(shards) == 3
    for shard in shards:
        assert version.format(slot=shard.slot, node=shard.node) in shard.names
