"""Backup, restore and copy: keys out of one server, into a file or another one, by DUMP where that is understood."""

from __future__ import annotations

import time

from boombap.clients.redis.errors import ServerError, refusal
from boombap.errors import UsageError
from boombap.redis.model import Done
from boombap.redis.transfer import export_format
from boombap.redis.transfer.backup_file import BackupFile, items_in
from boombap.redis.transfer.export_format import ExportedKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from boombap.clients.redis.connection import Connection
    from boombap.clients.redis.deployment import Deployment
    from boombap.redis.keyspace.shards import Keyspace
    from boombap.redis.transfer.backup_file import Form

    Read = Callable[[int], Deployment]

_MOST_FAILURES = 20
_BATCH = 200
_NOT_READABLE = "payload version or checksum"


def fetch(connection: Connection, db: int, keys: Sequence[bytes], form: Form = "both") -> list[ExportedKey]:
    """Return keys with their values and times to live; those that are gone are left out.

    Raises:
        ExternalError: when the server refuses a command.
    """
    facts: list[Any] = connection.pipeline(
        [words for key in keys for words in (("TYPE", key), ("PTTL", key), ("DUMP", key))]
    )
    for reply in facts:
        if isinstance(reply, ServerError):
            raise refusal(reply, connection.target, "DUMP")
    there = [
        (key, kind.decode("ascii", "replace"), ttl, dump)
        for key, kind, ttl, dump in zip(keys, facts[::3], facts[1::3], facts[2::3], strict=True)
        if kind != b"none" and dump is not None
    ]
    wanted = [(key, kind) for key, kind, _, _ in there if form != "dump" and kind in export_format.TYPES]
    replies = connection.pipeline([export_format.read_command(key, kind) for key, kind in wanted])
    values = {
        key: export_format.value_of(kind, reply)
        for (key, kind), reply in zip(wanted, replies, strict=True)
        # An error, or nothing: the key has changed its type, or is gone, since a moment ago.
        if not isinstance(reply, ServerError) and (reply or kind == "string") and reply is not None
    }
    return [
        ExportedKey(
            db,
            key,
            kind,
            max(1, ttl) if ttl >= 0 else None,
            values.get(key),
            dump if _keeps_dump(form, key, values) else None,
        )
        for key, kind, ttl, dump in there
    ]


def _keeps_dump(form: Form, key: bytes, values: dict[bytes, object]) -> bool:
    # A type that has no portable form is kept as it is.
    return form != "portable" or key not in values


class Writer:
    """Writes items into a deployment, by RESTORE, or by their portable value where the server refuses the DUMP form.

    Args:
        replaces: whether keys that are there already are written over; otherwise they are skipped.
        may_dump: whether RESTORE is tried at all.
    """

    def __init__(self, deployment: Deployment, *, replaces: bool, may_dump: bool = True) -> None:
        self._deployment = deployment
        self._replaces = replaces
        self._may_dump = may_dump
        self.changed = self.skipped = self.fell_back = 0
        self.failed: list[tuple[bytes, str]] = []

    def write(self, items: Sequence[ExportedKey]) -> None:
        """Write a batch; what cannot be written is noted in `failed`."""
        late = items
        if self._may_dump:
            dumped = [item for item in items if item.dump is not None]
            replies = self._deployment.pipeline([self._restore(item) for item in dumped])
            refused = [item for item, reply in zip(dumped, replies, strict=True) if self._is_refused(item, reply)]
            late = [item for item in items if item.dump is None] + refused
            self.fell_back += sum(item.value is not None for item in refused)
        if late:
            self._write_portable(late)

    def _restore(self, item: ExportedKey) -> tuple[str | bytes | int, ...]:
        assert item.dump is not None, "chosen for it"
        return ("RESTORE", item.key, item.ttl_ms or 0, item.dump, *(["REPLACE"] if self._replaces else []))

    def _is_refused(self, item: ExportedKey, reply: object) -> bool:
        if not isinstance(reply, ServerError):
            self.changed += 1
            return False
        if reply.word == "BUSYKEY":
            self.skipped += 1
            return False
        if _NOT_READABLE in reply.text or reply.word == "NOPERM" or "unknown command" in reply.text:
            return True
        self._fail(item, reply)
        return False

    def _write_portable(self, items: Sequence[ExportedKey]) -> None:
        there: list[Any] = [0] * len(items)
        if not self._replaces:
            there = self._deployment.pipeline([("EXISTS", item.key) for item in items])
        for item, is_there in zip(items, there, strict=True):
            if is_there == 1:
                self.skipped += 1
            elif item.value is None:
                self._note(item, "the server refuses its DUMP form, and it has no portable one")
            else:
                self._make(item)

    def _make(self, item: ExportedKey) -> None:
        commands = [("UNLINK", item.key)] if self._replaces else []
        replies = self._deployment.pipeline([*commands, *export_format.write_commands(item)])
        refused = next((reply for reply in replies if isinstance(reply, ServerError)), None)
        if refused is not None:
            self._fail(item, refused)
        else:
            self.changed += 1

    def _fail(self, item: ExportedKey, reply: ServerError) -> None:
        error = refusal(reply, self._deployment.target, "RESTORE")
        if reply.word in ("OOM", "READONLY", "NOAUTH", "MISCONF", "NOPERM"):
            raise error  # the next key fares no better
        self._note(item, str(error))

    def _note(self, item: ExportedKey, reason: str) -> None:
        if len(self.failed) < _MOST_FAILURES:
            self.failed.append((item.key, reason))

    def done(self, action: str, seen: int, begun_s: float) -> Done:
        """Return what was done since a moment of time.perf_counter."""
        return Done(
            action, seen, self.changed, self.skipped, self.fell_back, tuple(self.failed),
            elapsed_ms=1000 * (time.perf_counter() - begun_s),
        )  # fmt: skip


