"""Whether an index says what the tree is now; seen without starting git.

The settings must be those it was made with. The folders' times tell of new and vanished files, size and time of every
file of changed ones, git's index and exclude file of a changed list, `HEAD` of new commits. A file that changed
within the clock's grain of its last reading is compared by its bytes.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from math import inf

from boombap.ctx.repository import git, texts
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.ctx.model import Limits

CHECKED_AT_ONCE = 10_000
"""How many files a search looks at whatever time that takes."""
CHECK_S = 0.05
"""What looking at the files beyond the first may take in a search, in seconds."""
_CHECK_STEP = 64
# Times the limit of a check: what reading the bytes of files may take in it.
_SHARE_OF_BYTES = 4
# Beside an index: until when the bytes were compared, and at which file the last check stopped.
_SETTLED, _CHECKED = ".settled", ".checked"
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


def state(
    database: sqlite3.Connection,
    root: str,
    path: str,
    limits: Limits,
    *,
    at_once: int = CHECKED_AT_ONCE,
    within_s: float = CHECK_S,
) -> str:
    """Return ``fresh``, ``stale`` or ``unknown`` (too many files for the time; the next check goes on from there).

    Args:
        database: the index.
        root: the top of its tree.
        path: of the file of the index; what was checked is noted beside it.
        limits: what the settings allow now; an index made with others is stale.
        at_once: how many files are looked at whatever time that takes.
        within_s: seconds after which the check of the others stops.
    """
    try:
        facts = dict(database.execute("SELECT name, value FROM meta"))
        if facts.get("root") != root or facts.get("head") != git.head(root) or facts.get("stamps") != stamps(root):
            return "stale"
        if facts.get("grammars") != grammars() or facts.get("limits") != noted_limits(limits):
            return "stale"
        read_ns = int(facts["read_ns"])
        if not _same_folders(database, root):
            return "stale"
        return _compare(database, root, read_ns, _Check(path, at_once, within_s))
    except (sqlite3.Error, KeyError, ValueError, TypeError, OverflowError):  # the values of a damaged index
        return "stale"


def grammars() -> str:
    """Return which Python's grammars an index was made with; after an upgrade it is made again."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def noted_limits(limits: Limits) -> str:
    """Return which settings an index was made with; after a change it is brought up to date."""
    return f"{limits.files} {limits.size_mb}"


_Racy = tuple[int, str, int]
"""The place of a file among all, its path, and the checksum of its bytes."""


class _Check(Record):
    path: str
    at_once: int
    within_s: float


def _same_folders(database: sqlite3.Connection, root: str) -> bool:
    for folder, mtime_ns in database.execute("SELECT path, mtime_ns FROM folders"):
        try:
            if os.lstat(f"{root}/{folder}").st_mtime_ns != mtime_ns:
                return False
        except OSError:
            return False
    return True


def _compare(database: sqlite3.Connection, root: str, read_ns: int, check: _Check) -> str:
    lstat, base = os.lstat, root + "/"
    trusted_ns = max(read_ns, _noted(check.path + _SETTLED, read_ns)) - GRAIN_NS
    racy: list[_Racy] = []
    begun = time.perf_counter()
    watched = database.execute(
        """SELECT path, size, mtime_ns, crc FROM files
        UNION ALL SELECT path, size, mtime_ns, NULL FROM skipped WHERE size"""
    ).fetchall()
    start = _noted(check.path + _CHECKED, read_ns) if len(watched) > check.at_once else 0
    for count, (name, size, mtime_ns, crc) in enumerate(watched[start:] + watched[:start], 1):
        try:
            found = lstat(base + name)
        except OSError:
            return "stale"
        if found.st_size != size or found.st_mtime_ns != mtime_ns:
            return "stale"
        if mtime_ns > trusted_ns and crc is not None:
            racy.append((count - 1, name, crc))
        is_late = count >= check.at_once and not count % _CHECK_STEP and time.perf_counter() - begun > check.within_s
        if is_late and count < len(watched):
            compared = _compare_bytes(root, racy, begun + _SHARE_OF_BYTES * check.within_s)
            if compared is None:
                return "stale"
            _note(check.path + _CHECKED, read_ns, (start + min(count, compared)) % len(watched))
            return "unknown"
    now_ns = time.time_ns()
    if _compare_bytes(root, racy, inf) is None:
        return "stale"
    if racy:
        _note(check.path + _SETTLED, read_ns, now_ns)
    return "fresh"


def _compare_bytes(root: str, racy: list[_Racy], until_s: float) -> int | None:
    """Compare the bytes of files; return the place of the first that was left, None when one has changed.

    At least one is compared, so that each check gets further than the last.
    """
    for number, (place, name, crc) in enumerate(racy):
        if number and time.perf_counter() > until_s:
            return place
        found = texts.content(root, name)
        if not isinstance(found, bytes) or texts.checksum(found) != crc:
            return None
    return sys.maxsize


def _noted(path: str, read_ns: int) -> int:
    """Return the number that was noted since the index of `read_ns` was written; 0 without one."""
    try:
        with open(path, encoding="ascii") as file:
            made, number = map(int, file.read().split())
    except (OSError, ValueError):
        return 0
    return number if made == read_ns else 0


def _note(path: str, read_ns: int, number: int) -> None:
    try:
        at = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except OSError:
        return
    try:
        os.write(at, f"{read_ns} {number}".encode())
    except OSError:
        return
    finally:
        os.close(at)
