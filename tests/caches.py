"""Redis and Valkey for the tests: each kind started when first asked for, emptied for each test."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import servers
from boombap.clients.redis.cluster import Cluster
from boombap.clients.redis.connection import Connection, Limits, as_mapping
from boombap.clients.redis.errors import ServerError
from boombap.clients.redis.pool import Pool
from boombap.clients.redis.slots import SLOTS
from boombap.clients.redis.target import Target, from_text
from boombap.interrupt import Interrupt
from boombap.local.process import poll

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boombap.local.process import Running

LIMITS = Limits(connect_s=2.0, read_s=5.0)


@dataclass
class Cache:
    """One running server."""

    running: Any
    tcp_port: int = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.tcp_port}/0" if self.tcp_port else self.running.url

    @property
    def target(self) -> Target:
        return from_text(self.url, origin="the test")

    def call(self, *command: Any) -> Any:
        with self.connection() as connection:
            return connection.call(*command)

    def ask(self, *command: Any) -> Any:
        with self.connection() as connection:
            return connection.ask(*command)

    @contextmanager
    def connection(
        self, target: Target | None = None, limits: Limits = LIMITS, interrupt: Interrupt | None = None
    ) -> Iterator[Connection]:
        made = Connection(target or self.target, limits, interrupt or Interrupt())
        try:
            yield made
        finally:
            made.close()

    def pool(self, target: Target | None = None, **options: Any) -> Pool:
        return Pool(target or self.target, Interrupt(), **{"limits": LIMITS, **options})

    def clear(self) -> None:
        """Empty the server and give the default user back its rights."""
        with self.connection() as connection:
            connection.call("FLUSHALL")


@dataclass
class Caches:
    """The servers of a session, by kind."""

    folder: Callable[[], Path]
    stack: ExitStack
    running: dict[str, Cache] = field(default_factory=dict)
    made_cluster: CacheCluster | None = None

    def valkey(self) -> Cache:
        """Valkey 9 on a socket file and on TCP, without a password."""
        return self._get("valkey", lambda: servers.running_valkey(self.folder(), tcp=True, requirepass='""'))

    def redis(self) -> Cache:
        """Debian's Redis 7.0."""
        return self._get("redis", lambda: servers.running_redis(self.folder(), tcp=True, requirepass='""'))

    def cluster(self) -> CacheCluster:
        """Six nodes of Valkey."""
        if self.made_cluster is None:
            self.made_cluster = start_cluster(self.folder, self.stack)
        self.made_cluster.clear()
        return self.made_cluster

    def own(self, **settings: str) -> Cache:
        """A Valkey that belongs to the test, with other settings."""
        tcp = {"tcp": True, "requirepass": '""'} | settings
        running = self.stack.enter_context(servers.running_valkey(self.folder(), **tcp))  # type: ignore[arg-type]
        return Cache(running, running.port)

    def _get(self, kind: str, start: Callable[[], Any]) -> Cache:
        if kind not in self.running:
            running = self.stack.enter_context(start())
            self.running[kind] = Cache(running, running.port)
        cache = self.running[kind]
        cache.clear()
        return cache


@dataclass
class CacheCluster:
    """Six nodes: three masters with one replica each; the masters come first."""

    nodes: list[Cache]

    @property
    def target(self) -> Target:
        return self.nodes[0].target

    @contextmanager
    def opened(self, interrupt: Interrupt | None = None) -> Iterator[Cluster]:
        with Cluster(self.target, interrupt or Interrupt(), limits=LIMITS) as cluster:
            yield cluster

    def clear(self) -> None:
        with self.opened() as cluster:
            for pool in cluster.masters():
                pool.call("FLUSHALL")


def start_cluster(folder: Callable[[], Path], stack: ExitStack, **settings: str) -> CacheCluster:
    """Start six nodes and make a Cluster of them."""
    nodes = []
    for _ in range(6):
        bus = str(servers.free_port())
        running = stack.enter_context(
            servers.running_valkey(
                folder(), tcp=True, requirepass='""', cluster_enabled="yes", cluster_port=bus,
                cluster_config_file="nodes.conf", cluster_node_timeout="800", cluster_replica_validity_factor="0",
                repl_diskless_sync_delay="0", repl_ping_replica_period="1", **settings,
            )
        )  # fmt: skip
        nodes.append((Cache(running, running.port), bus))
    share = SLOTS // 3
    for number, (node, _) in enumerate(nodes[:3]):
        node.call("CLUSTER", "ADDSLOTSRANGE", number * share, SLOTS - 1 if number == 2 else (number + 1) * share - 1)
        node.call("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    for node, bus in nodes[1:]:
        nodes[0][0].call("CLUSTER", "MEET", "127.0.0.1", node.tcp_port, bus)
    cluster = CacheCluster([node for node, _ in nodes])
    for master, replica in zip(cluster.nodes[:3], cluster.nodes[3:], strict=True):
        myself = master.call("CLUSTER", "MYID")
        _await(lambda: not isinstance(replica.ask("CLUSTER", "REPLICATE", myself), ServerError))  # noqa: B023
    _await(lambda: all(_knows_all(node) for node in cluster.nodes))
    return cluster


def _knows_all(node: Cache) -> bool:
    info = node.call("CLUSTER", "INFO")
    slots = node.call("CLUSTER", "SLOTS")
    return b"cluster_state:ok" in info and len(slots) == 3 and all(len(slot_range) == 4 for slot_range in slots)


@dataclass
class Service:
    """A master, a replica and three Sentinels that watch them as `cache`."""

    master: Cache
    replica: Cache
    sentinels: list[Cache]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.tcp_port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/cache/0"

    @property
    def target(self) -> Target:
        return from_text(self.url, origin="the test")


def start_service(folder: Callable[[], Path], stack: ExitStack) -> Service:
    """Start a master, its replica and three Sentinels of Debian's Redis."""
    quick = {"repl_diskless_sync_delay": "0", "repl_ping_replica_period": "1", "tcp": True, "requirepass": '""'}
    master = _cache(stack.enter_context(servers.running_redis(folder(), **quick)))  # type: ignore[arg-type]
    of_master = {"replicaof": f"127.0.0.1 {master.tcp_port}"}
    replica = _cache(stack.enter_context(servers.running_redis(folder(), **quick, **of_master)))  # type: ignore[arg-type]
    _await(lambda: b"master_link_status:up" in replica.call("INFO", "replication"))
    sentinels = [
        Cache(stack.enter_context(servers.running_sentinel(folder(), port, master.tcp_port)), port)
        for port in (servers.free_port() for _ in range(3))
    ]
    _await(lambda: all(_sees_all(sentinel) for sentinel in sentinels))
    return Service(master, replica, sentinels)


def _sees_all(sentinel: Cache) -> bool:
    facts = as_mapping(sentinel.call("SENTINEL", "MASTER", "cache"))
    return facts[b"num-slaves"] == b"1" and facts[b"num-other-sentinels"] == b"2"


def _cache(running: Running) -> Cache:
    return Cache(running, running.port)


def _await(is_done: Callable[[], bool]) -> None:
    if not poll(is_done, 20.0):
        raise TimeoutError("the servers did not find each other")
