"""Purge and expire: in batches, at the server's pace, resumable, and never outside of the pattern.

SCAN gives every key that is there from its beginning to its end. A run that was interrupted goes on from its cursor,
and then scans what is before that; while slots of a Cluster move, another lap follows. In the end what still matches is
counted, so that "done" is never said of keys that are there.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from functools import partial

from boombap.batch.fan_out import fan_out
from boombap.clients.redis.errors import ServerError, refusal
from boombap.redis.changes.saved_deletion import SavedDeletion
from boombap.redis.keyspace.checkpoint import ScanPosition
from boombap.redis.keyspace.collect import life_of
from boombap.redis.keyspace.pattern import matcher
from boombap.redis.keyspace.scan import ELSEWHERE
from boombap.redis.keyspace.shards import AT_ONCE, ShardLost
from boombap.redis.keyspace.throttle import AdaptiveBatchSize, ServerTime
from boombap.redis.model import Done, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boombap.clients.redis.connection import Connection
    from boombap.redis.keyspace.checkpoint import Checkpoint
    from boombap.redis.keyspace.shards import Keyspace, Shard
    from boombap.redis.model import KeyspaceStats
    from boombap.redis.transfer.backup_file import BackupFile

_MOVING = (*sorted(ELSEWHERE), "CLUSTERDOWN")
_SAVE_EVERY_S = 1.0
_LAPS = 4
# Keys that match again after that many laps are written faster than they are deleted.
_LAPS_FOR_LEFT = 2
_COUNT = 1_000
_ORPHANS_KNOWN = 100_000


def plan(action: str, pattern: bytes, stats: KeyspaceStats, ttl_ms: int | None = None) -> Plan:
    """Return what a change would touch, from a scan of what matches the pattern."""
    return Plan(
        action,
        pattern,
        stats.keys,
        None if stats.unreadable else stats.size_bytes,
        stats.examples,
        ttl_ms,
        stats.databases,
        stats.is_complete,
    )


def _with_failures(done: Done, backup: BackupFile) -> Done:
    """Return what was done, with the keys that are still there because they could not be saved."""
    count, losses = backup.failed_count, dict(backup.losses)
    skipped = max(0, done.skipped - count)
    return done.replace(skipped=skipped, failed=tuple(backup.failed), failed_count=count, losses=losses)


class Change:
    """One change while it runs.

    Args:
        checkpoint: keeps the cursors, so that a killed run is resumed; empty in the end.
        backup: where keys are written before they are deleted; None without.
    """

    def __init__(
        self,
        keyspace: Keyspace,
        wanted: Plan,
        checkpoint: Checkpoint,
        progress: Callable[[int, int], None],
        *,
        db: int | None = None,
        backup: BackupFile | None = None,
        resumed: bool = False,
    ) -> None:
        self._keyspace = keyspace
        self._plan = wanted
        self._checkpoint = checkpoint
        self._progress = progress
        self._db = db
        self._backup = backup
        self._resumed = resumed
        self._matches = matcher(wanted.pattern)
        self._delete = "UNLINK"
        self._lock = threading.Lock()
        self._changed = self._unchanged = 0
        self._orphans: set[bytes] = set()
        self._saved_s = time.monotonic()

    def run(self) -> Done:
        """Change every key that matches.

        Raises:
            ExternalError: when a server stays away, or refuses a command; what was done stays done.
            Interrupted: when the run was ended; the next one goes on.
        """
        started_s = time.perf_counter()
        is_complete, left = False, 0
        try:
            for lap in range(1, _LAPS + 1):
                is_complete = self._lap()
                # The next lap begins at the beginning.
                self._checkpoint.clear()
                left = max(0, sum(self._over_all(self._count_left)) - self._unsaved)
                if is_complete and (not left or lap >= _LAPS_FOR_LEFT):
                    break
        except BaseException:
            self._checkpoint.write()
            raise
        self._checkpoint.remove()
        skipped = max(0, self._unchanged - len(self._orphans))
        done = Done(
            self._plan.action, self._changed + self._unchanged, self._changed, skipped,
            resumed=self._resumed, left=left, orphans=len(self._orphans), is_complete=is_complete,
            elapsed_ms=1000 * (time.perf_counter() - started_s),
        )  # fmt: skip
        return done if self._backup is None else _with_failures(done, self._backup)

    @property
    def _unsaved(self) -> int:
        """Return the keys that stay because their values could not be saved; they are told one by one."""
        return self._backup.failed_count if self._backup else 0

    def _lap(self) -> bool:
        """Change what every shard has; False when slots moved meanwhile."""
        before = self._keyspace.layout()
        self._checkpoint.settle(before.slots)
        self._orphans.clear()
        self._unchanged = 0
        try:
            self._over_all(self._change_shard)
        except ShardLost:
            return False
        after = self._keyspace.layout()
        return after == before and not after.moving

    def _over_all(self, work: Callable[[Shard], int]) -> list[int]:
        jobs = [partial(work, shard) for shard in self._keyspace.shards(self._db)]
        return fan_out(jobs, AT_ONCE, interrupt=self._keyspace.interrupt)

    def _change_shard(self, shard: Shard) -> int:
        batch_size, server_time = AdaptiveBatchSize(self._keyspace.interrupt.sleep), ServerTime()

        def work(progressed: Callable[[], None]) -> None:
            with self._keyspace.connected(shard) as connection, self._deletion(shard, connection) as deletion:
                run_id = life_of(connection)
                position = self._checkpoint.at(run_id, *shard.names)
                cursor = position.cursor if position else 0
                while True:
                    server_time.start()
                    cursor, seen = self._step(connection, deletion, cursor, batch_size.size)
                    batch_size.record(server_time.seconds(), seen)
                    self._note(shard, ScanPosition(run_id, cursor))
                    progressed()
                    if cursor == 0:
                        return

        self._keyspace.retry_until_done(work)
        return 0

    @contextmanager
    def _deletion(self, shard: Shard, connection: Connection) -> Iterator[SavedDeletion | None]:
        """Yield what deletes keys whose values are in the backup; None without a backup."""
        if self._backup is None:
            yield None
            return
        with self._keyspace.connected(shard) as guard:
            is_cluster = bool(shard.node)
            yield SavedDeletion(connection, guard, self._backup, self._lock, shard.db, is_cluster=is_cluster)

    def _step(self, connection: Connection, deletion: SavedDeletion | None, cursor: int, count: int) -> tuple[int, int]:
        """Change one batch, and give the cursor of the next one and the keys that were looked at."""
        reply = connection.call("SCAN", cursor, "MATCH", self._plan.pattern, "COUNT", count)
        keys = [key for key in reply[1] if self._matches(key)]
        changed = 0
        if keys:
            changed = deletion.delete(keys) if deletion else self._apply(connection, keys)
        with self._lock:
            self._changed += changed
            self._unchanged += len(keys) - changed
            self._progress(self._changed + self._unchanged, self._plan.keys)
        return int(reply[0]), max(len(keys), 1)

    def _count_left(self, shard: Shard) -> int:
        """Return how many keys of a shard the change would still touch."""
        left = 0

        def work(progressed: Callable[[], None]) -> None:
            nonlocal left
            left = 0
            with self._keyspace.connected(shard) as connection:
                for keys in self._matching(connection):
                    left += len(self._late(connection, keys) if self._plan.action == "expire" else keys)
                    progressed()

        self._keyspace.retry_until_done(work)
        return left

    def _matching(self, connection: Connection) -> Iterator[list[bytes]]:
        cursor = 0
        while True:
            reply = connection.call("SCAN", cursor, "MATCH", self._plan.pattern, "COUNT", _COUNT)
            yield [key for key in reply[1] if self._matches(key) and key not in self._orphans]
            cursor = int(reply[0])
            if cursor == 0:
                return

    def _apply(self, connection: Connection, keys: Sequence[bytes]) -> int:
        if self._plan.action == "purge":
            return self._send(connection, [(self._delete, key) for key in keys])
        ttl_ms = self._plan.ttl_ms
        assert ttl_ms is not None, "an expire has one"
        return self._send(connection, [("PEXPIRE", key, ttl_ms) for key in self._late(connection, keys)])

    def _late(self, connection: Connection, keys: Sequence[bytes]) -> list[bytes]:
        """Return the keys that live longer than is wanted: -1 has no end, -2 is gone."""
        ttl_ms = self._plan.ttl_ms
        assert ttl_ms is not None, "an expire has one"
        replies = connection.pipeline([("PTTL", key) for key in keys])
        for reply in replies:
            if isinstance(reply, ServerError) and reply.word not in _MOVING:
                raise refusal(reply, connection.target, "PTTL")
        return [
            key
            for key, left in zip(keys, replies, strict=True)
            if not isinstance(left, int) or left == -1 or left > ttl_ms
        ]

    def _send(self, connection: Connection, commands: Sequence[tuple[str | bytes | int, ...]]) -> int:
        changed = 0
        for words, reply in zip(commands, connection.pipeline(commands), strict=True):
            answer = reply
            if isinstance(answer, ServerError):
                answer = self._again(connection, words, answer)
            changed += answer == 1
        return changed

    def _again(self, connection: Connection, words: tuple[str | bytes | int, ...], error: ServerError) -> object:
        if error.word in _MOVING:
            reply = self._keyspace.deployment.call(*words)
            if error.word == "MOVED" and reply == 0 and len(self._orphans) < _ORPHANS_KNOWN:
                # It is here, and the node that holds its slot has no such key.
                key = words[1]
                assert isinstance(key, bytes)
                with self._lock:
                    self._orphans.add(key)
            return reply
        if words[0] == "UNLINK" and "unknown command" in error.text:
            self._delete = "DEL"  # renamed, or a proxy
            return connection.call("DEL", *words[1:])
        raise refusal(error, connection.target, words[0])

    def _note(self, shard: Shard, position: ScanPosition) -> None:
        self._checkpoint.put(shard.name, position)
        with self._lock:
            is_due = time.monotonic() - self._saved_s > _SAVE_EVERY_S
            if is_due:
                self._saved_s = time.monotonic()
                self._checkpoint.write()
