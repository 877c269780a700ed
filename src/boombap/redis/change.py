"""Purge and expire: in batches, at the server's pace, resumable, and never outside of the pattern."""

from __future__ import annotations

import threading
import time
from functools import partial

from boombap.batch.fan_out import fan_out
from boombap.clients.redis.errors import ServerError, refusal
from boombap.redis.journal import Bookmark
from boombap.redis.model import Done, Plan
from boombap.redis.pace import Pace
from boombap.redis.parts import AT_ONCE
from boombap.redis.pattern import matcher
from boombap.redis.survey import life_of
from boombap.redis.transfer import fetch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.clients.redis.connection import Connection
    from boombap.redis.backup_file import BackupFile
    from boombap.redis.journal import Journal
    from boombap.redis.model import Census
    from boombap.redis.parts import Field, Part

_MOVING = ("MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN")
_SAVE_EVERY_S = 1.0


def plan(action: str, pattern: bytes, census: Census, ttl_ms: int | None = None) -> Plan:
    """Return what a change would touch, from a walk over what matches the pattern."""
    return Plan(action, pattern, census.keys, census.size_bytes, census.examples, ttl_ms, census.databases)


class Change:
    """One change while it runs.

    Args:
        journal: keeps the cursors, so that a killed run is gone on with; empty in the end.
        backup: where keys are written before they are deleted; None without.
    """

    def __init__(
        self,
        field: Field,
        wanted: Plan,
        journal: Journal,
        progress: Callable[[int, int], None],
        *,
        db: int | None = None,
        backup: BackupFile | None = None,
        resumed: bool = False,
    ) -> None:
        self._field = field
        self._plan = wanted
        self._journal = journal
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
        parts = self._field.parts(self._db)
        try:
            fan_out([partial(self._part, part) for part in parts], AT_ONCE, interrupt=self._field.interrupt)
        except BaseException:
            self._journal.write()
            raise
        self._journal.forget()
        return Done(
            self._plan.action, self._seen, self._changed, self._seen - self._changed, resumed=self._resumed,
            elapsed_ms=1000 * (time.perf_counter() - begun_s),
        )  # fmt: skip

    def _part(self, part: Part) -> None:
        pace = Pace(self._field.interrupt.sleep)

        def work(got_on: Callable[[], None]) -> None:
            with self._field.connected(part) as connection:
                run_id = life_of(connection)
                mark = self._journal.at(part.name, run_id)
                if mark is not None and mark.cursor == 0:
                    return
                cursor = mark.cursor if mark else 0
                while True:
                    begun_s = time.perf_counter()
                    cursor, seen = self._step(connection, part, cursor, pace.size)
                    pace.took(time.perf_counter() - begun_s, seen)
                    self._note(part, Bookmark(run_id, cursor))
                    got_on()
                    if cursor == 0:
                        return

        self._field.surely(work)

    def _step(self, connection: Connection, part: Part, cursor: int, count: int) -> tuple[int, int]:
        """Change one batch, and give the cursor of the next one and the keys that were looked at."""
        reply = connection.call("SCAN", cursor, "MATCH", self._plan.pattern, "COUNT", count)
        keys = [key for key in reply[1] if self._matches(key)]
        changed = self._apply(connection, self._saved(connection, part, keys)) if keys else 0
        with self._lock:
            self._seen += len(keys)
            self._changed += changed
            self._progress(self._seen, self._plan.keys)
        return int(reply[0]), max(len(keys), 1)

    def _saved(self, connection: Connection, part: Part, keys: list[bytes]) -> list[bytes]:
        """Return the keys that may be deleted: with a backup, those whose values are in it and on disk."""
        if self._backup is None:
            return keys
        items = fetch(connection, part.db, keys, self._backup.form)
        with self._lock:
            self._backup.save(items)
        return [item.key for item in items]

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
            return self._field.deployment.call(*words)
        if words[0] == "UNLINK" and "unknown command" in error.text:
            self._delete = "DEL"  # renamed, or a proxy
            return connection.call("DEL", *words[1:])
        raise refusal(error, connection.target, words[0])

    def _note(self, part: Part, mark: Bookmark) -> None:
        self._journal.put(part.name, mark)
        with self._lock:
            is_due = time.monotonic() - self._saved_s > _SAVE_EVERY_S
            if is_due:
                self._saved_s = time.monotonic()
                self._journal.write()
