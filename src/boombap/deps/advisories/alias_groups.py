"""Advisories that are about the same thing, though databases name it differently: groups by union-find over aliases.

The ids stay in a table of the database, sorted, so that those who share one follow each other; only a number for each
advisory is in memory. With all ids in a dict, 100,000 advisories took 57 MiB.
"""

from __future__ import annotations

from array import array
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

# The leading id of a group: malware first, then what the package's own database says, then the general ones.
_LATE = ("GHSA-", "OSV-", "CVE-", "SNYK-")
_TABLES = """
CREATE TEMP TABLE member (id TEXT COLLATE NOCASE, advisory INTEGER, PRIMARY KEY (id, advisory)) WITHOUT ROWID;
CREATE TEMP TABLE kev (id TEXT PRIMARY KEY COLLATE NOCASE, day TEXT) WITHOUT ROWID;
CREATE TEMP TABLE epss (id TEXT PRIMARY KEY COLLATE NOCASE, chance REAL) WITHOUT ROWID;
"""
_MEMBERS = """
SELECT root_of(advisory) AS root, member.id, kev.day, epss.chance
FROM temp.member AS member
LEFT JOIN temp.kev AS kev ON kev.id = member.id
LEFT JOIN temp.epss AS epss ON epss.id = member.id
ORDER BY root
"""


class Group(NamedTuple):
    """Ids that belong together, transitively, and what is known about their exploitation.

    Attributes:
        ids: the leading one first, the others sorted.
        kev: the first day on which one of them entered the catalogue; empty when none did.
        epss: the highest probability; None when there is none.
    """

    ids: list[str]
    kev: str
    epss: float | None


def groups(database: sqlite3.Connection, kev: Mapping[str, str], epss: Iterable[tuple[str, float]]) -> Iterator[Group]:
    """Yield every group of the advisories in the database, in the order of their first ones.

    Args:
        kev: by CVE id, the day on which it entered the catalogue.
        epss: CVE ids, each with its probability.
    """
    for statement in _TABLES.split(";"):
        database.execute(statement)
    database.executemany("INSERT OR IGNORE INTO temp.member VALUES (?, ?)", _links(database))
    database.executemany("INSERT OR REPLACE INTO temp.kev VALUES (?, ?)", kev.items())
    database.executemany("INSERT OR REPLACE INTO temp.epss VALUES (?, ?)", epss)
    roots = _roots(database)
    database.create_function("root_of", 1, roots.__getitem__, deterministic=True)
    try:
        for _, rows in groupby(database.execute(_MEMBERS), key=lambda row: row[0]):
            members = list(rows)
            # An id is there once for each advisory that has it, perhaps in another case.
            ids = {id_.casefold(): id_ for _, id_, _, _ in members}
            days = [day for *_, day, _ in members if day]
            chances = [chance for *_, chance in members if chance is not None]
            yield Group(sorted(ids.values(), key=_rank), min(days, default=""), max(chances, default=None))
    finally:
        for table in ("member", "kev", "epss"):
            database.execute(f"DROP TABLE temp.{table}")


def _links(database: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    for number, name, aliases, is_withdrawn in database.execute(
        "SELECT id, name, aliases, is_withdrawn FROM advisories"
    ):
        yield name, number
        # What was withdrawn may have been withdrawn because its aliases were wrong.
        for alias in () if is_withdrawn else aliases.split():
            yield alias, number


def _roots(database: sqlite3.Connection) -> array[int]:
    """Return for each advisory the least one that it is connected to through ids."""
    (last,) = database.execute("SELECT max(id) FROM advisories").fetchone()
    parents = array("q", range((last or 0) + 1))

    def root_of(number: int) -> int:
        root = number
        while parents[root] != root:
            root = parents[root]
        while parents[number] != root:
            parents[number], number = root, parents[number]
        return root

    before, first = "", 0
    for id_, advisory in database.execute("SELECT id, advisory FROM temp.member ORDER BY id, advisory"):
        if id_.casefold() != before:
            before, first = id_.casefold(), advisory
            continue
        low, high = sorted((root_of(first), root_of(advisory)))
        parents[high] = low
    for number in range(len(parents)):
        parents[number] = root_of(number)
    return parents


def _rank(id_: str) -> tuple[int, str]:
    late = next((at for at, prefix in enumerate(_LATE, start=2) if id_.startswith(prefix)), 1)
    return (0 if id_.startswith("MAL-") else late, id_)
