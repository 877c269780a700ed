"""The advisories of one ecosystem on disk, for writing: a file beside the one in use, checked before it replaces it.

While it is built it has no journal and nothing waits for the disk: a crash loses the new file, never the old one.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from contextlib import contextmanager

from boombap.deps.advisories.alias_groups import groups
from boombap.deps.advisories.database import STAMP
from boombap.deps.advisories.seal import seal
from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from boombap.deps.advisories.osv_record import AdvisoryRow

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE advisories (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, aliases TEXT, grp INTEGER, score REAL, basis TEXT,
    vector TEXT, summary TEXT, kind TEXT, published TEXT, modified TEXT, is_withdrawn INTEGER
);
CREATE TABLE affected (
    package TEXT, advisory INTEGER, ranges TEXT, gap TEXT, PRIMARY KEY (package, advisory)
) WITHOUT ROWID;
CREATE TABLE groups (id INTEGER PRIMARY KEY, leader TEXT, others TEXT, kev TEXT, epss REAL);
CREATE TABLE ids (id TEXT PRIMARY KEY COLLATE NOCASE, grp INTEGER) WITHOUT ROWID;
CREATE TABLE documents (advisory INTEGER PRIMARY KEY, body BLOB);
"""
_BY_GROUP = "CREATE INDEX advisories_by_group ON advisories (grp)"
# Of the group's other records the worst, with the id of the one it comes from.
_FROM_ALIASES = """
UPDATE advisories SET score = other.score, basis = 'alias ' || other.name, vector = other.vector
FROM (
    SELECT grp, name, vector, max(score) AS score FROM advisories
    WHERE score IS NOT NULL AND NOT is_withdrawn GROUP BY grp
) AS other
WHERE advisories.score IS NULL AND other.grp = advisories.grp
"""


@contextmanager
def new_file(path: str, *, copy_of: str = "") -> Iterator[sqlite3.Connection]:
    """Yield a new database, empty or a copy of another one; the file goes when the block fails.

    Raises:
        ExternalError: when it cannot be written, because the disk is full for example.
    """
    database: sqlite3.Connection | None = None
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        # What SQLite sorts on the disk goes where the database will go: /tmp may be small.
        os.putenv("SQLITE_TMPDIR", os.path.dirname(path))
        if copy_of:
            _copy(copy_of, path)
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1000; BEGIN;")
        if not copy_of:
            for statement in _SCHEMA.split(";"):
                database.execute(statement)
        yield database
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ExternalError(f"cannot write the advisories to {path}: {reason}", hint="the old database stays") from None
    finally:
        if database:
            database.close()
        _remove(path)


def _copy(source: str, target: str) -> None:
    with open(source, "rb") as old, open(target, "wb") as new:
        while part := old.read(1024 * 1024):
            new.write(part)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def put(database: sqlite3.Connection, row: AdvisoryRow) -> None:
    """Store an advisory that is not there yet; two of one id break the whole."""
    severity = row.severity
    number = database.execute(
        "INSERT INTO advisories VALUES (NULL, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(row.id, " ".join(row.aliases), severity.score, severity.basis, severity.vector),
            *(row.summary, row.kind, row.published, row.modified, row.is_withdrawn),
        ),
    ).lastrowid
    database.execute("INSERT INTO documents VALUES (?, ?)", (number, zlib.compress(row.document, 6)))
    if not row.is_withdrawn:
        rows = ((package, number, ranges, gap) for package, (ranges, gap) in row.affected.items())
        database.executemany("INSERT INTO affected VALUES (?, ?, ?, ?)", rows)


def drop(database: sqlite3.Connection, id_: str) -> None:
    """Forget an advisory, if it is known."""
    found = database.execute("SELECT id FROM advisories WHERE name = ?", (id_,)).fetchone()
    if found:
        # No index by advisory: an increment drops a few, and the table is read in milliseconds.
        for statement in (
            "DELETE FROM affected WHERE advisory = ?",
            "DELETE FROM documents WHERE advisory = ?",
            "DELETE FROM advisories WHERE id = ?",
        ):
            database.execute(statement, found)


def group(database: sqlite3.Connection, kev: Mapping[str, str], epss: Iterable[tuple[str, float]]) -> None:
    """Rebuild the alias groups, with what is known about their exploitation and the severities they lend.

    Args:
        kev: by CVE id, the day on which it entered the catalogue.
        epss: CVE ids, each with its probability.
    """
    database.execute("UPDATE advisories SET score = NULL, basis = '', vector = '' WHERE basis LIKE 'alias %'")
    for statement in ("DELETE FROM groups", "DELETE FROM ids", "DROP INDEX IF EXISTS advisories_by_group"):
        database.execute(statement)
    for number, (ids, day, chance) in enumerate(groups(database, kev, epss), start=1):
        database.execute("INSERT INTO groups VALUES (?, ?, ?, ?, ?)", (number, ids[0], " ".join(ids[1:]), day, chance))
        database.executemany("INSERT INTO ids VALUES (?, ?)", ((id_, number) for id_ in ids))
    database.execute("UPDATE advisories SET grp = (SELECT grp FROM ids WHERE ids.id = advisories.name)")
    database.execute(_BY_GROUP)
    database.execute(_FROM_ALIASES)


def finish(database: sqlite3.Connection, facts: Mapping[str, str | int]) -> None:
    """Write the facts, and read the whole file once.

    Raises:
        ExternalError: when it is not whole.
    """
    counted = database.execute("SELECT count(*), max(max(modified, published)) FROM advisories").fetchone()
    all_facts = {**facts, "records": counted[0], "newest": counted[1] or ""}
    database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", all_facts.items())
    database.execute(f"PRAGMA user_version={STAMP}")
    database.execute("COMMIT")
    verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise ExternalError(f"the new database is not whole: {verdict}", hint="check the disk; the old one stays")


def publish(beside: str, path: str) -> None:
    """Put the new file, with its checksum, in the place of the old one, in one step, once the disk has it.

    Raises:
        ExternalError: when the disk does not take it.
    """
    try:
        seal(beside)
        _sync(beside)
        os.replace(beside, path)
        _sync(os.path.dirname(path))
    except OSError as error:
        raise ExternalError(f"cannot write the advisories to {path}: {error.strerror}") from None


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def mark_checked(path: str, now_s: int, exported_at_s: int) -> None:
    """Note in a database that its source has nothing newer: in a copy, which replaces it with a checksum of its own.

    Args:
        path: of the database.
        now_s: when that was seen.
        exported_at_s: when the server wrote the export; 0 when nobody says.

    Raises:
        ExternalError: when it cannot be written.
    """
    with new_file(path + ".new", copy_of=path) as database:
        facts = (("checked_at_s", now_s), ("exported_at_s", exported_at_s))
        database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts)
        database.execute("COMMIT")
        publish(path + ".new", path)
