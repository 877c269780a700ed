"""The file with flags: read when it has changed, kept as a copy when it is good, and written by one process at a time.

A ConfigMap swaps a symbolic link in place of writing: every look compares the file that the path leads to now.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from boombap.errors import ExternalError, TimedOut
from boombap.filelock import lock_within, try_lock
from boombap.flags.sources.document import Malformed, empty, parse
from boombap.private import make_folder
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_BYTES = 1024**2
"""Six flags take 2 kB; a file beyond this is not one of flags."""

_PRIVATE = 0o600
_LOCK_S = 10.0
_READ = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0)  # opening a pipe would wait for a writer


class Content(Record):
    """What a file held at one moment.

    Attributes:
        document: the flags, all of ours readable.
        text: the same as it was written.
        status: which file it was, and of when.
    """

    document: dict[str, Any]
    text: bytes
    status: os.stat_result


def read(path: Path) -> Content:
    """Return what a file holds.

    Raises:
        FileNotFoundError: for a file that is not there.
        Malformed: for one that cannot be read, or that does not hold flags.
    """
    try:
        descriptor = os.open(path, _READ)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Malformed("it is not a regular file")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                text = file.read(MAX_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Malformed(f"it cannot be read: {error.strerror}") from None
    if len(text) > MAX_BYTES:
        raise Malformed("it is larger than 1 MiB")
    return Content(parse(text), text, status)


def keep_copy(path: Path, copy: Path) -> None:
    """Keep what a file holds as its last good copy; a folder that cannot be written keeps none.

    The copy has the time of the file, which tells that it is current.
    """
    try:
        make_folder(copy.parent)
        descriptor = os.open(copy.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        try:
            if not try_lock(descriptor):
                return  # another process writes it at this moment
            content = read(path)
            part = _written(copy, content.text, _PRIVATE)
            os.utime(part, ns=(content.status.st_atime_ns, content.status.st_mtime_ns))
            part.replace(copy)
        finally:
            os.close(descriptor)
    except (OSError, ExternalError):
        return


def is_current(copy: Path, status: os.stat_result) -> bool:
    """Tell whether a copy was made of the file with this status."""
    try:
        kept = copy.stat()
    except OSError:
        return False
    return (kept.st_mtime_ns, kept.st_size) == (status.st_mtime_ns, status.st_size)


def change(
    path: Path, edit: Callable[[dict[str, Any]], None], log: Callable[[], None], sleep: Callable[[float], None]
) -> None:
    """Change the document in a file, in one step and under its lock, so that two writers lose nothing.

    Args:
        path: of a file that may not be there yet; a link is followed, not replaced.
        edit: changes the document.
        log: notes the change; it is called when all but the last step has succeeded.
        sleep: waits.

    Raises:
        ExternalError: when the file does not hold flags, its folder cannot be written, or another process holds the
            lock for ten seconds. Nothing was changed then.
    """
    real = Path(os.path.realpath(path))
    try:
        make_folder(real.parent)
        descriptor = os.open(f"{real}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        try:
            if lock_within(descriptor, _LOCK_S, sleep) is None:
                raise TimedOut(f"another process has been changing {path} for {_LOCK_S:.0f} s")
            document, mode = _present(real)
            edit(document)
            part = _written(real, _text(document), mode)
            log()
            part.replace(real)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> ExternalError:
    hint = "change it where it is made, such as the ConfigMap, or set flags.file to a file that you may write"
    return ExternalError(f"cannot write {path}: {error.strerror}", hint=hint)


def _present(path: Path) -> tuple[dict[str, Any], int]:
    """Return the document and the mode of a file; of one that is not there, those of a new one."""
    try:
        content = read(path)
        return content.document, stat.S_IMODE(content.status.st_mode)
    except FileNotFoundError:
        return empty(), _PRIVATE
    except Malformed as error:
        hint = "nothing was changed; repair the file, or remove it to start over"
        raise ExternalError(f"{path} does not hold flags: {error}", hint=hint) from None


def _text(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "surrogatepass")


def _written(path: Path, text: bytes, mode: int) -> Path:
    # One name for all writers, since the lock is held: what a killed one left is overwritten.
    part = path.with_name(f"{path.name}.new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    return part
