"""Purge and expire: in batches, at the server's batch_size, resumable, and never outside of the pattern."""

from __future__ import annotations

import threading
import time
from functools import partial

from boombap.batch.fan_out import fan_out
from boombap.clients.redis.errors import ServerError, refusal
from boombap.redis.keyspace.checkpoint import ScanPosition
from boombap.redis.keyspace.collect import life_of
from boombap.redis.keyspace.pattern import matcher
from boombap.redis.keyspace.shards import AT_ONCE
from boombap.redis.keyspace.throttle import AdaptiveBatchSize
from boombap.redis.model import Done, Plan
from boombap.redis.transfer.reading import fetch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.clients.redis.connection import Connection
    from boombap.redis.keyspace.checkpoint import Checkpoint
    from boombap.redis.keyspace.shards import Keyspace, Shard
    from boombap.redis.model import KeyspaceStats
    from boombap.redis.transfer.backup_file import BackupFile

_MOVING = ("MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN")
_SAVE_EVERY_S = 1.0


def plan(action: str, pattern: bytes, stats: KeyspaceStats, ttl_ms: int | None = None) -> Plan:
    """Return what a change would touch, from a walk over what matches the pattern."""
    return Plan(action, pattern, stats.keys, stats.size_bytes, stats.examples, ttl_ms, stats.databases)


def _with_failures(done: Done, backup: BackupFile) -> Done:
    """Return what was done, with the keys that are still there because they could not be saved."""
    left, losses = backup.failed_count, dict(backup.losses)
    return done.replace(skipped=done.skipped - left, failed=tuple(backup.failed), failed_count=left, losses=losses)


class Change:
    """One change while it runs.

    Args:
        checkpoint: keeps the cursors, so that a killed run is gone on with; empty in the end.
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
        self._seen = self._changed = 0
        self._saved_s = time.monotonic()

    def run(self) -> Done:
        """Change every key that matches.

        Raises:
            ExternalError: when a server stays away, or refuses a command; what was done stays done.
            Interrupted: when the run was ended; the next one goes on.
        """
        begun_s = time.perf_counter()
        shards = self._keyspace.shards(self._db)
        try:
            fan_out([partial(self._shard, shard) for shard in shards], AT_ONCE, interrupt=self._keyspace.interrupt)
        except BaseException:
            self._checkpoint.write()
            raise
        self._checkpoint.forget()
        done = Done(
            self._plan.action, self._seen, self._changed, self._seen - self._changed, resumed=self._resumed,
            elapsed_ms=1000 * (time.perf_counter() - begun_s),
        )  # fmt: skip
        return done if self._backup is None else _with_failures(done, self._backup)

    def _shard(self, shard: Shard) -> None:
        batch_size = AdaptiveBatchSize(self._keyspace.interrupt.sleep)

        def work(progressed: Callable[[], None]) -> None:
            with self._keyspace.connected(shard) as connection:
                run_id = life_of(connection)
                mark = self._checkpoint.at(shard.name, run_id)
                if mark is not None and mark.cursor == 0:
                    return
                cursor = mark.cursor if mark else 0
                while True:
                    begun_s = time.perf_counter()
                    cursor, seen = self._step(connection, shard, cursor, batch_size.size)
                    batch_size.record(time.perf_counter() - begun_s, seen)
                    self._note(shard, ScanPosition(run_id, cursor))
                    progressed()
                    if cursor == 0:
                        return

        self._keyspace.retry_until_done(work)

    def _step(self, connection: Connection, shard: Shard, cursor: int, count: int) -> tuple[int, int]:
        """Change one batch, and give the cursor of the next one and the keys that were looked at."""
        reply = connection.call("SCAN", cursor, "MATCH", self._plan.pattern, "COUNT", count)
        keys = [key for key in reply[1] if self._matches(key)]
        changed = self._apply(connection, self._saved(connection, shard, keys)) if keys else 0
        with self._lock:
            self._seen += len(keys)
            self._changed += changed
            self._progress(self._seen, self._plan.keys)
        return int(reply[0]), max(len(keys), 1)

    def _saved(self, connection: Connection, shard: Shard, keys: list[bytes]) -> list[bytes]:
        """Return the keys that may be deleted: with a backup, those whose values are in it and on disk."""
        if self._backup is None:
            return keys
        with self._lock:
            return self._backup.save(fetch(connection, shard.db, keys, self._backup.form))

    def _apply(self, connection: Connection, keys: Sequence[bytes]) -> int:
        if self._plan.action == "purge":
            return self._send(connection, [(self._delete, key) for key in keys])
        ttl_ms = self._plan.ttl_ms
        assert ttl_ms is not None, "an expire has one"
        left = connection.pipeline([("PTTL", key) for key in keys])
        # Never a longer life than a key has: -1 has no end, -2 is gone.
        late = [
            key for key, one in zip(keys, left, strict=True) if not isinstance(one, int) or one == -1 or one > ttl_ms
        ]
        return self._send(connection, [("PEXPIRE", key, ttl_ms) for key in late])

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
            return self._keyspace.deployment.call(*words)
        if words[0] == "UNLINK" and "unknown command" in error.text:
            self._delete = "DEL"  # renamed, or a proxy
            return connection.call("DEL", *words[1:])
        raise refusal(error, connection.target, words[0])

    def _note(self, shard: Shard, mark: ScanPosition) -> None:
        self._checkpoint.put(shard.name, mark)
        with self._lock:
            is_due = time.monotonic() - self._saved_s > _SAVE_EVERY_S
            if is_due:
                self._saved_s = time.monotonic()
                self._checkpoint.write()
