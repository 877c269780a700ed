"""Which chunks hold the words of a question, and how well by BM25."""

from __future__ import annotations

from heapq import nlargest
from math import log

from boombap.ctx.indexing import postings

_LEAST = 0.3

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet


def bm25(database: sqlite3.Connection, words: Iterable[str]) -> dict[int, float]:
    """Return the score of each chunk that holds one of some words.

    The formula and its inverse document frequency are those of Robertson and Zaragoza, "The probabilistic relevance
    framework: BM25 and beyond", 2009. A word in half of the chunks or more, in a tree of few chunks every word, would
    count nothing; it counts a little, by the formula of Lucene, which is never 0.
    """
    total = written(database)
    scores: dict[int, float] = {}
    known = scores.get
    for word in words:
        count = postings.chunks_with(database, word)
        odds = (total - count + 0.5) / (count + 0.5)
        rarity = max(log(odds), _LEAST * log(1 + odds))
        values = [rarity * impact for impact in postings.IMPACTS]
        for chunk, impact in postings.raw(database, word):
            scores[chunk] = known(chunk, 0.0) + values[impact]
    return scores


def best(scores: dict[int, float], limit: int) -> list[int]:
    """Return the chunks of the highest scores, the highest first; of equal ones those with the lowest number."""
    chosen = nlargest(limit, scores.items(), key=lambda item: (item[1], -item[0]))
    return [chunk for chunk, score in chosen if score > 0]


def holding(database: sqlite3.Connection, words: Iterable[str]) -> AbstractSet[int]:
    """Return the chunks that hold all of some words; none for no words."""
    by_word = [{chunk for chunk, _ in postings.read(database, word)} for word in words]
    return set.intersection(*by_word) if by_word else set()


def naming(database: sqlite3.Connection, words: Iterable[str]) -> AbstractSet[int]:
    """Return the chunks in the names of whose definitions all of some words occur; none for no words."""
    by_word = [{chunk for chunk, impact in postings.raw(database, word) if impact & 1} for word in words]
    return set.intersection(*by_word) if by_word else set()


def written(database: sqlite3.Connection) -> int:
    """Return how many chunks were ever indexed, those that are gone too."""
    row = database.execute("SELECT value FROM meta WHERE name = 'written'").fetchone()
    return int(row[0]) if row else 0
