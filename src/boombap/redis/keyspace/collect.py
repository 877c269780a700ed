"""The walk over everything: all shards at once, each with its aggregator, resumed where an earlier run stopped."""

from __future__ import annotations

import threading
import time
from functools import partial

from boombap.batch.fan_out import fan_out
from boombap.redis.keyspace.checkpoint import ScanPosition
from boombap.redis.keyspace.scan import scan_batches
from boombap.redis.keyspace.shards import AT_ONCE
from boombap.redis.keyspace.stats import Aggregator, total
from boombap.redis.keyspace.throttle import AdaptiveBatchSize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.clients.redis.connection import Connection
    from boombap.redis.keyspace.checkpoint import Checkpoint
    from boombap.redis.keyspace.scan import Batch
    from boombap.redis.keyspace.shards import Keyspace, Shard
    from boombap.redis.model import KeyspaceStats

    Progress = Callable[[int, int], None]
    Walked = Callable[[Connection, int], Iterator[Batch]]

_SAVE_EVERY_S = 5.0


def scan_keyspace(
    keyspace: Keyspace,
    pattern: bytes,
    checkpoint: Checkpoint,
    progress: Progress,
    *,
    db: int | None = None,
    share: float = 1.0,
) -> KeyspaceStats:
    """Return what all keys that match a pattern amount to.

    Args:
        checkpoint: keeps what was counted when the run is interrupted or a server goes away; empty in the end.
        progress: told how many keys were seen, and how many there were at the beginning.
        db: one database only.
        share: of the keys that are measured.

    Raises:
        ExternalError: when a server stays away, or refuses a command.
        Interrupted: when the run was ended.
    """
    begun_s = time.perf_counter()
    shards = keyspace.shards(db)
    aggregators = {shard.name: Aggregator(shard.db) for shard in shards}
    keys = sum(shard.keys for shard in shards)
    saved_s = [time.monotonic()]

    lock = threading.Lock()

    def walked(connection: Connection, cursor: int) -> Iterator[Batch]:
        return scan_batches(
            connection, pattern, AdaptiveBatchSize(keyspace.interrupt.sleep), cursor=cursor, share=share
        )

    def note(shard: Shard, run_id: str, batch: Batch) -> None:
        # A checkpoint that is written now must hold a cursor and the counts up to it.
        with lock:
            aggregators[shard.name].add(batch)
            keep(shard, run_id, batch.cursor)

    def keep(shard: Shard, run_id: str, cursor: int) -> None:
        checkpoint.put(shard.name, ScanPosition(run_id, cursor, aggregators[shard.name].to_plain))
        progress(sum(aggregator.scanned for aggregator in list(aggregators.values())), keys)
        if time.monotonic() - saved_s[0] > _SAVE_EVERY_S:
            saved_s[0] = time.monotonic()
            checkpoint.write()

    try:
        fan_out(
            [partial(_walk, keyspace, shard, checkpoint, aggregators, walked, note=note) for shard in shards],
            AT_ONCE,
            interrupt=keyspace.interrupt,
        )
    except BaseException:
        checkpoint.write()
        raise
    checkpoint.forget()
    return total(list(aggregators.values()), 1000 * (time.perf_counter() - begun_s))


def _walk(
    keyspace: Keyspace,
    shard: Shard,
    checkpoint: Checkpoint,
    aggregators: dict[str, Aggregator],
    walked: Walked,
    *,
    note: Callable[[Shard, str, Batch], None],
) -> None:
    def work(progressed: Callable[[], None]) -> None:
        with keyspace.connected(shard) as connection:
            run_id = life_of(connection)
            mark = checkpoint.at(shard.name, run_id)
            if mark is None:
                aggregators[shard.name] = Aggregator(shard.db)
            elif isinstance(mark.kept, dict):
                aggregators[shard.name] = Aggregator.from_plain(mark.kept)
            if mark is not None and mark.cursor == 0:
                return
            for batch in walked(connection, mark.cursor if mark else 0):
                note(shard, run_id, batch)
                progressed()

    keyspace.retry_until_done(work)


def life_of(connection: Connection) -> str:
    """Return what tells one life of a server from the next; a cursor is good within one."""
    text = connection.call("INFO", "server").decode("utf-8", "replace")
    return next((line.partition(":")[2] for line in text.splitlines() if line.startswith("run_id:")), "")
