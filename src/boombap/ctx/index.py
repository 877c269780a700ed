"""The index of one tree: built at the first question, brought up to date at each later one.

Whether anything changed is seen without starting git: the folders' times tell of new and vanished files, size and time
of every file of changed ones, `.git/index` and the ignore files of a changed list, `HEAD` of new commits. A file that
changed within the clock's grain of its last reading is compared by its bytes.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time

from boombap.ctx import files, git, store
from boombap.errors import AccessDenied, OutsideError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CHECKED_AT_ONCE = 10_000
_CHECK_S = 0.05
_CHECK_STEP = 512
# File systems stamp times in steps of up to 10 ms; two seconds are FAT's.
_GRAIN_NS = 2_000_000_000


class Limits:
    """What bounds an index; the configuration's section ``ctx`` sets both."""

    __slots__ = ("files", "size_mb")

    def __init__(self, files: int = 20_000, size_mb: int = 200) -> None:
        self.files = files
        self.size_mb = size_mb


class Index:
    """An open index.

    Attributes:
        database: the connection; read-only unless the index lives in memory.
        root: the folder whose files it holds.
        notes: what a person should know about this index: what is stale, what could not be done.
        built: whether opening it had to build or refresh it.
    """

    def __init__(self, database: sqlite3.Connection, root: str, *, notes: list[str], built: bool) -> None:
        self.database = database
        self.root = root
        self.notes = notes
        self.built = built

    def close(self) -> None:
        """Give the file back."""
        self.database.close()

    def fact(self, name: str) -> str:
        """Give a value of the index's own table, empty without one."""
        row = self.database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""


def open_or_build(
    root: Path | str,
    cache: Path | str,
    *,
    limits: Limits | None = None,
    is_rebuilt: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> Index:
    """Give the index of a tree as its files are now.

    Args:
        root: the top of the tree, or a folder in a repository.
        cache: the folder that holds all indexes; one that cannot be written costs a build in memory each time.
        limits: how much is indexed.
        is_rebuilt: whether to build from nothing.
        pause: waits while another process writes the index.

    Raises:
        NotThere: when there is nothing that could be searched.
        TryLater: when another process does not stop writing.
    """
    top, limits = files.root_of(str(root)), limits or Limits()
    path = store.place(str(cache), top)
    database = None if is_rebuilt else store.open_existing(path)
    notes: list[str] = []
    if database is not None:
        state = _state(database, top, path)
        if state == "fresh":
            return Index(database, top, notes=notes, built=False)
        if state == "unknown":
            notes.append("too many files to check them all within 50 ms: what changed since may be missing")
            return Index(database, top, notes=notes, built=False)
    return _build(top, path, database, notes, limits, pause, is_rebuilt=is_rebuilt)


def _build(
    top: str,
    path: str,
    old: sqlite3.Connection | None,
    notes: list[str],
    limits: Limits,
    pause: Callable[[float], None],
    *,
    is_rebuilt: bool,
) -> Index:
    from boombap.ctx import build  # the grammars and their 40 ms are behind this

    try:
        with store.writing(path, pause) as beside:
            # While we waited another process may have done the work.
            current = None if is_rebuilt else store.open_existing(path)
            if current is None or _state(current, top, path) != "fresh":
                if current is not None:
                    current.close()
                build.write(beside, path if current is not None else "", top, limits)
                store.publish(beside, path)
                current = store.open_existing(path)
    except (AccessDenied, OSError, sqlite3.Error) as error:
        return _without_cache(top, old, notes, limits, error)
    if old is not None:
        old.close()
    if current is None:
        raise OutsideError(f"the index {path} cannot be read after it was written")
    return Index(current, top, notes=notes, built=True)


def _without_cache(
    top: str, old: sqlite3.Connection | None, notes: list[str], limits: Limits, error: Exception
) -> Index:
    from boombap.ctx import build

    reason = str(error) if isinstance(error, AccessDenied) else f"the index cannot be written: {error}"
    if old is not None and _can_answer(old):
        notes.append(f"{reason}; the answer is from an older index")
        return Index(old, top, notes=notes, built=False)
    notes.append(f"{reason}; it was built in memory for this run only")
    database = store.in_memory()
    build.fill(database, top, limits)
    return Index(database, top, notes=notes, built=True)


def _can_answer(database: sqlite3.Connection) -> bool:
    try:
        return database.execute("SELECT count(*) FROM chunks").fetchone() is not None
    except sqlite3.Error:
        return False


def stamps(root: str) -> str:
    """Give what tells that git's list of files may have changed: its index and the rules outside the tree."""
    folder = git.git_folder(root)
    names = [os.path.join(folder, "index"), os.path.join(folder, "info", "exclude")] if folder else []  # noqa: PTH118
    return " ".join(_stamp(name) for name in names)


def _stamp(path: str) -> str:
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib is not on the hot path
    except OSError:
        return "-"
    return f"{found.st_size}:{found.st_mtime_ns}"


def _state(database: sqlite3.Connection, root: str, path: str) -> str:
    """Give ``fresh``, ``stale`` or ``unknown`` (too many files for the time)."""
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
    """Give which Python's grammars an index was made with; after an upgrade it is made anew."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _compare(database: sqlite3.Connection, root: str, read_ns: int, path: str) -> str:
    lstat, base = os.lstat, root + "/"
    for folder, mtime_ns in database.execute("SELECT path, mtime_ns FROM folders"):
        try:
            if lstat(base + folder).st_mtime_ns != mtime_ns:
                return "stale"
        except OSError:
            return "stale"
    trusted_ns = max(read_ns, _settled(path, read_ns)) - _GRAIN_NS
    racy: list[tuple[str, int]] = []
    begun, count = time.perf_counter(), 0
    watched = "SELECT path, size, mtime_ns, crc FROM files UNION ALL SELECT path, size, mtime_ns, NULL FROM skipped WHERE size"
    for name, size, mtime_ns, crc in database.execute(watched):
        try:
            found = lstat(base + name)
        except OSError:
            return "stale"
        if found.st_size != size or found.st_mtime_ns != mtime_ns:
            return "stale"
        if mtime_ns > trusted_ns and crc is not None:
            racy.append((name, crc))
        count += 1
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
    """Give until when the bytes were compared after the index of `read_ns` was written; 0 when never."""
    try:
        with open(path + ".settled", encoding="ascii") as file:  # noqa: PTH123
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
