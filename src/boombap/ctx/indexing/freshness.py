"""Whether an index says what the tree is now; seen without starting git.

The folders' times tell of new and vanished files, size and time of every file of changed ones, git's index and exclude
file of a changed list, `HEAD` of new commits. A file that changed within the clock's grain of its last reading is
compared by its bytes.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time

from boombap.ctx.repository import files, git

_CHECKED_AT_ONCE = 10_000
_CHECK_S = 0.05
_CHECK_STEP = 512
# File systems stamp times in steps of up to 10 ms; two seconds are FAT's.
GRAIN_NS = 2_000_000_000


def stamps(root: str) -> str:
    """Return what tells that git's list of files may have changed: its index and the rules outside the tree."""
    folder = git.git_folder(root)
    names = [os.path.join(folder, "index"), os.path.join(folder, "info", "exclude")] if folder else []
    return " ".join(_stamp(name) for name in names)


def _stamp(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return "-"
    return f"{found.st_size}:{found.st_mtime_ns}"


def state(database: sqlite3.Connection, root: str, path: str) -> str:
    """Return ``fresh``, ``stale`` or ``unknown`` (too many files for the time)."""
    try:
        facts = dict(database.execute("SELECT name, value FROM meta"))
        if facts.get("root") != root or facts.get("head") != git.head(root) or facts.get("stamps") != stamps(root):
            return "stale"
        if facts.get("grammars") != grammars():
            return "stale"
        return _compare(database, root, int(facts["read_ns"]), path)
    except (sqlite3.Error, KeyError, ValueError):
        return "stale"


def grammars() -> str:
    """Return which Python's grammars an index was made with; after an upgrade it is made again."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _compare(database: sqlite3.Connection, root: str, read_ns: int, path: str) -> str:
    lstat, base = os.lstat, root + "/"
    for folder, mtime_ns in database.execute("SELECT path, mtime_ns FROM folders"):
        try:
            if lstat(base + folder).st_mtime_ns != mtime_ns:
                return "stale"
        except OSError:
            return "stale"
    trusted_ns = max(read_ns, _settled(path, read_ns)) - GRAIN_NS
    racy: list[tuple[str, int]] = []
    begun = time.perf_counter()
    watched = """SELECT path, size, mtime_ns, crc FROM files
        UNION ALL SELECT path, size, mtime_ns, NULL FROM skipped WHERE size"""
    for count, (name, size, mtime_ns, crc) in enumerate(database.execute(watched)):
        try:
            found = lstat(base + name)
        except OSError:
            return "stale"
        if found.st_size != size or found.st_mtime_ns != mtime_ns:
            return "stale"
        if mtime_ns > trusted_ns and crc is not None:
            racy.append((name, crc))
        if count > _CHECKED_AT_ONCE and not count % _CHECK_STEP and time.perf_counter() - begun > _CHECK_S:
            return "unknown"
    return _compare_bytes(root, racy, read_ns, path) if racy else "fresh"


def _compare_bytes(root: str, racy: list[tuple[str, int]], read_ns: int, path: str) -> str:
    now_ns = time.time_ns()
    for name, crc in racy:
        found = files.content(root, name)
        if not isinstance(found, bytes) or files.checksum(found) != crc:
            return "stale"
    _settle(path, read_ns, now_ns)
    return "fresh"


def _settled(path: str, read_ns: int) -> int:
    """Return until when the bytes were compared after the index of `read_ns` was written; 0 when never."""
    try:
        with open(path + ".settled", encoding="ascii") as file:
            made, until = map(int, file.read().split())
    except (OSError, ValueError):
        return 0
    return until if made == read_ns else 0


def _settle(path: str, read_ns: int, now_ns: int) -> None:
    try:
        at = os.open(path + ".settled", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except OSError:
        return
    try:
        os.write(at, f"{read_ns} {now_ns}".encode())
    except OSError:
        return
    finally:
        os.close(at)
