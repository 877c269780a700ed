"""The scan of everything: all shards at once, each with its sums, resumed where an earlier run stopped."""

from __future__ import annotations

import threading
import time
from functools import partial

from boombap.batch.fan_out import fan_out
from boombap.redis.keyspace.checkpoint import ScanPosition
from boombap.redis.keyspace.scripted import batches
from boombap.redis.keyspace.shards import AT_ONCE, ShardLost
from boombap.redis.keyspace.stats import Aggregator, total
from boombap.redis.keyspace.throttle import AdaptiveBatchSize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.clients.redis.connection import Connection
    from boombap.redis.keyspace.checkpoint import Checkpoint
    from boombap.redis.keyspace.scan import Batch
    from boombap.redis.keyspace.shards import Keyspace, Shard
    from boombap.redis.model import KeyspaceStats

    Progress = Callable[[int, int], None]

MAX_AGE_S = 600.0
"""What was counted longer ago is no part of a new answer."""
_SAVE_EVERY_S = 5.0
# While slots move, keys go from nodes that are still to be scanned to those that were.
_PASSES = 3


def scan_keyspace(
    keyspace: Keyspace,
    pattern: bytes,
    checkpoint: Checkpoint,
    progress: Progress,
    *,
    db: int | None = None,
    share: float = 1.0,
    prefixes: Sequence[bytes] = (),
) -> KeyspaceStats:
    """Return what all keys that match a pattern amount to.

    Args:
        checkpoint: keeps what was counted when the run is interrupted or a server goes away; empty in the end.
        progress: told how many keys were seen, and how many there were at the beginning.
        db: one database only.
        share: of the keys that are measured.
        prefixes: those whose sums are wanted of everything below them.

    Raises:
        ExternalError: when a server stays away, or refuses SCAN.
        Interrupted: when the run was ended.
    """
    started_s = time.perf_counter()
    layout = keyspace.layout()
    for _ in range(_PASSES):
        checkpoint.settle(layout.slots)
        scan = _Pass(keyspace, pattern, checkpoint, progress, db=db, share=share, prefixes=prefixes)
        is_whole = scan.run()
        before, layout = layout, keyspace.layout()
        if is_whole and layout == before:
            break
        checkpoint.clear()
    began_s = checkpoint.began_s if scan.is_resumed else None
    checkpoint.remove()
    is_complete = is_whole and layout == before and not layout.moving
    elapsed_ms = 1000 * (time.perf_counter() - started_s)
    return total(list(scan.aggregators.values()), elapsed_ms, is_complete=is_complete, began_s=began_s)


class _Pass:
    """One scan of every shard.

    Attributes:
        aggregators: what was counted, by shard.
        is_resumed: whether a part of it was counted by an earlier run.
    """

    def __init__(
        self,
        keyspace: Keyspace,
        pattern: bytes,
        checkpoint: Checkpoint,
        progress: Progress,
        *,
        db: int | None,
        share: float,
        prefixes: Sequence[bytes],
    ) -> None:
        self._keyspace = keyspace
        self._pattern = pattern
        self._checkpoint = checkpoint
        self._progress = progress
        self._share = share
        self._prefixes = prefixes
        self._shards = keyspace.shards(db)
        self._keys = sum(shard.keys for shard in self._shards)
        self._lock = threading.Lock()
        self._saved_s = time.monotonic()
        self.aggregators = {shard.name: Aggregator(shard.db, prefixes) for shard in self._shards}
        self.is_resumed = False

    def run(self) -> bool:
        """Scan; False when a node lost its slots to another one meanwhile."""
        jobs = [partial(self._scan, shard) for shard in self._shards]
        try:
            fan_out(jobs, AT_ONCE, interrupt=self._keyspace.interrupt)
        except ShardLost:
            return False
        except BaseException:
            self._checkpoint.write()
            raise
        return True

    def _scan(self, shard: Shard) -> None:
        def work(progressed: Callable[[], None]) -> None:
            with self._keyspace.connected(shard) as connection:
                run_id, keys = life_of(connection), connection.call("DBSIZE")
                cursor = self._resumed_at(shard, run_id, keys)
                if cursor is None:
                    return
                batch_size = AdaptiveBatchSize(self._keyspace.interrupt.sleep)
                for batch in batches(connection, self._pattern, batch_size, cursor=cursor, share=self._share):
                    self._note(shard, run_id, keys, batch)
                    progressed()

        self._keyspace.retry_until_done(work)

    def _resumed_at(self, shard: Shard, run_id: str, keys: int) -> int | None:
        """Take in what was counted of a shard, and return the cursor to go on with; None when it is done."""
        position = self._checkpoint.at(run_id, *shard.names, keys=keys)
        if position is not None and isinstance(position.kept, dict):
            try:
                self.aggregators[shard.name] = Aggregator.from_plain(position.kept)
            except (KeyError, TypeError):
                position = None
            else:
                self.is_resumed = True
        if position is None:
            self.aggregators[shard.name] = Aggregator(shard.db, self._prefixes)
            return 0
        return position.cursor or None

    def _note(self, shard: Shard, run_id: str, keys: int, batch: Batch) -> None:
        # A checkpoint that is written now must hold a cursor and the counts up to it.
        with self._lock:
            aggregator = self.aggregators[shard.name]
            aggregator.add(batch)
            self._checkpoint.put(shard.name, ScanPosition(run_id, batch.cursor, aggregator.to_plain, keys))
            self._progress(sum(counted.scanned for counted in self.aggregators.values()), self._keys)
            if time.monotonic() - self._saved_s > _SAVE_EVERY_S:
                self._saved_s = time.monotonic()
                self._checkpoint.write()


def life_of(connection: Connection) -> str:
    """Return what tells one life of a server from the next; a cursor is good within one."""
    text = connection.call("INFO", "server").decode("utf-8", "replace")
    return next((line.partition(":")[2] for line in text.splitlines() if line.startswith("run_id:")), "")
