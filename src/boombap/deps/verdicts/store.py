"""The verdict database: one SQLite file (0600, WAL), one row per digest and environment.

Readers never wait for a writer. What cannot be read raises an error; only a row that is not there is `None`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager, suppress

from boombap.deps.verdicts import encoding
from boombap.deps.verdicts.model import Decision, ImageVerdict
from boombap.errors import AccessDenied, ExternalError, NoVerdict, RetryLater
from boombap.private import make_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from boombap.errors import BoombapError

FORMAT = 1
_APPLICATION = 0x626F7664
_WAIT_S = 5.0
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DENIED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_PRIMARY = 0xFF

_SCHEMA = """
CREATE TABLE verdicts (
    digest TEXT NOT NULL, environment TEXT NOT NULL, image TEXT NOT NULL,
    word TEXT NOT NULL CHECK (word IN ('pass', 'fail', 'unknown')), is_enforced INTEGER NOT NULL,
    reasons TEXT NOT NULL, judged_at_s INTEGER NOT NULL, expires_at_s INTEGER NOT NULL, findings TEXT NOT NULL,
    audited INTEGER NOT NULL, data_at_s INTEGER NOT NULL, policy TEXT NOT NULL, policy_sha256 TEXT NOT NULL,
    reading BLOB NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (digest, environment)
)
"""
_DECISION = "image, word, is_enforced, reasons, judged_at_s, expires_at_s"
_ASKED = f"SELECT {_DECISION} FROM verdicts WHERE digest = ? AND environment = ?"
_WHOLE = """
SELECT digest, environment, findings, audited, data_at_s, policy, policy_sha256, reading, revision,
    image, word, is_enforced, reasons, judged_at_s, expires_at_s
FROM verdicts WHERE digest = ? AND environment = ?
"""
_DECISIONS = f"SELECT digest, {_DECISION} FROM verdicts WHERE environment = ? ORDER BY digest"
_KEYS = "SELECT digest, environment FROM verdicts ORDER BY image, digest, environment"
_PUT = """
INSERT INTO verdicts VALUES (:digest, :environment, :image, :word, :is_enforced, :reasons, :judged_at_s, :expires_at_s,
    :findings, :audited, :data_at_s, :policy, :policy_sha256, :reading, 1)
ON CONFLICT (digest, environment) DO UPDATE SET image = :image, word = :word, is_enforced = :is_enforced,
    reasons = :reasons, judged_at_s = :judged_at_s, expires_at_s = :expires_at_s, findings = :findings,
    audited = :audited, data_at_s = :data_at_s, policy = :policy, policy_sha256 = :policy_sha256, reading = :reading,
    revision = revision + 1
"""
_REPLACE = """
UPDATE verdicts SET word = :word, is_enforced = :is_enforced, reasons = :reasons, judged_at_s = :judged_at_s,
    expires_at_s = :expires_at_s, findings = :findings, audited = :audited, data_at_s = :data_at_s, policy = :policy,
    policy_sha256 = :policy_sha256, revision = revision + 1
WHERE digest = :digest AND environment = :environment AND revision = :revision
"""
_OLDEST = "SELECT word, count(*), min(judged_at_s), min(nullif(data_at_s, 0)) FROM verdicts GROUP BY word"


class VerdictStore:
    """One open verdict database; `opened` and `created` return it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def decision(self, digest: str, environment: str) -> Decision | None:
        """Return the answer about a digest; None when it has no row."""
        with self._reporting():
            row = self._connection.execute(_ASKED, (digest, environment)).fetchone()
            return _decision(row) if row else None

    def verdict(self, digest: str, environment: str) -> ImageVerdict | None:
        """Return everything that is kept about a digest; None when it has no row."""
        with self._reporting():
            row = self._connection.execute(_WHOLE, (digest, environment)).fetchone()
            return _verdict(row) if row else None

    def decisions(self, environment: str) -> list[tuple[str, Decision]]:
        """Return digest and answer of each row of an environment, by digest."""
        with self._reporting():
            rows = self._connection.execute(_DECISIONS, (environment,)).fetchall()
            return [(row[0], _decision(row[1:])) for row in rows]

    def keys(self) -> list[tuple[str, str]]:
        """Return digest and environment of each row, by the name of the image."""
        with self._reporting():
            return self._connection.execute(_KEYS).fetchall()

    def ages(self) -> list[tuple[str, int, int, int | None]]:
        """Return, per answer, the number of rows, and when the oldest was judged and its data checked (Unix time)."""
        with self._reporting():
            return self._connection.execute(_OLDEST).fetchall()

    def put(self, verdict: ImageVerdict) -> None:
        """Keep a verdict in place of what the row had."""
        with self._reporting():
            self._connection.execute(_PUT, _values(verdict))

    def replace(self, verdict: ImageVerdict) -> bool:
        """Keep a verdict that was judged again; False when the row was recorded or judged by others meanwhile."""
        with self._reporting():
            return self._connection.execute(_REPLACE, _values(verdict)).rowcount == 1

    def close(self) -> None:
        """Close the file; what was written is then in it, and not only in the log beside it."""
        if self._connection.total_changes:
            # While a server has the file open SQLite leaves this for later, and a copy would have old verdicts.
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._connection.close()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _failure(self._path, error) from None
        except ValueError as error:
            raise _damaged(self._path, str(error)) from None


