"""The advisories of one ecosystem on disk, for reading: one SQLite file, never changed by who reads it.

`_sqlite3` is the C module alone: the package `sqlite3` around it costs 4 ms for adapters that are not needed here.
"""

from __future__ import annotations

import _sqlite3
import json
import os
import re
import zlib

from boombap.deps.advisories.seal import is_sealed
from boombap.deps.model import Source
from boombap.errors import ExternalError, NoVerdict
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

FORMAT = 1
STAMP = 0xB0_0A_00 + FORMAT
_SUFFIX = ".advisories"
# Clocks of two machines differ by less.
_CLOCK_S = 3_600
_ABOUT = """
SELECT a.package, a.ranges, a.gap, v.name, v.grp, v.score, v.basis, v.vector, v.summary, v.kind,
    g.leader, g.others, g.kev, g.epss
FROM affected a JOIN advisories v ON v.id = a.advisory JOIN groups g ON g.id = v.grp
WHERE a.package IN (SELECT value FROM json_each(?))
"""
_DOCUMENT = """
SELECT v.name, d.body FROM advisories v JOIN documents d ON d.advisory = v.id
WHERE v.name = :id COLLATE NOCASE
    OR v.grp IN (SELECT grp FROM ids WHERE id = :id COLLATE NOCASE)
ORDER BY v.name <> :id, v.name
"""
_RECORDS = """
SELECT d.body FROM advisories v JOIN documents d ON d.advisory = v.id
WHERE v.name IN (SELECT value FROM json_each(?)) ORDER BY v.name
"""
_CAPITALS = "SELECT DISTINCT package FROM affected WHERE package GLOB '*[A-Z]*'"
# Of a database without a checksum: what its facts say about its tables.
_IS_PLAUSIBLE = """
SELECT (SELECT count(*) FROM advisories) = (SELECT value FROM meta WHERE name = 'records')
    AND (SELECT count(*) FROM documents) = (SELECT count(*) FROM advisories)
    AND (SELECT count(DISTINCT advisory) FROM affected)
        >= 0.9 * coalesce((SELECT value FROM meta WHERE name = 'most_matching'), 0)
    AND NOT EXISTS (SELECT 1 FROM advisories WHERE grp NOT IN (SELECT id FROM groups))
"""
# Pages are read once or a few times each, and the kernel has them: SQLite's own 2 MB are memory for nothing.
_CACHE_KB = 256
_REOPENED = 5
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)")
_AFFECTED = """
SELECT v.name, a.package, a.ranges FROM affected a JOIN advisories v ON v.id = a.advisory WHERE a.ranges <> ''
ORDER BY a.advisory
"""
_HAS_ALL = "SELECT NOT EXISTS (SELECT 1 FROM advisories v LEFT JOIN temp.listed l ON l.id = v.name WHERE l.id IS NULL)"
_CHANGED = """
SELECT l.id FROM temp.listed l LEFT JOIN advisories v ON v.name = l.id
WHERE substr(coalesce(v.modified, ''), 1, :second) <> substr(l.modified, 1, :second) LIMIT :most
"""
_SECOND = len("2025-02-12T10:00:00")


class CandidateRow(Record):
    """What the database says about one package in one advisory; `deps.match` reads it as a tuple of this order.

    Attributes:
        package: its normalised name.
        ranges: as `deps.advisories.affected_ranges` writes them.
        gap: what of them could not be read.
        name: the advisory's id.
        group: the number of its alias group.
        score: its severity; None when unknown.
        basis: of the score.
        vector: of the score.
        summary: one line.
        kind: one of `deps.model.KINDS`.
        leader: the leading id of the group.
        others: the other ids, between blanks.
        kev: the day it entered the catalogue of known exploited vulnerabilities; empty when it has not.
        epss: the probability of exploitation; None when unknown.
    """

    package: str
    ranges: str
    gap: str
    name: str
    group: int
    score: float | None
    basis: str
    vector: str
    summary: str
    kind: str
    leader: str
    others: str
    kev: str
    epss: float | None


def place(folder: str, ecosystem: str) -> str:
    """Return the database file of an ecosystem."""
    return os.path.join(folder, ecosystem + _SUFFIX)