def restore(
    path: Path,
    deployments: Read,
    progress: Callable[[int, int], None],
    *,
    db: int | None = None,
    is_named: bool = True,
    replaces: bool,
) -> Done:
    """Write a backup into a deployment; of a key that the file holds twice, the last value counts.

    Args:
        deployments: gives the deployment for a logical database.
        progress: told the keys that were read, and how many the file holds.
        db: the database that is written to; None writes each key into the database that it came from.
        is_named: whether somebody asked for that database, and the keys may come from another one.

    Raises:
        UsageError: when keys of several databases would be written into one.
        ConfigError: when the file is not a backup, or a line of it is broken; nothing was written then.
    """
    begun_s = time.perf_counter()
    # The whole file is read before anything is written: a broken line must not leave half of it behind.
    total, databases = 0, set()
    for item in items_in(path):
        total += 1
        databases.add(item.db)
    if db is not None and (len(databases) > 1 or (not is_named and databases - {db})):
        names = ", ".join(map(str, sorted(databases)))
        what = f"{path} holds keys of database{'s' if len(databases) > 1 else ''} {names}, and the address names {db}"
        raise UsageError(what, hint="add --db all to write each into its own, or --db N for one of another number")
    into = {own: own if db is None else db for own in sorted(databases)}
    writers = {own: Writer(deployments(to), replaces=replaces) for own, to in into.items()}
    waiting: dict[int, dict[bytes, ExportedKey]] = {own: {} for own in into}
    # A key that is there is skipped without --replace, so the newest value must come first.
    for seen, item in enumerate(items_in(path, newest_first=not replaces), start=1):
        batch = waiting[item.db]
        if replaces or item.key not in batch:
            batch[item.key] = item
        if len(batch) >= _BATCH:
            writers[item.db].write(list(batch.values()))
            batch.clear()
            progress(seen, total)
    for own, batch in waiting.items():
        writers[own].write(list(batch.values()))
    progress(total, total)
    return _sum("restore", [writer.done("restore", 0, begun_s) for writer in writers.values()], total, begun_s)


def _sum(action: str, shards: Sequence[Done], seen: int, begun_s: float) -> Done:
    return Done(
        action,
        seen,
        sum(shard.changed for shard in shards),
        sum(shard.skipped for shard in shards),
        sum(shard.fell_back for shard in shards),
        tuple(one for shard in shards for one in shard.failed),
        elapsed_ms=1000 * (time.perf_counter() - begun_s),
    )


def keys_of(
    keyspace: Keyspace, pattern: bytes, matches: Callable[[bytes], bool], db: int | None
) -> Iterator[tuple[Connection, int, list[bytes], int]]:
    """Walk over keys in batches: a connection to where they lie, their database, the keys, and all that there are."""
    shards = keyspace.shards(db)
    total = sum(shard.keys for shard in shards)
    for shard in shards:
        with keyspace.connected(shard) as connection:
            cursor = b"0"
            while True:
                cursor, keys = connection.call("SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH)
                chosen = [key for key in keys if matches(key)]
                if chosen:
                    yield connection, shard.db, chosen, total
                if cursor == b"0":
                    break


def backup(
    keyspace: Keyspace,
    pattern: bytes,
    matches: Callable[[bytes], bool],
    file: BackupFile,
    progress: Callable[[int, int], None],
    *,
    db: int | None = None,
) -> Done:
    """Write all keys that match into a file; `db` takes those of one database only."""
    begun_s = time.perf_counter()
    seen = 0
    with file:
        for connection, at, keys, total in keys_of(keyspace, pattern, matches, db):
            file.save(fetch(connection, at, keys, file.form))
            seen += len(keys)
            progress(seen, total)
    return Done("backup", seen, file.items, seen - file.items, elapsed_ms=1000 * (time.perf_counter() - begun_s))


def copy(
    keyspace: Keyspace,
    pattern: bytes,
    matches: Callable[[bytes], bool],
    deployments: Read,
    progress: Callable[[int, int], None],
    *,
    db: int | None = None,
    to_db: int | None = None,
    replaces: bool,
    form: Form = "both",
) -> Done:
    """Write all keys that match into another deployment.

    Args:
        db: the database that keys are taken from; None takes them from all.
        to_db: the database that is written to; None writes each key into the database of the same number.
    """
    begun_s = time.perf_counter()
    seen = 0
    writers: dict[int, Writer] = {}
    for connection, at, keys, total in keys_of(keyspace, pattern, matches, db):
        if at not in writers:
            to = at if to_db is None else to_db
            writers[at] = Writer(deployments(to), replaces=replaces, may_dump=form != "portable")
        writers[at].write(fetch(connection, at, keys, form))
        seen += len(keys)
        progress(seen, total)
    return _sum("copy", [writer.done("copy", 0, begun_s) for writer in writers.values()], seen, begun_s)
