"""Removes indexes that answer nothing any more: their folder is gone, their file is damaged or unfinished."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager

from boombap.ctx.indexing import store
from boombap.ctx.indexing.cached import index_files, read_facts, unfinished_files
from boombap.filelock import try_lock
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_GONE = "its folder is gone"
_DAMAGED = "damaged"
_UNFINISHED = "unfinished, its writer ended early"


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
        Every index that was there, and what killed writers left; not what another process is writing.

    Raises:
        AccessDenied: when the folder cannot be listed.
    """
    indexes = [_pruned(path) for path in index_files(cache)]
    return indexes + [index for path in unfinished_files(cache) if (index := _finished_off(path))]


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


def _finished_off(path: str) -> CachedIndex | None:
    """Remove an unfinished index; None where a process is writing it or has just completed it."""
    index = CachedIndex(path)
    try:
        with _locked(path.removesuffix(store.UNFINISHED)):
            index = index.replace(size_bytes=os.path.getsize(path))
            os.unlink(path)
    except (BlockingIOError, FileNotFoundError):
        return None
    except OSError as error:
        return index.replace(state="failed", reason=f"its file cannot be removed: {error.strerror}")
    return index.replace(state="removed", reason=_UNFINISHED)


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
    with _locked(path):
        for ending in (store.UNFINISHED, ".settled", ".checked", store.CHECKSUM, ""):
            if os.path.lexists(path + ending):
                os.unlink(path + ending)


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """Hold the lock of an index; `BlockingIOError` where another process does."""
    lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not try_lock(lock):
            raise BlockingIOError
        yield
    finally:
        os.close(lock)
