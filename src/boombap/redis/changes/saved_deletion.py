"""Deletes keys whose values are in a backup, and only those values: what was written in between stays.

The keys are watched on a connection of their own from before they are read; the deletion is a transaction of that
connection, which does nothing when one of them has changed. Such a batch is halved until the key that changes is alone.
A Cluster takes a transaction for the keys of one slot only, so there each slot has its own, and an fsync of its own.
Source: https://redis.io/docs/latest/develop/using-commands/transactions/, "Optimistic locking using check-and-set".
"""

from __future__ import annotations

from boombap.clients.redis.errors import ServerError, refusal
from boombap.clients.redis.slots import slot_of
from boombap.redis.keyspace.scan import ELSEWHERE
from boombap.redis.transfer.reading import fetch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from threading import Lock

    from boombap.clients.redis.connection import Connection
    from boombap.redis.transfer.backup_file import BackupFile

_TRIES = 3
_CHANGES = "it was written each time that it was saved"
_LOSSY = "the backup cannot hold all of it"


class SavedDeletion:
    """Deletes the keys of one shard.

    Args:
        connection: reads the values.
        guard: another connection to the same database, which watches and deletes.
        lock: of the backup, which several shards write.
        is_cluster: whether a transaction may have the keys of one slot only.
    """

    def __init__(
        self, connection: Connection, guard: Connection, backup: BackupFile, lock: Lock, db: int, *, is_cluster: bool
    ) -> None:
        self._connection = connection
        self._guard = guard
        self._backup = backup
        self._lock = lock
        self._db = db
        self._is_cluster = is_cluster

    def delete(self, keys: Sequence[bytes]) -> int:
        """Save keys and delete them, and return how many were deleted; the others changed, are gone, or stay.

        Raises:
            ExternalError: when the server refuses a command, or the file cannot be written; what is in neither the
                file nor on the server then was gone before.
        """
        return sum(self._delete(group) for group in self._groups(keys))

    def _groups(self, keys: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
        if not self._is_cluster:
            return [keys]
        groups: dict[int, list[bytes]] = {}
        for key in keys:
            groups.setdefault(slot_of(key), []).append(key)
        return groups.values()

    def _delete(self, keys: Sequence[bytes], tries: int = _TRIES) -> int:
        watched = self._guard.ask("WATCH", *keys)
        if isinstance(watched, ServerError):
            if watched.word in ELSEWHERE:
                return 0  # seen again where it is now
            raise refusal(watched, self._guard.target, "WATCH")
        with self._lock:
            saved = self._backup.save(fetch(self._connection, self._db, keys, self._backup.form))
            lossy = [key for key in saved if key in self._backup.lossy]
            for key in lossy:
                self._backup.note_failure(key, _LOSSY)
        wanted = [key for key in saved if key not in self._backup.lossy]
        deleted = self._unlink(wanted)
        if deleted is not None:
            return deleted
        if len(wanted) > 1:
            middle = len(wanted) // 2
            return self._delete(wanted[:middle]) + self._delete(wanted[middle:])
        if tries > 1:
            return self._delete(wanted, tries - 1)
        with self._lock:
            self._backup.note_failure(wanted[0], _CHANGES)
        return 0

    def _unlink(self, keys: Sequence[bytes]) -> int | None:
        """Delete watched keys, and return how many there were; None when one of them was written since."""
        if not keys:
            self._guard.call("UNWATCH")
            return 0
        replies = self._guard.pipeline([("MULTI",), *(("UNLINK", key) for key in keys), ("EXEC",)])
        refused = next((reply for reply in replies[:-1] if isinstance(reply, ServerError)), None)
        if refused is not None:
            if refused.word in ELSEWHERE:
                return 0
            raise refusal(refused, self._guard.target, "UNLINK")
        ended = replies[-1]
        if isinstance(ended, ServerError):
            raise refusal(ended, self._guard.target, "EXEC")
        return None if ended is None else sum(reply == 1 for reply in ended)
