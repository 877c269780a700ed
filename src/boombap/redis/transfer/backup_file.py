"""The file of a backup: JSON lines that are on disk before a key is deleted, and that an interrupted run continues.

While it is written the file has the suffix ``.part``; it gets its own name when it is complete. Lines are appended and
never written over. A line that was cut by a kill or a full disk belongs to a key that was not deleted yet, because keys
are deleted after fsync; it is removed when the file is continued. Each line has a checksum, and the last one counts the
others, so that a file that was cut later is known as such.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections import Counter
from contextlib import contextmanager

from boombap.errors import ExternalError, UsageError
from boombap.filelock import try_lock
from boombap.private import make_folder
from boombap.record import Record
from boombap.redis.transfer.backup_contents import CHECKSUM, parse_head, read_contents
from boombap.redis.transfer.export_format import SCHEMA, sealed, to_line
from boombap.redis.transfer.reading import attempts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from boombap.redis.transfer.export_format import ExportedKey
    from boombap.redis.transfer.reading import Form

_OPEN = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
# How every first line begins, however short it was cut.
_FIRST = json.dumps({"schema": SCHEMA}).encode()[:-1]
_HEAD_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 16
_MOST_FAILURES = 20


class _Place(Record):
    """How far a file was written: its bytes, and the keys and lines below its head."""

    end: int = 0
    keys: int = 0
    lines: int = 0


class BackupFile:
    """A file of one item per line, readable by its owner only.

    Args:
        form: what each item carries: its portable value, what DUMP gives, or both.
        job: which run may continue the file, such as ``purge lyrics:* at host:6379/0``. Without one an unfinished
            file is started over, unless it holds what a purge has deleted.

    Attributes:
        items: keys that this run has saved.
        continued: whether an interrupted run has saved others before.
        failed: keys that could not be saved, with the reason; at most 20 of `failed_count`.
        losses: how often the portable form could not hold something, by `export_format.LOSSES`.
        lossy: the keys of which it could not hold all; a purge lets them stay.
    """

    def __init__(self, path: Path, form: Form = "both", job: str = "") -> None:
        self.form = form
        self.items = 0
        self.continued = False
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._job = job
        self._descriptor = -1
        self._place = _Place()
        self.failed: list[tuple[bytes, str]] = []
        self.failed_count = 0
        self.losses: Counter[str] = Counter()
        self.lossy: set[bytes] = set()

    @property
    def is_unfinished(self) -> bool:
        """Whether an interrupted run has left its part of the file."""
        return self._part.exists()

    def __enter__(self) -> Self:
        if self._path.exists():
            raise UsageError(f"{self._path} exists already", hint="name another file for the backup")
        self._check_folder()
        with self._writing():
            self._descriptor = os.open(self._part, _OPEN, 0o600)
        try:
            self._lock()
            self._begin()
        except BaseException:
            os.close(self._descriptor)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._finish()
        elif not self.items and not self.continued:
            self._part.unlink(missing_ok=True)
        os.close(self._descriptor)

    def save(self, items: Iterable[ExportedKey]) -> list[bytes]:
        """Append items, and return the keys whose values are on disk now.

        Those that are missing changed while they were read; they are in `failed`.

        Raises:
            ExternalError: when the disk is full or fails; nothing of these items is left in the file then.
        """
        before, saved = self._place, list[bytes]()
        waiting: list[bytes] = []
        size = 0
        try:
            for item in items:
                if item.windows is None:
                    waiting.append(to_line(item))
                    size += len(waiting[-1])
                if item.windows is not None or size >= _BLOCK_BYTES:
                    self._append(waiting)
                    waiting, size = [], 0
                if item.windows is not None and (reason := attempts(item, self._save_windows)):
                    self._note(item, reason)
                    continue
                saved.append(item.key)
                self._count(item)
            self._append(waiting)
            self._sync()
        except BaseException:
            self._go_back(before)
            raise
        self.items += len(saved)
        return saved

    def _save_windows(self, windows: Iterator[ExportedKey]) -> None:
        before, lost = self._place, set[str]()
        key = b""
        try:
            for window in windows:
                self._append([to_line(window)])
                lost.update(window.lost)
                key = window.key
        except BaseException:
            self._go_back(before)
            raise
        self.losses.update(lost)
        if lost:
            self.lossy.add(key)

    def _count(self, item: ExportedKey) -> None:
        self._place = self._place.replace(keys=self._place.keys + 1)
        if item.dump is None and item.lost:
            self.losses.update(item.lost)
            self.lossy.add(item.key)

    def _note(self, item: ExportedKey, reason: str) -> None:
        self.note_failure(item.key, reason)

    def note_failure(self, key: bytes, reason: str) -> None:
        """Note a key that stays because of its backup."""
        self.failed_count += 1
        if len(self.failed) < _MOST_FAILURES:
            self.failed.append((key, reason))

    def _go_back(self, place: _Place) -> None:
        """Take back what was written since; no key of it was deleted yet."""
        os.ftruncate(self._descriptor, place.end)
        self._place = place

    def _finish(self) -> None:
        self._append([sealed({"end": True, "keys": self._place.keys, "lines": self._place.lines})])
        try:
            os.fsync(self._descriptor)
            self._part.replace(self._path)
            self._sync_folder()
        except OSError as error:
            hint = f"the values that were saved are in {self._part}; rename it"
            raise ExternalError(f"cannot give {self._path} its name: {error.strerror}", hint=hint) from None

    def _check_folder(self) -> None:
        """Refuse a folder in which the file could not get its name in the end, when keys are deleted already.

        Raises:
            ExternalError: why nothing can be created there.
        """
        with self._writing():
            make_folder(self._path.parent)
            with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=f".{self._path.name}."):
                pass

    def _begin(self) -> None:
        size = os.fstat(self._descriptor).st_size
        head = self._head() if size else None
        if head is not None and not self._is_ours(head):
            hint = "finish that run with the same command, or name another file for the backup"
            raise UsageError(f"{self._part} holds the values of an interrupted run{_of(head)}", hint=hint)
        if head is None or not self._job:
            # Nothing of a purge is in it: no whole line, or the unfinished part of a plain backup.
            self._go_back(_Place())
            self._append([json.dumps(self._first_line()).encode()])
            self._place = self._place.replace(lines=0)
            self._sync()
            self._sync_folder()
            return
        self.continued = True
        os.ftruncate(self._descriptor, _end_of_lines(self._descriptor, size))
        # What cannot be read back later must be told now, before a key more is deleted.
        contents = read_contents(self._part)
        contents.check(is_finished=False)
        # Of the last key only some windows may be there: it was not deleted yet. The last line comes again.
        self._go_back(_Place(contents.end, contents.keys, contents.lines))

    def _first_line(self) -> dict[str, str]:
        return {"schema": SCHEMA, "form": self.form, "job": self._job, "checksum": CHECKSUM}

    def _head(self) -> dict[str, object] | None:
        """Return the first line of an unfinished file; None when not even that was written."""
        block = os.pread(self._descriptor, _HEAD_BYTES, 0)
        line, newline, _ = block.partition(b"\n")
        if not newline and _FIRST.startswith(line[: len(_FIRST)]):
            return None
        head = parse_head(line) if newline else None
        if head is None:
            raise UsageError(f"{self._part} is not an unfinished backup", hint="name another file for the backup")
        return head

    def _is_ours(self, head: dict[str, object]) -> bool:
        if not self._job:
            return head.get("job") == ""
        # Files of versions that did not note the job may be continued: nothing in them is lost by it.
        return head.get("job", self._job) == self._job and head.get("form") == self.form

    def _lock(self) -> None:
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise UsageError(f"{self._part} is not a file", hint="name another file for the backup")
        with self._writing():
            is_ours = try_lock(self._descriptor)
        if not is_ours:
            hint = "wait for it, or name another file for the backup"
            raise UsageError(f"another process is writing {self._part}", hint=hint)

    def _append(self, lines: Sequence[bytes]) -> None:
        data = b"".join(line + b"\n" for line in lines)
        with self._writing():
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                os.ftruncate(self._descriptor, self._place.end)
                raise
        place = self._place
        self._place = place.replace(end=place.end + len(data), lines=place.lines + len(lines))

    def _sync(self) -> None:
        with self._writing():
            os.fsync(self._descriptor)

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ExternalError(f"cannot write {self._part}: {error.strerror}") from None


def _of(head: dict[str, object]) -> str:
    job = head.get("job")
    return f" ({job})" if job else ""


def _end_of_lines(descriptor: int, size: int) -> int:
    """Return where the last whole line ends."""
    end = size
    while end:
        start = max(end - _BLOCK_BYTES, 0)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
