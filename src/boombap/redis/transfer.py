"""Backup, restore and copy: keys out of one server, into a file or another one, by DUMP where that is understood."""

from __future__ import annotations

import json
import os
import time

from boombap.clients.redis.errors import ServerError, refusal
from boombap.errors import ConfigError, OutsideError, UsageError
from boombap.private import make_folder
from boombap.redis import portable
from boombap.redis.model import Done
from boombap.redis.portable import Item
from boombap.units import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Any, Literal, Self, TextIO

    from boombap.clients.redis.connection import Connection
    from boombap.clients.redis.deployment import Deployment
    from boombap.redis.parts import Field

    Form = Literal["both", "portable", "dump"]
    Read = Callable[[int], Deployment]

_MOST_FAILURES = 20
_BATCH = 200
_NOT_READABLE = "payload version or checksum"


class BackupFile:
    """A file of one item a line, readable by its owner only; it appears under its name when it is complete.

    Args:
        form: what each item carries: its portable value, what DUMP gives, or both.
    """

    def __init__(self, path: Path, form: Form = "both") -> None:
        self.form = form
        self.items = 0
        self._path = path
        self._fresh = path.with_name(path.name + ".part")
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        if self._path.exists():
            raise UsageError(f"{self._path} exists already", hint="name another file for the backup")
        try:
            make_folder(self._path.parent)
            descriptor = os.open(self._fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise OutsideError(f"cannot write {self._path}: {error.strerror}") from None
        self._file = open(descriptor, "w", encoding="utf-8")  # noqa: PTH123 - closed by __exit__
        self._write(json.dumps({"schema": portable.SCHEMA, "form": self.form}))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._file is not None, "opened on entry"
        self._file.close()
        # What a purge has deleted so far is in it: an interrupted one must not lose that.
        if kind is None or self.items:
            self._fresh.replace(self._path)
        else:
            self._fresh.unlink(missing_ok=True)

    def save(self, connection: Connection, db: int, keys: Sequence[bytes]) -> int:
        """Write items and give their number; keys that are gone by now are left out. On disk when it returns."""
        items = fetch(connection, db, keys, self.form)
        for item in items:
            self._write(portable.to_line(item))
        assert self._file is not None, "opened on entry"
        try:
            self._file.flush()
        except OSError as error:
            raise OutsideError(f"cannot write {self._path}: {error.strerror}") from None
        self.items += len(items)
        return len(items)

    def _write(self, line: str) -> None:
        assert self._file is not None, "opened on entry"
        try:
            self._file.write(line + "\n")
        except OSError as error:
            raise OutsideError(f"cannot write {self._path}: {error.strerror}") from None


def fetch(connection: Connection, db: int, keys: Sequence[bytes], form: Form = "both") -> list[Item]:
    """Give keys with their values and times to live; those that are gone are left out.

    Raises:
        OutsideError: when the server refuses a command.
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
    wanted = [(key, kind) for key, kind, _, _ in there if form != "dump" and kind in portable.TYPES]
    replies = connection.pipeline([portable.read_command(key, kind) for key, kind in wanted])
    values = {
        key: portable.value_of(kind, reply)
        for (key, kind), reply in zip(wanted, replies, strict=True)
        # An error, or nothing: the key has changed its type, or is gone, since a moment ago.
        if not isinstance(reply, ServerError) and (reply or kind == "string") and reply is not None
    }
    return [
        Item(
            db, key, kind, ttl if ttl >= 0 else None, values.get(key), dump if _keeps_dump(form, key, values) else None
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

    def write(self, items: Sequence[Item]) -> None:
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

    def _restore(self, item: Item) -> tuple[str | bytes | int, ...]:
        assert item.dump is not None, "chosen for it"
        return ("RESTORE", item.key, item.ttl_ms or 0, item.dump, *(["REPLACE"] if self._replaces else []))

    def _is_refused(self, item: Item, reply: object) -> bool:
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

    def _write_portable(self, items: Sequence[Item]) -> None:
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

    def _make(self, item: Item) -> None:
        commands = [("UNLINK", item.key)] if self._replaces else []
        replies = self._deployment.pipeline([*commands, *portable.write_commands(item)])
        refused = next((reply for reply in replies if isinstance(reply, ServerError)), None)
        if refused is not None:
            self._fail(item, refused)
        else:
            self.changed += 1

    def _fail(self, item: Item, reply: ServerError) -> None:
        error = refusal(reply, self._deployment.target, "RESTORE")
        if reply.word in ("OOM", "READONLY", "NOAUTH", "MISCONF", "NOPERM"):
            raise error  # the next key fares no better
        self._note(item, str(error))

    def _note(self, item: Item, reason: str) -> None:
        if len(self.failed) < _MOST_FAILURES:
            self.failed.append((item.key, reason))

    def done(self, action: str, seen: int, begun_s: float) -> Done:
        """Give what was done since a moment of time.perf_counter."""
        return Done(
            action, seen, self.changed, self.skipped, self.fell_back, tuple(self.failed),
            elapsed_ms=1000 * (time.perf_counter() - begun_s),
        )  # fmt: skip


def items_in(path: Path) -> Iterator[Item]:
    """Read a backup item by item.

    Raises:
        ConfigError: when the file is no backup, or a line of it is broken; the line is named.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            yield from _items(lines, path)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no backup: it is not UTF-8") from None


def _items(lines: TextIO, path: Path) -> Iterator[Item]:
    try:
        head = json.loads(next(lines, "null"))
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("schema") != portable.SCHEMA:
        raise ConfigError(f"{path} is no backup of ours", hint=f"its first line must name the schema {portable.SCHEMA}")
    for number, line in enumerate(lines, start=2):
        try:
            yield portable.from_line(line)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"line {number} of {path} cannot be read: {str(error)[:100]}") from None