def present(folder: str) -> list[str]:
    """Return the ecosystems that have a database file, sorted."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


class Database:
    """One open database; a replaced file does not disturb it.

    Attributes:
        ecosystem: as OSV names it.
        path: the file.
        is_sealed: whether a checksum says that it is what the sync wrote; those of earlier versions have none.
    """

    def __init__(self, ecosystem: str, path: str, file: _OpenFile) -> None:
        self.ecosystem = ecosystem
        self.path = path
        self._file = file
        self._connection = file.connection
        self.is_sealed = _is_whole(path, file)
        list(self._ask(f"PRAGMA cache_size=-{_CACHE_KB}"))  # reads the schema, so after the checksum
        self._facts = {str(name): value for name, value in self._ask("SELECT name, value FROM meta")}
        built_for = self.fact("ecosystem")
        if built_for and built_for != ecosystem:
            raise _damaged(path, f"it holds the advisories of {built_for}")

    def source(self, now_s: float) -> Source:
        """Return what this database is."""
        fact = self._facts.get
        exported_at_s = fact("exported_at_s")
        return Source(
            ecosystem=self.ecosystem,
            records=int(fact("records") or 0),
            built_at_s=int(fact("built_at_s") or 0),
            newest=str(fact("newest") or ""),
            sha256=str(fact("sha256") or ""),
            origin=str(fact("origin") or ""),
            age_s=_age_s(now_s, int(fact("checked_at_s") or 0)),
            content_age_s=_age_s(now_s, unix_time_s(str(fact("newest") or ""))),
            export_age_s=_age_s(now_s, int(exported_at_s)) if exported_at_s else None,
            unreadable=int(fact("unreadable") or 0),
            is_sample=bool(fact("is_sample")),
            kev_date=str(fact("kev_date") or ""),
            epss_date=str(fact("epss_date") or ""),
        )

    def fact(self, name: str) -> str:
        """Return one fact as text; empty when it is not there."""
        return str(self._facts.get(name) or "")

    def about(self, names: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        """Return the rows about packages, by normalised name, in the order of `CandidateRow`."""
        return self._ask(_ABOUT, (json.dumps(list(names)),))

    def spelled_otherwise(self, names: Iterable[str]) -> dict[str, str]:
        """Return the packages whose names differ from the given ones in capitals only, with the name that was given.

        The package URL specification writes Go modules in lower case, and so do SBOMs that follow it.
        """
        lower = {name: name for name in names if name == name.lower()}
        spelled = (str(package) for (package,) in self._ask(_CAPITALS))
        return {package: lower[package.lower()] for package in spelled if package.lower() in lower}

    def documents(self, id_: str) -> list[tuple[str, bytes]]:
        """Return id and OSV record of an advisory and its aliases, the one asked for first."""
        return [(str(name), zlib.decompress(body)) for name, body in self._ask(_DOCUMENT, {"id": id_})]

    def records(self, names: Iterable[str]) -> list[bytes]:
        """Return the OSV records of advisories, by id, sorted by it."""
        return [zlib.decompress(body) for (body,) in self._ask(_RECORDS, (json.dumps(list(names)),))]

    def changed(self, listed: Iterator[tuple[str, str]], most: int) -> tuple[bool, list[str]]:
        """Compare the advisories with a list of ids, each with when it was changed last, to the second.

        Returns:
            Whether the list has every advisory, and the ids whose advisory is older or missing, at most so many.
        """
        list(self._ask("CREATE TEMP TABLE listed (id TEXT PRIMARY KEY, modified TEXT) WITHOUT ROWID"))
        try:
            self._connection.executemany("INSERT OR REPLACE INTO temp.listed VALUES (?, ?)", listed)
            ((has_all,),) = self._ask(_HAS_ALL)
            return bool(has_all), [str(id_) for (id_,) in self._ask(_CHANGED, {"most": most, "second": _SECOND})]
        finally:
            list(self._ask("DROP TABLE temp.listed"))

    def affected(self) -> Iterator[tuple[str, str, str]]:
        """Return id, package and stored ranges of everything that a version can match, advisory by advisory."""
        return ((str(name), str(package), str(ranges)) for name, package, ranges in self._ask(_AFFECTED))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _ask(self, statement: str, values: tuple[object, ...] | dict[str, object] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(statement, values)
        except (_sqlite3.DatabaseError, zlib.error) as error:
            raise _damaged(self.path, str(error)) from None


def unix_time_s(text: str) -> int:
    """Return an RFC 3339 time as seconds since 1970; 0 for what is none, or is earlier.

    >>> unix_time_s("2025-02-12T21:21:51.559667Z"), unix_time_s("0001-01-01T00:00:00Z"), unix_time_s("")
    (1739395311, 0, 0)
    """
    # `datetime` is 1 ms to import, and the arithmetic is this (H. Hinnant, days_from_civil).
    found = _TIME.match(text)
    if not found:
        return 0
    year, month, day, hour, minute, second = map(int, found.groups())
    if month <= 2:  # noqa: PLR2004 - the year begins in March, so that a leap day is its last
        year, month = year - 1, month + 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 1 - 719_468
    return max(0, 86_400 * days + 3_600 * hour + 60 * minute + second)


def _age_s(now_s: float, checked_at_s: int) -> int:
    """Return an age; what was checked in the future, as clocks go, has no age that anybody knows, and counts as old."""
    age_s = int(now_s - checked_at_s)
    return max(0, age_s) if age_s > -_CLOCK_S else checked_at_s


class _OpenFile(Record):
    """A database file, opened twice: for SQLite, and to read its bytes.

    Closing any descriptor of a file drops all locks that the process has on it, so both are closed together.
    """

    connection: _sqlite3.Connection
    descriptor: int

    def close(self) -> None:
        self.connection.close()
        os.close(self.descriptor)


def open_database(folder: str, ecosystem: str) -> Database | None:
    """Open the database of an ecosystem; None when there is none.

    Raises:
        NoVerdict: for a database of another version.
        ExternalError: for a damaged one, one that was edited, and one of another ecosystem.
    """
    path = place(folder, ecosystem)
    if not os.path.exists(path):
        return None
    file = _open(path)
    try:
        _require_stamp(path, file)
        return Database(ecosystem, path, file)
    except BaseException:
        file.close()
        raise


def _open(path: str) -> _OpenFile:
    """Return both views of one file; a sync may replace it between the two steps."""
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    for _ in range(_REOPENED):
        descriptor = -1
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            connection = _sqlite3.connect(f"file:{quoted}?mode=ro", uri=True, check_same_thread=False)
        except (OSError, _sqlite3.Error) as error:
            if descriptor >= 0:
                os.close(descriptor)
            reason = error.strerror if isinstance(error, OSError) else error
            raise _damaged(path, str(reason)) from None
        file = _OpenFile(connection, descriptor)
        if _is_same_file(path, descriptor):
            return file
        file.close()
    raise _damaged(path, "it is replaced again and again")


def _is_same_file(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def _require_stamp(path: str, file: _OpenFile) -> None:
    try:
        # A read transaction: nobody writes to the file between its checksum and the last row.
        file.connection.execute("BEGIN")
        stamp = file.connection.execute("PRAGMA user_version").fetchone()[0]
    except _sqlite3.Error as error:
        raise _damaged(path, str(error)) from None
    if not stamp:
        raise _damaged(path, "it is empty")
    if stamp != STAMP:
        raise NoVerdict(f"the advisories in {path} are of another version of boombap", hint="run `boombap deps sync`")


def _is_whole(path: str, file: _OpenFile) -> bool:
    """Tell whether a database has a checksum.

    Raises:
        ExternalError: when it does not fit; without one, when the numbers of rows cannot be right.
    """
    try:
        if is_sealed(file.descriptor):
            return True
        if not file.connection.execute(_IS_PLAUSIBLE).fetchone()[0]:
            raise _damaged(path, "rows are missing")
    except (ValueError, OSError, _sqlite3.Error) as error:
        raise _damaged(path, str(error)) from None
    return False


def _damaged(path: str, reason: str) -> ExternalError:
    return ExternalError(f"the advisories in {path} cannot be read: {reason}", hint="run `boombap deps sync --rebuild`")
