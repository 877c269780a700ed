"""Removes indexes that answer nothing any more: their folder is gone, or their file is damaged."""

from __future__ import annotations

import os
import stat

from boombap.ctx.indexing import store
from boombap.ctx.indexing.cached import index_files, read_facts
from boombap.filelock import try_lock
from boombap.record import Record

_GONE = "its folder is gone"
_DAMAGED = "damaged"


class CachedIndex(Record):
    """The index of some tree, and what became of it.

    Attributes:
        index: its file.
        root: the top of the tree; empty when the file does not say it.
        size_bytes: of the file.
        state: kept, removed or failed.
        reason: why it was removed, or why it could not be looked at or removed; empty for one that is kept.
    """

    index: str
    root: str = ""
    size_bytes: int = 0
    state: str = "kept"
    reason: str = ""


def prune(cache: str) -> list[CachedIndex]:
    """Remove the indexes of folders that no longer exist; a search there would rebuild one, so nothing is lost.

    Args:
        cache: the folder that holds all indexes.

    Returns:
        Every index that was there.

    Raises:
        AccessDenied: when the folder cannot be listed.
    """
    return [_pruned(path) for path in index_files(cache)]


def _pruned(path: str) -> CachedIndex:
    index, step = CachedIndex(path), "its file cannot be read"
    try:
        index = index.replace(size_bytes=os.path.getsize(path), root=_root(path))
        step = "its folder cannot be looked at"
        reason = _reason(index.root)
        if not reason:
            return index
        step = "its file cannot be removed"
        _remove(path)
    except BlockingIOError:
        return index.replace(state="failed", reason="another process is writing it")
    except OSError as error:
        return index.replace(state="failed", reason=f"{step}: {error.strerror}")
    return index.replace(state="removed", reason=reason)


def _root(path: str) -> str:
    """Return the folder that an index is of, empty for a damaged one."""
    return str(read_facts(path).get("root", ""))


def _reason(root: str) -> str:
    if not root:
        return _DAMAGED
    try:
        return "" if stat.S_ISDIR(os.stat(root).st_mode) else _GONE
    except (FileNotFoundError, NotADirectoryError):
        return _GONE


def _remove(path: str) -> None:
    """Remove an index and what belongs to it, except the lock.

    A process that waits for the lock would otherwise hold another one than who comes next, and both would write.
    """
    lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not try_lock(lock):
            raise BlockingIOError
        for name in (path + ".new", path + ".settled", path + ".checked", path + store.CHECKSUM, path):
            if os.path.lexists(name):
                os.unlink(name)
    finally:
        os.close(lock)