def open_store(path: Path, *, wait_s: float = _WAIT_S) -> VerdictStore | None:
    """Open the database for reading; None when there is no file.

    Args:
        path: the file.
        wait_s: how long to wait for a lock.

    Raises:
        NoVerdict: for a database of a newer version.
        RetryLater: for one that is locked.
        ExternalError: for one that cannot be read.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise AccessDenied(f"the verdicts in {path} cannot be used: {error.strerror}") from None
    return _opened(path, wait_s, lambda connection: connection.execute("PRAGMA query_only=ON"))


def create_store(path: Path, *, wait_s: float = _WAIT_S) -> VerdictStore:
    """Open the database for writing; a missing one is created.

    Raises:
        As `open_store`, and AccessDenied when the file cannot be created.
    """
    try:
        make_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise AccessDenied(f"the verdicts in {path} cannot be written: {error.strerror}") from None
    return _opened(path, wait_s, _prepare)


def _opened(path: Path, wait_s: float, prepare: Callable[[sqlite3.Connection], object]) -> VerdictStore:
    """Open a file that is there; it is closed again where it cannot be used."""
    connection = _connect(path, wait_s)
    try:
        prepare(connection)
        _require_format(path, connection)
    except sqlite3.Error as error:
        connection.close()
        raise _failure(path, error) from None
    except BaseException:
        connection.close()
        raise
    return VerdictStore(path, connection)


def _connect(path: Path, wait_s: float) -> sqlite3.Connection:
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        return sqlite3.connect(
            f"file:{quoted}?mode=rw", uri=True, timeout=wait_s, check_same_thread=False, isolation_level=None
        )
    except sqlite3.Error as error:
        raise _failure(path, error) from None


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the table in an empty file."""
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        return
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have done it since.
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        connection.execute(_SCHEMA)
        connection.execute(f"PRAGMA application_id={_APPLICATION}")
        connection.execute(f"PRAGMA user_version={FORMAT}")
    connection.execute("COMMIT")


def _require_format(path: Path, connection: sqlite3.Connection) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != _APPLICATION:
        raise _damaged(path, "it is not a verdict database")
    stamp = connection.execute("PRAGMA user_version").fetchone()[0]
    if stamp != FORMAT:
        raise NoVerdict(f"the verdicts in {path} are of another version of boombap", hint="update boombap")
    # SQLite reads what is missing of a page as zeros: rows are then not found, without an error.
    if _size(path) % connection.execute("PRAGMA page_size").fetchone()[0]:
        raise _damaged(path, "it is cut off")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from None


def _decision(row: tuple[Any, ...]) -> Decision:
    image, word, is_enforced, reasons, judged_at_s, expires_at_s = row
    return Decision(image, word, bool(is_enforced), tuple(json.loads(reasons)), int(judged_at_s), int(expires_at_s))


def _verdict(row: tuple[Any, ...]) -> ImageVerdict:
    digest, environment, findings, audited, data_at_s, policy, policy_sha256, reading, revision = row[:9]
    return ImageVerdict(
        digest,
        environment,
        _decision(row[9:]),
        encoding.findings_from_text(findings),
        audited,
        data_at_s,
        json.loads(policy),
        policy_sha256,
        encoding.reading_from_bytes(reading),
        revision,
    )


def _values(verdict: ImageVerdict) -> dict[str, object]:
    decision = verdict.decision
    return {
        "digest": verdict.digest,
        "environment": verdict.environment,
        "image": decision.image,
        "word": decision.word,
        "is_enforced": decision.is_enforced,
        "reasons": json.dumps(decision.reasons),
        "judged_at_s": decision.judged_at_s,
        "expires_at_s": decision.expires_at_s,
        "findings": encoding.findings_to_text(verdict.findings),
        "audited": verdict.audited,
        "data_at_s": verdict.data_at_s,
        "policy": json.dumps(verdict.policy),
        "policy_sha256": verdict.policy_sha256,
        "reading": encoding.reading_to_bytes(verdict.reading),
        "revision": verdict.revision,
    }


def _failure(path: Path, error: sqlite3.Error) -> BoombapError:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code in _BUSY:
        return RetryLater(f"the verdicts in {path} are locked by another process", hint="try again")
    if code in _DENIED:
        return AccessDenied(f"the verdicts in {path} cannot be used: {error}")
    if code in _DISK:
        hint = "check the disk and its free space; what was recorded before is kept"
        return ExternalError(f"the verdicts in {path} cannot be used: {error}", hint=hint)
    return _damaged(path, str(error))


def _damaged(path: Path, reason: str) -> ExternalError:
    hint = "restore it from a copy, or remove it and record the images again"
    return ExternalError(f"the verdicts in {path} cannot be read: {reason}", hint=hint)
