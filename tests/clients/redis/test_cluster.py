"""A real Cluster: routing compared with redis-py, slots that move, and a master that dies."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest
import redis as redis_py

from boombap.clients.redis.cluster import Cluster
from boombap.clients.redis.connection import Limits
from boombap.clients.redis.deployment import opened
from boombap.clients.redis.errors import ServerError
from boombap.clients.redis.slots import slot_of
from boombap.clients.redis.target import Target
from boombap.errors import Disconnected, NotFound, QueryFailed, Unreachable
from boombap.interrupt import Interrupt
from caches import start_cluster
from fakes.lying_redis import lying

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache, CacheCluster
    from fakes.lying_redis import Liar


def master_of(cluster: CacheCluster, key: str) -> tuple[Cache, Cache]:
    """The master that holds a key, and another one."""
    ports = {
        range_[2][1]: node
        for node in cluster.nodes
        for range_ in node.call("CLUSTER", "SLOTS")
        if range_[2][1] == node.tcp_port
    }
    (holder,) = [
        range_[2][1] for range_ in cluster.nodes[0].call("CLUSTER", "SLOTS") if range_[0] <= slot_of(key) <= range_[1]
    ]
    return ports[holder], next(node for port, node in ports.items() if port != holder)


def test_commands_find_their_node(cache_cluster: CacheCluster):
    with cache_cluster.opened() as cluster:
        assert len(cluster.masters()) == 3
        assert all(len(node.replicas) == 1 for node in cluster.nodes)
        for number in range(50):
            assert cluster.call("SET", f"k{number}", number) == b"OK"
        assert [cluster.call("GET", f"k{number}") for number in range(50)] == [b"%d" % n for n in range(50)]
        assert {key for batch in cluster.scan() for key in batch} == {b"k%d" % number for number in range(50)}
        assert sum(pool.call("DBSIZE") for pool in cluster.masters()) == 50


def test_a_pipeline_over_all_nodes_keeps_its_order(cache_cluster: CacheCluster):
    commands = [
        part
        for number in range(300)
        for part in (("SET", f"k{number}", number), ("INCR", f"k{number}"), ("LPUSH", f"k{number}", 1))
    ]
    with cache_cluster.opened() as cluster:
        replies = cluster.pipeline(commands)
    assert [reply for reply in replies if not isinstance(reply, ServerError)] == [
        reply for number in range(300) for reply in (b"OK", number + 1)
    ]


def test_routing_is_that_of_redis_py(cache_cluster: CacheCluster):
    with (
        redis_py.RedisCluster(host="127.0.0.1", port=cache_cluster.nodes[0].tcp_port) as peer,
        cache_cluster.opened() as cluster,
    ):
        for key in ("a", "{a}b", "x{}y", "{", "{{b}}", "ключ", "\x00"):
            peer.set(key, key)
            assert cluster.call("GET", key) == key.encode()
            node = peer.get_node_from_key(key)
            assert cluster.pool((node.host, node.port)).call("EXISTS", key) == 1


def test_keys_of_two_slots_are_refused(cache_cluster: CacheCluster):
    with cache_cluster.opened() as cluster, pytest.raises(QueryFailed, match=r"as in {tag}:name"):
        cluster.call("MGET", "a", "b")


def test_a_slot_that_moves(cache_cluster: CacheCluster):
    source, to = master_of(cache_cluster, "k")
    slot, keys = slot_of("k"), ["{k}1", "{k}2"]
    names = {node.tcp_port: node.call("CLUSTER", "MYID") for node in (source, to)}
    with cache_cluster.opened() as cluster:
        cluster.pipeline([("SET", key, "v") for key in keys])
        to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source.tcp_port])
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", names[to.tcp_port])
        source.call("MIGRATE", "127.0.0.1", to.tcp_port, keys[0], 0, 1000)
        # One key here, one there: the node that gives the slot away answers ASK for what is gone.
        assert source.ask("GET", keys[0]).word == "ASK"
        assert [cluster.call("GET", key) for key in keys] == [b"v", b"v"]
        assert cluster.pipeline([("GET", key) for key in keys]) == [b"v", b"v"]
        source.call("MIGRATE", "127.0.0.1", to.tcp_port, keys[1], 0, 1000)
        for node in (to, source):
            node.call("CLUSTER", "SETSLOT", slot, "NODE", names[to.tcp_port])
        assert source.ask("GET", keys[0]).word == "MOVED"
        assert cluster.pipeline([("GET", key) for key in keys]) == [b"v", b"v"]
        assert cluster.call("GET", keys[1]) == b"v"
        for node, other in ((source, to), (to, source)):
            del other
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", names[source.tcp_port])


def test_a_cluster_is_found_out(cache_cluster: CacheCluster, cache: Cache):
    with opened(cache_cluster.target, Interrupt()) as deployment:
        assert isinstance(deployment, Cluster)
    with opened(cache.target, Interrupt()) as deployment:
        assert not isinstance(deployment, Cluster)


def test_a_cluster_has_one_database(cache_cluster: CacheCluster):
    with (
        pytest.raises(NotFound, match=r"database 0 only|no such database"),
        opened(cache_cluster.target.on(1), Interrupt()) as deployment,
    ):
        deployment.call("SET", "k", "v")


def test_no_node_answers():
    with pytest.raises(Unreachable), Cluster(Target(port=1), Interrupt(), limits=Limits(0.1, 0.1)):
        pass


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[CacheCluster]:
    with ExitStack() as stack:
        yield start_cluster(lambda: Path(mkdtemp(dir=tmp_path)), stack)


@pytest.mark.slow
def test_a_master_that_dies_is_replaced(own_cluster: CacheCluster):
    with own_cluster.opened() as cluster:
        cluster.pipeline([("SET", f"k{number}", number) for number in range(100)])
        cluster.call("WAIT", 1, 1000)
        for pool in cluster.masters():
            pool.call("WAIT", 1, 1000)
        victim, _ = master_of(own_cluster, "k1")
        os.kill(victim.running.pid, signal.SIGKILL)
        assert cluster.call("GET", "k1") == b"1"
        assert cluster.pipeline([("GET", f"k{number}") for number in range(100)]) == [b"%d" % n for n in range(100)]


@contextmanager
def two_nodes() -> Iterator[tuple[Liar, Liar, Cluster]]:
    """The first one says, whenever it is asked, that it holds all slots."""
    with lying() as first, lying() as second:
        node = f"*2\r\n$9\r\n127.0.0.1\r\n:{first.target.port}\r\n"
        first.answers[b"CLUSTER"] = f"*1\r\n*3\r\n:0\r\n:16383\r\n{node}".encode()
        with Cluster(first.target, Interrupt(), limits=Limits(2.0, 2.0), patience_s=5.0) as cluster:
            yield first, second, cluster


@pytest.mark.parametrize("host", ["127.0.0.1", ""], ids=["named", "the same host"])
def test_a_slot_that_has_moved_is_remembered(host: str):
    """MOVED holds for good, even where the node that was asked for all slots does not know of it yet."""
    with two_nodes() as (first, second, cluster):
        first.answers[b"GET"] = f"-MOVED {slot_of('k')} {host}:{second.target.port}\r\n".encode()
        assert [cluster.call("GET", "k") for _ in range(3)] == [b"value of k"] * 3
        assert (first.names().count(b"GET"), second.names()) == (1, [b"GET"] * 3)


def test_a_key_on_its_way_is_asked_for_and_the_slot_stays():
    """ASK holds for one command, after ASKING on the same connection."""
    with two_nodes() as (first, second, cluster):
        first.answers[b"GET"] = f"-ASK {slot_of('k')} 127.0.0.1:{second.target.port}\r\n".encode()
        assert [cluster.call("GET", "k") for _ in range(2)] == [b"value of k"] * 2
        assert (first.names().count(b"GET"), second.names()) == (2, [b"ASKING", b"GET"] * 2)


def test_nodes_that_send_a_command_in_circles_are_named():
    with two_nodes() as (first, second, cluster):
        first.answers[b"GET"] = f"-ASK {slot_of('k')} 127.0.0.1:{second.target.port}\r\n".encode()
        second.answers[b"GET"] = f"-ASK {slot_of('k')} 127.0.0.1:{first.target.port}\r\n".encode()
        with pytest.raises(QueryFailed, match="from node to node 16 times"):
            cluster.call("GET", "k")


@pytest.mark.parametrize("command", [("INCR", "n"), ("LPUSH", "l", "v"), ("EVAL", "return 1", 1, "k")])
def test_a_command_that_counts_is_not_sent_twice(command: tuple[str, ...]):
    """The connection broke after it was sent: nobody knows whether it was run."""
    with two_nodes() as (first, _, cluster):
        name = command[0].encode()
        first.answers[name] = None
        with pytest.raises(Disconnected):
            cluster.call(*command)
        with pytest.raises(Disconnected):
            cluster.pipeline([("GET", "k"), command])
        assert first.names().count(name) == 2
