"""The index on disk: one SQLite file, rewritten beside the old one and renamed over it.

Readers open the file they find and never see a half-written one; one writer at a time holds the lock. Chunks of files
that changed lose their row in `chunks`; their postings stay behind until a fifth of all are such, then the index is
rebuilt.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager

from boombap.ctx import term_vectors, tokens
from boombap.errors import AccessDenied, RetryLater
from boombap.filelock import lock_within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# 2: more secrets are masked, and what older indexes hold of them must go. 3: chunks have labels. 4: more forms of
# secrets are masked, files say whether they define anything, and both have vectors. 5: postings without positions, and
# imports are what the rules of each language read. 6: files with long lines are in it. 7: lines are counted
# without what follows the last line end, and more secrets are masked (columns, names in Russian). 8: more secrets are
# masked (tags of YAML, directives, joined texts, notebooks), and files such as `prod.env` are left out.
# 9: values that continue on the next line are masked.
FORMAT = 10
_STAMP = (FORMAT * 1000 + tokens.VERSION) * 1000 + term_vectors.VERSION
_WAIT_S = 120.0
UNFINISHED = ".new"
"""What is added to the name of an index for the file that becomes it when it is complete."""

CHECKSUM = ".crc"
"""What is added to the name of an index for the file that holds its checksum."""

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY, path TEXT UNIQUE, size INTEGER, mtime_ns INTEGER, crc INTEGER, masks TEXT, language TEXT,
    flags INTEGER, lines INTEGER, imports TEXT, parsed TEXT, rank REAL DEFAULT 0, commits INTEGER DEFAULT 0,
    changed_s INTEGER DEFAULT 0, first_chunk INTEGER, last_chunk INTEGER, vector BLOB
);
CREATE TABLE skipped (path TEXT, reason TEXT, size INTEGER DEFAULT 0, mtime_ns INTEGER DEFAULT 0);
CREATE TABLE folders (path TEXT PRIMARY KEY, mtime_ns INTEGER) WITHOUT ROWID;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, file INTEGER, start INTEGER, stop INTEGER, kind TEXT, symbols TEXT, scope TEXT,
    complexity INTEGER, labels TEXT, vector BLOB
);
CREATE TABLE edges (source INTEGER, target INTEGER, PRIMARY KEY (source, target)) WITHOUT ROWID;
CREATE INDEX edges_by_target ON edges (target);
CREATE TABLE commits (id INTEGER PRIMARY KEY, at_s INTEGER, files INTEGER);
CREATE TABLE touched (file INTEGER, made INTEGER, PRIMARY KEY (file, made)) WITHOUT ROWID;
CREATE INDEX touched_by_commit ON touched (made);
CREATE TABLE words (word TEXT PRIMARY KEY, chunks INTEGER, list) WITHOUT ROWID;
CREATE TABLE lists (id INTEGER PRIMARY KEY, list BLOB);
"""


def place(cache: str, root: str) -> str:
    """Return the index file of a root: its folder's name for people, a digest of its path for machines."""
    from boombap.ctx.indexing.digest import digest

    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in os.path.basename(root))[:40]
    return os.path.join(cache, "ctx", f"{name or 'root'}-{digest(root)}.db")


def open_existing(path: str) -> sqlite3.Connection | None:
    """Return the index for reading, None when there is none that this version can read."""
    if not os.path.exists(path):
        return None
    try:
        database = connect(path)
    except sqlite3.Error:
        return None
    try:
        is_ours = database.execute("PRAGMA user_version").fetchone()[0] == _STAMP
        if is_ours and database.execute("SELECT 1 FROM meta WHERE name = 'complete'").fetchone():
            return database
    except (sqlite3.Error, ValueError):  # of a damaged file even the message may not be UTF-8
        pass
    database.close()
    return None


def connect(path: str) -> sqlite3.Connection:
    """Return a read-only connection to an index file, whatever is in it.

    Raises:
        sqlite3.Error: when the file cannot be opened.
    """
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{quoted}?mode=ro&immutable=1", uri=True, check_same_thread=False)


def in_memory() -> sqlite3.Connection:
    """Return an empty index that lives as long as the process, for a cache that cannot be written."""
    database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    _prepare(database)
    return database


def create(path: str, *, source: str = "") -> sqlite3.Connection:
    """Return a new file open for writing: empty, or a copy of `source`.

    Raises:
        OSError: when the folder or file cannot be written.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    if source:
        _copy(source, path)
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    # A crash loses the file beside the index, never the index: no journal, no waiting for the disk.
    database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000;")
    if not source:
        _prepare(database)
    return database


def _prepare(database: sqlite3.Connection) -> None:
    # Each table has a page of its own at least: with 4,096 bytes a small tree has an index larger than its text.
    database.execute("PRAGMA page_size=2048")
    database.executescript(_SCHEMA)
    database.execute(f"PRAGMA user_version={_STAMP}")


def _copy(source: str, target: str) -> None:
    with open(source, "rb") as old, open(target, "wb") as new:
        os.sendfile(new.fileno(), old.fileno(), 0, os.fstat(old.fileno()).st_size)
        size = os.fstat(old.fileno()).st_size
        sent = os.fstat(new.fileno()).st_size
        while sent < size and (more := os.sendfile(new.fileno(), old.fileno(), sent, size - sent)):
            sent += more


@contextmanager
def writing(path: str, pause: Callable[[float], None]) -> Iterator[str]:
    """Hold the lock of an index and give the name for the file beside it, which becomes the index at the end.

    Raises:
        AccessDenied: when the cache folder cannot be written.
        RetryLater: when another process has held the lock for two minutes.
    """
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise AccessDenied(f"the cache {folder} cannot be written: {error.strerror}") from None
    beside = path + UNFINISHED
    try:
        if lock_within(lock, _WAIT_S, pause) is None:
            raise RetryLater("another process has been writing the index for two minutes")
        try:
            yield beside
        finally:
            _remove(beside)  # only under the lock: until then the file belongs to who holds it
    finally:
        os.close(lock)


def publish(beside: str, path: str) -> None:
    """Make the new file the index, in one step, and note its checksum beside it."""
    checksum = _checksum(beside)
    os.replace(beside, path)
    with open(os.open(path + CHECKSUM, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(checksum)


def is_damaged(path: str) -> bool:
    """Tell whether an index is not what was written; False where no checksum was noted."""
    try:
        with open(path + CHECKSUM, encoding="ascii") as file:
            return file.read() != _checksum(path)
    except (OSError, ValueError):
        return False


def _checksum(path: str) -> str:
    from zlib import crc32

    checksum = 0
    with open(path, "rb") as file:
        while part := file.read(1 << 20):
            checksum = crc32(part, checksum)
    return str(checksum)


def _remove(path: str) -> None:
    for name in (path, path + "-journal"):
        try:
            os.unlink(name)
        except OSError:
            continue
