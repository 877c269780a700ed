"""Terms that the index does not have: the nearest that it has, by the slips that typing makes.

Candidates differ by at most one slip (4 to 7 letters) or two: a letter too many, missing, wrong, or two swapped
(Damerau, "A technique for computer detection and correction of spelling errors", 1964). The terms of the index are
compared at the question; of 233,000 in a large tree SQLite leaves some thousands, in 3 to 30 ms a word.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_SHORTEST = 4
_TWO_FROM = 8
_SAME_LETTER_SQL = "SELECT word, chunks FROM words WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ?"
_OTHERS_SQL = """
SELECT word, chunks FROM words
WHERE length(word) BETWEEN ? AND ? AND (instr(word, ?) OR instr(word, ?) OR instr(word, ?))
"""


def missing(database: sqlite3.Connection, terms: Iterable[str]) -> list[str]:
    """Return the terms that no chunk has."""
    known = "SELECT 1 FROM words WHERE word = ?"
    return [term for term in terms if database.execute(known, (term,)).fetchone() is None]


def nearest(database: sqlite3.Connection, word: str) -> str:
    """Return the term of the index that was probably meant, of equally near ones the most frequent; or nothing."""
    if len(word) < _SHORTEST or word.isdigit():
        return ""
    most = 2 if len(word) >= _TWO_FROM else 1
    lengths = (len(word) - most, len(word) + most)
    # The first letter is rarely wrong (Pollock and Zamora, "Automatic spelling correction", 1984): most slips are
    # found among the terms that share it, and one of those with one slip is nearer than any other term.
    best = _best(word, most, database.execute(_SAME_LETTER_SQL, (word[0], word[0] + "\U0010ffff", *lengths)))
    if best[0] > 1:
        best = min(best, _best(word, most, database.execute(_OTHERS_SQL, (*lengths, *_intact(word[2:], most)))))
    return best[2]


def _best(word: str, most: int, terms: Iterable[tuple[str, int]]) -> tuple[float, int, str]:
    """Return the nearest term: how far it is, in how many chunks, negative, and itself."""
    best = (most + 1.0, 0, "")
    letters = set(word)
    for term, count in terms:
        if len(letters.symmetric_difference(term)) <= 2 * most:
            slips = distance(word, term, most)
            if slips <= most:
                best = min(best, (slips + 0.5 * (term[0] != word[0]), -count, term))
    return best


def _intact(rest: str, most: int) -> tuple[str, str, str]:
    """Return three texts one of which is in every term that begins with another letter.

    One slip is at the beginning then. Of what follows the second letter nothing is touched, or one slip is: it leaves
    one half whole, or it swaps the letters where the halves meet.
    """
    if most == 1:
        return rest, rest, rest
    half = len(rest) // 2
    return rest[:half], rest[half:], rest[: half - 1] + rest[half] + rest[half - 1] + rest[half + 1 :]


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