def restore(path: Path, deployments: Read, progress: Callable[[int, int], None], *, replaces: bool) -> Done:
    """Write a backup into a deployment.

    Args:
        deployments: gives the deployment for a logical database.
        progress: told the bytes that were read, and the file's size.
    """
    begun_s = time.perf_counter()
    # The whole file is read before anything is written: a broken line must not leave half of it behind.
    counts = dict.fromkeys(sorted({item.db for item in items_in(path)}), 0)
    seen, size = 0, path.stat().st_size
    writers = {db: Writer(deployments(db), replaces=replaces) for db in counts}
    waiting: dict[int, list[Item]] = {db: [] for db in counts}
    for item in items_in(path):
        seen += 1
        waiting[item.db].append(item)
        if len(waiting[item.db]) >= _BATCH:
            writers[item.db].write(waiting[item.db])
            waiting[item.db] = []
            progress(seen, 0)
    for db, items in waiting.items():
        writers[db].write(items)
    progress(seen, size)
    return _sum("restore", [writer.done("restore", 0, begun_s) for writer in writers.values()], seen, begun_s)


def _sum(action: str, parts: Sequence[Done], seen: int, begun_s: float) -> Done:
    return Done(
        action,
        seen,
        sum(part.changed for part in parts),
        sum(part.skipped for part in parts),
        sum(part.fell_back for part in parts),
        tuple(one for part in parts for one in part.failed),
        elapsed_ms=1000 * (time.perf_counter() - begun_s),
    )


def keys_of(
    field: Field, pattern: bytes, matches: Callable[[bytes], bool], db: int | None
) -> Iterator[tuple[Connection, int, list[bytes], int]]:
    """Walk over keys in batches: a connection to where they lie, their database, the keys, and all that there are."""
    parts = field.parts(db)
    total = sum(part.keys for part in parts)
    for part in parts:
        with field.connected(part) as connection:
            cursor = b"0"
            while True:
                cursor, keys = connection.call("SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH)
                chosen = [key for key in keys if matches(key)]
                if chosen:
                    yield connection, part.db, chosen, total
                if cursor == b"0":
                    break


def backup(
    field: Field,
    pattern: bytes,
    matches: Callable[[bytes], bool],
    file: BackupFile,
    progress: Callable[[int, int], None],
    *,
    db: int | None = None,
) -> Done:
    """Write all keys that match into a file."""
    begun_s = time.perf_counter()
    seen = 0
    with file:
        for connection, at, keys, total in keys_of(field, pattern, matches, db):
            file.save(connection, at, keys)
            seen += len(keys)
            progress(seen, total)
    return Done("backup", seen, file.items, seen - file.items, elapsed_ms=1000 * (time.perf_counter() - begun_s))


def copy(
    field: Field,
    pattern: bytes,
    matches: Callable[[bytes], bool],
    deployments: Read,
    progress: Callable[[int, int], None],
    *,
    db: int | None = None,
    replaces: bool,
    form: Form = "both",
) -> Done:
    """Write all keys that match into another deployment, each into the database of the same number."""
    begun_s = time.perf_counter()
    seen = 0
    writers: dict[int, Writer] = {}
    for connection, at, keys, total in keys_of(field, pattern, matches, db):
        if at not in writers:
            writers[at] = Writer(deployments(at), replaces=replaces, may_dump=form != "portable")
        writers[at].write(fetch(connection, at, keys, form))
        seen += len(keys)
        progress(seen, total)
    return _sum("copy", [writer.done("copy", 0, begun_s) for writer in writers.values()], seen, begun_s)


def describe(path: Path) -> str:
    """Give one line about a backup file."""
    return f"{path} ({format_size(path.stat().st_size)})"
