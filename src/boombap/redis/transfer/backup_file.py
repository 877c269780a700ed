"""The file of a backup: JSON lines that are on disk before a key is deleted, and that an interrupted run continues.

While it is written the file has the suffix ``.part``; it gets its own name when it is complete. Lines are appended and
never written over. A line that was cut by a kill or a full disk belongs to a key that was not deleted yet, because keys
are deleted after fsync; it is removed when the file is continued.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from contextlib import contextmanager

from boombap.errors import ConfigError, ExternalError, UsageError
from boombap.filelock import try_lock
from boombap.private import make_folder
from boombap.redis.transfer import export_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO, Literal, Self

    from boombap.redis.transfer.export_format import ExportedKey

    Form = Literal["both", "portable", "dump"]

_OPEN = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
# How every first line begins, however short it was cut.
_FIRST = json.dumps({"schema": export_format.SCHEMA}).encode()[:-1]
_HEAD_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 16


class BackupFile:
    """A file of one item per line, readable by its owner only.

    Args:
        form: what each item carries: its portable value, what DUMP gives, or both.
        job: which run may continue the file, such as ``purge lyrics:* at host:6379/0``. Without one an unfinished
            file is started over, unless it holds what a purge has deleted.
    """

    def __init__(self, path: Path, form: Form = "both", job: str = "") -> None:
        self.form = form
        self.items = 0
        self.continued = False
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._job = job
        self._descriptor = -1
        self._end = 0

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

    def save(self, items: Sequence[ExportedKey]) -> None:
        """Append items. They are on disk when it returns.

        Raises:
            ExternalError: when the disk is full or fails; nothing of these items is left in the file then.
        """
        self._append(b"".join(export_format.to_line(item).encode() + b"\n" for item in items))
        self.items += len(items)

    def _finish(self) -> None:
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
            self._end = 0
            os.ftruncate(self._descriptor, 0)
            self._append(json.dumps(self._first_line()).encode() + b"\n")
            self._sync_folder()
            return
        self.continued = True
        self._end = _end_of_lines(self._descriptor, size)
        os.ftruncate(self._descriptor, self._end)
        # What cannot be read back later must be told now, before a key more is deleted.
        for _ in items_in(self._part):
            pass

    def _first_line(self) -> dict[str, str]:
        return {"schema": export_format.SCHEMA, "form": self.form, "job": self._job}

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

    def _append(self, data: bytes) -> None:
        with self._writing():
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._descriptor, view) :]
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, self._end)
                raise
        self._end += len(data)

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


def parse_head(line: bytes) -> dict[str, object] | None:
    """Return the first line of a backup; None when the line is not one of ours."""
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return head if isinstance(head, dict) and head.get("schema") == export_format.SCHEMA else None


def items_in(path: Path, *, newest_first: bool = False) -> Iterator[ExportedKey]:
    """Read a backup item by item.

    Args:
        newest_first: from the last line to the first. A purge that was continued may have saved a key twice.

    Raises:
        ConfigError: when the file is not a backup, or a line of it is broken; the line is named.
    """
    try:
        with path.open("rb") as lines:
            if parse_head(lines.readline()) is None:
                hint = f"its first line must name the schema {export_format.SCHEMA}"
                raise ConfigError(f"{path} is not a backup of ours", hint=hint)
            for number, line in _backwards(lines) if newest_first else enumerate(lines, start=2):
                if line.strip():
                    yield _item(line, number, path)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None


def _backwards(lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
    from array import array

    # Eight bytes per line: a million keys take 8 MB.
    starts = array("Q")
    at = lines.tell()
    for line in lines:
        starts.append(at)
        at += len(line)
    for number in range(len(starts), 0, -1):
        lines.seek(starts[number - 1])
        yield number + 1, lines.readline()


def _item(line: bytes, number: int, path: Path) -> ExportedKey:
    try:
        return export_format.from_line(line.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"line {number} of {path} cannot be read: {str(error)[:100]}") from None
