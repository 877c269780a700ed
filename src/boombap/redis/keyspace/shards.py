"""What there is to scan: every database of every master, several at the same time, through failovers and resharding.

A shard is known by its node, and scanned where that node is. Slots that move while it is scanned take keys from a node
that is still to be scanned to one that was: so the layout of the Cluster is compared before and after.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager

from boombap.clients.redis.cluster import Cluster
from boombap.clients.redis.errors import ServerError
from boombap.clients.redis.pool import Pool
from boombap.errors import Disconnected, ExternalError, Unreachable
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from boombap.clients.redis.connection import Connection, Limits
    from boombap.clients.redis.deployment import Deployment
    from boombap.clients.redis.target import Target
    from boombap.interrupt import Interrupt

    Result = TypeVar("Result")

AT_ONCE = 8
_PATIENCE_S = 10.0
_PAUSE_S = 0.2
_PASSES = 3
_OPEN_SLOT = re.compile(r"\[\d+-[<>]-\w+\]")


class ShardLost(ExternalError):
    """A node is no master of its Cluster any more; its slots are with another one."""


class Shard(Record):
    """One logical database of one master.

    Attributes:
        node: the id of the node in its Cluster; empty outside of one.
        slot: the first that the node holds; earlier versions named a shard by it.
        keys: how many there were at the beginning.
    """

    target: Target
    db: int
    keys: int
    node: str = ""
    slot: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return what tells this shard from the others, and the name that earlier versions gave it."""
        if not self.node:
            return (f"{self.target.address}/{self.db}",)
        return (f"node {self.node}/{self.db}", f"slot {self.slot}/{self.db}")

    @property
    def name(self) -> str:
        """Return what tells this shard from the others."""
        return self.names[0]


class Layout(Record):
    """Which node of a Cluster holds which slots, at one moment.

    Attributes:
        slots: the nodes with their ranges of slots, as text; empty outside of a Cluster.
        moving: slots that are on their way from one node to another.
    """

    slots: str = ""
    moving: tuple[str, ...] = ()


