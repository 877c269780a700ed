"""What there is to walk: every database of every master, several masters at the same time, through failovers."""

from __future__ import annotations

import time
from contextlib import contextmanager

from boombap.clients.redis.cluster import Cluster
from boombap.clients.redis.pool import Pool
from boombap.errors import Disconnected, Unreachable
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.clients.redis.connection import Connection, Limits
    from boombap.clients.redis.deployment import Deployment
    from boombap.clients.redis.target import Target
    from boombap.interrupt import Interrupt

AT_ONCE = 8
_PATIENCE_S = 10.0
_PAUSE_S = 0.2


class Shard(Record):
    """One logical database of one master.

    Attributes:
        slot: one that the master holds, by which its successor is found after a failover; None outside of a Cluster.
        keys: how many there were at the beginning.
    """

    target: Target
    db: int
    slot: int | None
    keys: int

    @property
    def name(self) -> str:
        """Return what tells this shard from the others."""
        return f"{self.target.address}/{self.db}" if self.slot is None else f"slot {self.slot}/{self.db}"


class Keyspace:
    """A deployment as something to walk over.

    Args:
        patience_s: how long a master may be away before the walk fails.
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
        found = []
        for pool in self.deployment.masters():
            slot = self._slot_of(pool)
            sizes = databases(pool.call("INFO", "keyspace"))
            found += [Shard(pool.target, at, slot, keys) for at, keys in sizes.items() if db is None or at == db]
        return sorted(found, key=lambda shard: -shard.keys)

    @contextmanager
    def connected(self, shard: Shard) -> Iterator[Connection]:
        """Lend a connection to the node that holds a shard now."""
        with self._pool(shard) as pool, pool.connection() as connection:
            yield connection

    def retry_until_done(self, work: Callable[[Callable[[], None]], None]) -> None:
        """Run work to its end, again from the beginning when its node goes away; it says each time that it got on.

        Raises:
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

    @contextmanager
    def _pool(self, shard: Shard) -> Iterator[Pool]:
        with Pool(self._whereabouts(shard).on(shard.db), self.interrupt, limits=self._limits, size=1) as pool:
            yield pool

    def _whereabouts(self, shard: Shard) -> Target:
        if isinstance(self.deployment, Cluster) and shard.slot is not None:
            self.deployment.refresh()
            return self.deployment.holder(shard.slot).target
        # Behind Sentinels the pool finds the new master when its connection has broken.
        self.deployment.ask("PING")
        return self.deployment.target

    def _slot_of(self, pool: Pool) -> int | None:
        return self.deployment.first_slot(pool) if isinstance(self.deployment, Cluster) else None


def databases(keyspace: bytes) -> dict[int, int]:
    r"""Return the keys of each database in the text of INFO keyspace.

    >>> databases(b"# Keyspace\r\ndb0:keys=3,expires=1,avg_ttl=0\r\ndb12:keys=1,expires=0\r\n")
    {0: 3, 12: 1}
    """
    found = {}
    for line in keyspace.decode("ascii", "replace").splitlines():
        name, _, rest = line.partition(":keys=")
        if name.startswith("db") and rest:
            found[int(name[2:])] = int(rest.partition(",")[0])
    return found
