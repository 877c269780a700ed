"""Writes keys into a deployment so that an old value stays until the new one is complete, whatever ends the run."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from itertools import chain

from boombap.clients.redis.cluster import Cluster
from boombap.clients.redis.errors import ServerError, refusal
from boombap.errors import BoombapError, QueryFailed
from boombap.redis.model import Done
from boombap.redis.transfer import export_format
from boombap.redis.transfer.reading import attempts, bytes_of
from boombap.redis.transfer.staging import LIFE_MS, Names
from boombap.redis.transfer.transactions import Transactions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from boombap.clients.redis.connection import Command
    from boombap.clients.redis.deployment import Deployment
    from boombap.redis.transfer.export_format import ExportedKey

MOST_FAILURES = 20
"""How many keys that could not be written are named."""
_BATCH_BYTES = 256 << 10
_NOT_READABLE = "payload version or checksum"
# The next key fares no better.
_HOPELESS = ("OOM", "READONLY", "NOAUTH", "MISCONF", "NOPERM")


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
        self._names = Names(in_slot=isinstance(deployment, Cluster))
        self._transactions = Transactions(deployment)
        self.changed = self.skipped = self.fell_back = self.failed_count = 0
        self.failed: list[tuple[bytes, str]] = []
        self.losses: Counter[str] = Counter()

    def write(self, items: Iterable[ExportedKey]) -> None:
        """Write items; what cannot be written is noted in `failed`."""
        batch: list[ExportedKey] = []
        size = 0
        for item in items:
            if item.windows is not None:
                # In the order in which they came: an older value of the same key may be waiting.
                self._write_small(batch)
                batch, size = [], 0
                self._write_large(item)
                continue
            batch.append(item)
            size += size_of(item)
            if size > _BATCH_BYTES:
                self._write_small(batch)
                batch, size = [], 0
        self._write_small(batch)

    def _write_small(self, items: Sequence[ExportedKey]) -> None:
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
        self._fail(item, reply, "RESTORE")
        return False

    def _write_portable(self, items: Sequence[ExportedKey]) -> None:
        there: list[Any] = [0] * len(items)
        if not self._replaces:
            there = self._deployment.pipeline([("EXISTS", item.key) for item in items])
        plain, staged = [], []
        for item, is_there in zip(items, there, strict=True):
            if is_there == 1:
                self.skipped += 1
            elif item.value is None:
                self._note(item, "the server refuses its DUMP form, and it has no portable one")
            elif item.type == "string":
                plain.append(item)
            else:
                staged.append(item)
        self._set(plain)
        self._stage(staged)

    def _set(self, items: Sequence[ExportedKey]) -> None:
        """Write strings, each by the one command that does all of it or nothing."""
        for item, reply in zip(
            items, self._deployment.pipeline([self._set_command(item) for item in items]), strict=True
        ):
            if isinstance(reply, ServerError):
                self._fail(item, reply, "SET")
            else:
                self._count(item, is_written=reply is not None)

    def _set_command(self, item: ExportedKey) -> Command:
        life = () if item.ttl_ms is None else ("PX", item.ttl_ms)
        return ("SET", item.key, item.value, *life, *(() if self._replaces else ("NX",)))

    def _stage(self, items: Sequence[ExportedKey]) -> None:
        """Write collections under other names, and rename those that are complete."""
        names = [self._names.of(item.key) for item in items]
        lost: dict[bytes, set[str]] = {}
        try:
            complete = self._filled(items, names, lost)
            self._rename([(item, name, lost[name]) for item, name in complete])
        except BaseException:
            self._drop(names)
            raise

    def _filled(
        self, items: Sequence[ExportedKey], names: Sequence[bytes], lost: dict[bytes, set[str]]
    ) -> list[tuple[ExportedKey, bytes]]:
        """Write each value under its name, and return those that are complete."""
        commands = [_first_commands(item, name) for item, name in zip(items, names, strict=True)]
        replies = self._transactions.run(list(zip(names, commands, strict=True)))
        complete, refused = [], []
        for item, name, found in zip(items, names, replies, strict=True):
            error = next((reply for reply in found if isinstance(reply, ServerError)), None)
            if error is None:
                complete.append((item, name))
            else:
                refused.append((item, name, error))
        self._drop([name for _, name, _ in refused])
        for item, _, error in refused:
            self._fail(item, error)
        for item, name in complete:
            lost[name] = {*item.lost, *self._add_extras(item, name)}
        return complete

    def _add_extras(self, item: ExportedKey, name: bytes) -> set[str]:
        """Write what an older server may not know, and return what it did not."""
        extras = export_format.extra_commands(item, name)
        replies = self._deployment.pipeline([command for _, command in extras])
        # XCLAIM gives nothing for an entry that is pending although it was deleted from the stream.
        return {
            kind
            for (kind, _), reply in zip(extras, replies, strict=True)
            if isinstance(reply, ServerError) or reply == []
        }

    def _rename(self, complete: Sequence[tuple[ExportedKey, bytes, set[str]]]) -> None:
        """Rename complete values and set their times to live, both at once."""
        replies = self._transactions.run([(name, self._last_commands(item, name)) for item, name, _ in complete])
        left = []
        for (item, name, lost), found in zip(complete, replies, strict=True):
            error = next((reply for reply in found if isinstance(reply, ServerError)), None)
            if error is not None:
                self._drop([name])
                self._fail(item, error)
                continue
            is_written = found[-1] != 0
            self._count(item, is_written=is_written, lost=lost)
            if not is_written:
                left.append(name)
        self._drop(left)

    def _last_commands(self, item: ExportedKey, name: bytes) -> list[Command]:
        life: Command = ("PERSIST", name) if item.ttl_ms is None else ("PEXPIRE", name, item.ttl_ms)
        return [life, ("RENAME" if self._replaces else "RENAMENX", name, item.key)]

    def _write_large(self, item: ExportedKey) -> None:
        """Write a value that comes in windows, under another name until the last one is there."""
        if not self._replaces and self._deployment.ask("EXISTS", item.key) == 1:
            self.skipped += 1
            return
        if reason := attempts(item, self._write_windows):
            self._note(item, reason)

    def _write_windows(self, windows: Iterator[ExportedKey]) -> None:
        first = next(windows)
        if first.is_last:
            self._write_portable([first])
            return
        name = self._names.of(first.key)
        lost: set[str] = set()
        try:
            for window in chain([first], windows):
                error = self._append(window, name, lost)
                if error is not None:
                    self._drop([name])
                    self._fail(window, error)
                    return
        except BaseException:
            self._drop([name])
            raise
        try:
            self._rename([(window, name, lost)])
        except BaseException:
            self._drop([name])
            raise

    def _append(self, window: ExportedKey, name: bytes, lost: set[str]) -> ServerError | None:
        if not window.part:
            [replies] = self._transactions.run([(name, _first_commands(window, name))])
        else:
            # It may have been evicted. Its life is short before and after, whatever ends the run in between.
            life = ("PEXPIRE", name, LIFE_MS)
            replies = self._deployment.pipeline([life, *export_format.write_commands(window, name), life])
            if replies[0] == 0:
                raise QueryFailed(
                    f"a value that was being written at {self._deployment.target.label} is gone",
                    hint="it was evicted, or the run stood still for too long; raise maxmemory, then try again",
                )
        lost |= {*window.lost, *self._add_extras(window, name)}
        return next((reply for reply in replies if isinstance(reply, ServerError)), None)

    def _drop(self, names: Sequence[bytes]) -> None:
        # Without a connection their short life ends them.
        with suppress(BoombapError):
            self._deployment.pipeline([("DEL", name) for name in names])

    def _count(self, item: ExportedKey, *, is_written: bool, lost: Iterable[str] = ()) -> None:
        if is_written:
            self.changed += 1
            self.losses.update(set(lost) or item.lost)
        else:
            self.skipped += 1

    def _fail(self, item: ExportedKey, reply: ServerError, command: str = "one of several") -> None:
        """Note why an item was not written; what the next one would meet too is raised.

        Args:
            command: the one that was refused, unless the server names it.
        """
        cause = _cause(reply)
        error = refusal(cause, self._deployment.target, _refused_command(cause) or command)
        if cause.word in _HOPELESS:
            raise error
        self._note(item, str(error))

    def _note(self, item: ExportedKey, reason: str) -> None:
        self.failed_count += 1
        if len(self.failed) < MOST_FAILURES:
            self.failed.append((item.key, reason))

    def done(self, action: str, seen: int, begun_s: float) -> Done:
        """Return what was done since a moment of time.perf_counter."""
        return Done(
            action, seen, self.changed, self.skipped, self.fell_back, tuple(self.failed),
            elapsed_ms=1000 * (time.perf_counter() - begun_s), failed_count=self.failed_count, losses=dict(self.losses),
        )  # fmt: skip


def _cause(error: ServerError) -> ServerError:
    """Return what made EXEC abort a transaction, where the server says it; else the error itself."""
    cause = error.text.partition("because of: ")[2]
    return ServerError(cause) if error.word == "EXECABORT" and cause else error


def _refused_command(error: ServerError) -> str:
    """Return the command that a user may not run, without its subcommand; empty where the server does not name it.

    >>> _refused_command(ServerError("NOPERM User dj has no permissions to run the 'xgroup|create' command"))
    'xgroup'
    """
    return error.text.partition(" run the '")[2].partition("'")[0].partition("|")[0] if error.word == "NOPERM" else ""


def size_of(item: ExportedKey) -> int:
    """Return about how much memory an item takes here; of a value in windows next to nothing."""
    return len(item.dump or b"") + bytes_of([item.value] if item.value is not None else [])


def _first_commands(item: ExportedKey, name: bytes) -> list[Command]:
    return [*export_format.write_commands(item, name), ("PEXPIRE", name, LIFE_MS)]