class Keyspace:
    """A deployment as something to scan.

    Args:
        patience_s: how long a master may be away before the scan fails.
    """

    def __init__(
        self, deployment: Deployment, interrupt: Interrupt, limits: Limits, *, patience_s: float = _PATIENCE_S
    ) -> None:
        self.deployment = deployment
        self.interrupt = interrupt
        self._limits = limits
        self._patience_s = patience_s

    def shards(self, db: int | None = None) -> list[Shard]:
        """Return every database with keys, or one of them, the fullest first."""
        shards = []
        for node, slot, pool in self._masters():
            sizes = databases(pool.call("INFO", "keyspace"))
            shards += [
                Shard(pool.target, number, keys, node, slot) for number, keys in sizes.items() if db in (None, number)
            ]
        return sorted(shards, key=lambda shard: -shard.keys)

    def layout(self) -> Layout:
        """Return which node holds which slots now."""
        if not isinstance(self.deployment, Cluster):
            return Layout()
        self.deployment.refresh()
        slots = ";".join(sorted(f"{node.id}:{node.ranges}" for node in self.deployment.nodes))
        moving: list[str] = []
        for node in self.deployment.nodes:
            # Only a node itself tells which of its slots are on their way.
            reply = self.deployment.pool(node.master).ask("CLUSTER", "NODES")
            moving += _OPEN_SLOT.findall(reply.decode("ascii", "replace")) if isinstance(reply, bytes) else []
        return Layout(slots, tuple(sorted(moving)))

    @contextmanager
    def connected(self, shard: Shard) -> Iterator[Connection]:
        """Lend a connection to the node of a shard, wherever it is now.

        Raises:
            ShardLost: when the node is no master of the Cluster any more.
        """
        target = self._whereabouts(shard).on(shard.db)
        with Pool(target, self.interrupt, limits=self._limits, size=1) as pool, pool.connection() as connection:
            yield connection

    def retry_until_done(self, work: Callable[[Callable[[], None]], None]) -> None:
        """Run work to its end, again from the beginning when its node goes away; it says each time that it got on.

        Raises:
            ShardLost: when the node is no master of the Cluster any more.
            ExternalError: when the node stays away, or refuses us.
        """
        away_since_s = [0.0]

        def progressed() -> None:
            away_since_s[0] = 0.0

        while True:
            try:
                work(progressed)
            except (Disconnected, Unreachable):
                away_since_s[0] = away_since_s[0] or time.monotonic()
                if time.monotonic() - away_since_s[0] > self._patience_s:
                    raise
                self.interrupt.sleep(_PAUSE_S)
            else:
                return

    def read_shards(
        self, db: int | None, read: Callable[[Shard, Connection, Callable[[], None]], Result]
    ) -> list[Result]:
        """Return what `read` gives for every shard, one after the other; a shard whose node goes away is read again.

        Args:
            read: is given a connection to the node, and what it must call each time that it got on.

        Raises:
            ExternalError: when a node stays away, or refuses us, or slots move all the while.
        """
        for _ in range(_PASSES - 1):
            try:
                return [self._read_shard(shard, read) for shard in self.shards(db)]
            except ShardLost:
                continue  # a failover: its keys are on another node now
        return [self._read_shard(shard, read) for shard in self.shards(db)]

    def _read_shard(self, shard: Shard, read: Callable[[Shard, Connection, Callable[[], None]], Result]) -> Result:
        results: list[Result] = []

        def work(progressed: Callable[[], None]) -> None:
            with self.connected(shard) as connection:
                results.append(read(shard, connection, progressed))

        self.retry_until_done(work)
        return results[-1]

    def _masters(self) -> Iterator[tuple[str, int | None, Pool]]:
        if not isinstance(self.deployment, Cluster):
            yield from (("", None, pool) for pool in self.deployment.masters())
            return
        places = {node.id: node.master for node in self.deployment.nodes}
        # Masters without slots too: keys that were left on one are found by nobody else.
        for node_id, place in {**_idle_masters(self.deployment), **places}.items():
            pool = self.deployment.pool(place)
            yield node_id, self.deployment.first_slot(pool), pool

    def _whereabouts(self, shard: Shard) -> Target:
        if isinstance(self.deployment, Cluster) and shard.node:
            self.deployment.refresh()
            places = {node.id: node.master for node in self.deployment.nodes}
            place = places.get(shard.node) or _idle_masters(self.deployment).get(shard.node)
            if place is None:
                raise ShardLost(f"the node at {shard.target.address} has lost its slots to another one")
            return self.deployment.pool(place).target
        # Behind Sentinels the pool finds the new master when its connection has broken.
        self.deployment.ask("PING")
        return self.deployment.target


def _idle_masters(cluster: Cluster) -> dict[str, tuple[str, int]]:
    """Return the masters that hold no slot, by id; none where CLUSTER NODES may not be asked."""
    reply = cluster.ask("CLUSTER", "NODES")
    if isinstance(reply, ServerError):
        return {}
    masters = {}
    for line in reply.decode("ascii", "replace").splitlines():
        node_id, address, flags, *rest = line.split(" ")
        states = set(flags.split(","))
        if "master" in states and not states & {"fail", "fail?", "handshake", "noaddr"} and len(rest) <= 5:  # noqa: PLR2004 - no slots
            host, _, port = address.partition("@")[0].rpartition(":")
            masters[node_id] = (host.strip("[]") or cluster.target.host, int(port))
    return masters


def databases(keyspace: bytes) -> dict[int, int]:
    r"""Return the keys of each database in the text of INFO keyspace.

    >>> databases(b"# Keyspace\r\ndb0:keys=3,expires=1,avg_ttl=0\r\ndb12:keys=1,expires=0\r\n")
    {0: 3, 12: 1}
    """
    sizes = {}
    for line in keyspace.decode("ascii", "replace").splitlines():
        name, _, rest = line.partition(":keys=")
        if name.startswith("db") and rest:
            sizes[int(name[2:])] = int(rest.partition(",")[0])
    return sizes
