"""Terms that the index does not have: the nearest that it has, by the slips that typing makes.

Candidates differ by at most one slip (4 to 7 letters) or two: a letter too many, missing, wrong, or two swapped
(Damerau, "A technique for computer detection and correction of spelling errors", 1964). The terms of the index are
compared at the question; of 30,000 a length and letter filter leaves some hundreds (20 ms, only for a typo).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_SHORTEST = 4
_TWO_FROM = 8


def missing(database: sqlite3.Connection, terms: Iterable[str]) -> list[str]:
    """Return the terms that no chunk has."""
    known = "SELECT 1 FROM words WHERE word = ?"
    return [term for term in terms if database.execute(known, (term,)).fetchone() is None]


def nearest(database: sqlite3.Connection, word: str) -> str:
    """Return the term of the index that was probably meant, of equally near ones the most frequent; or nothing."""
    if len(word) < _SHORTEST or word.isdigit():
        return ""
    most = 2 if len(word) >= _TWO_FROM else 1
    letters = set(word)
    best = (most + 1, 0, "")
    rows = database.execute(
        "SELECT word, chunks FROM words WHERE length(word) BETWEEN ? AND ?", (len(word) - most, len(word) + most)
    )
    for term, count in rows:
        if len(letters.symmetric_difference(term)) > 2 * most:
            continue
        slips = distance(word, term, most)
        if slips <= most:
            # The first letter is rarely wrong (Pollock and Zamora, "Automatic spelling correction", 1984).
            best = min(best, (slips + 0.5 * (term[0] != word[0]), -count, term))
    return best[2]


def by_prefix(database: sqlite3.Connection, word: str) -> str:
    """Return the most frequent term that begins with a word, empty without one."""
    if len(word) < _SHORTEST - 1:
        return ""
    row = database.execute(
        "SELECT word FROM words WHERE word >= ? AND word < ? ORDER BY chunks DESC, word LIMIT 1",
        (word, word + "\U0010ffff"),
    ).fetchone()
    return str(row[0]) if row else ""


def distance(one: str, other: str, most: int) -> int:
    """Return how many slips lie between two words, or `most` + 1 when there are more.

    >>> distance("hadnler", "handler", 2), distance("router", "rooter", 2), distance("abc", "xyz", 2)
    (1, 1, 3)
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before = before, row
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
