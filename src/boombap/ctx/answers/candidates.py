"""Which chunks are ranked for a question: the best by BM25, and where the asked symbols are defined.

A name that hundreds of tests use would keep its definition out of the best by BM25 alone; so definitions are looked up
beside them, those outside tests and examples first.
"""

from __future__ import annotations

from math import log

from boombap.ctx.answers import matching
from boombap.ctx.answers.filter import kept_chunks
from boombap.ctx.indexing import postings
from boombap.ctx.ranking import score
from boombap.ctx.tokens import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from boombap.ctx.answers.filter import Filter
    from boombap.ctx.indexing.index import Index
    from boombap.ctx.ranking.score import CandidateRow, Question, Weights

MOST_TERMS = 64
_MOST_DEFINITIONS = 100
_SQL = """
SELECT chunks.id, file, path, start, stop, kind, symbols, scope, complexity, flags, files.rank, commits, changed_s,
    chunks.vector, files.vector
FROM chunks JOIN files ON files.id = file WHERE chunks.id IN (SELECT value FROM json_each(?))
"""


def candidates(
    index: Index, asked: Question, weights: Weights, only: Filter, exact: Sequence[str]
) -> list[CandidateRow]:
    """Return the chunks to rank.

    Args:
        index: of the tree that is searched.
        asked: the question; it has terms.
        weights: of the ranking.
        only: which files may answer.
        exact: texts that an answer holds as written; their terms must all be in it.
    """
    scores = matching.bm25(index.database, asked.terms[:MOST_TERMS])
    if only:
        scores = _within(scores, kept_chunks(index, only))
    needed = [term for text in exact for term in terms(text)]
    if needed:
        scores = _within(scores, matching.holding(index.database, needed))
    if exact:
        return _rows(index, scores, scores)
    best = matching.best(scores, weights.candidates)
    rest = scores.keys() - set(best)
    named = _rows(index, rest & _naming(index, asked), scores) if rest and asked.symbols else []
    defined = [row for row in named if score.defines(row, asked)]
    defined.sort(key=lambda row: (-score.penalty(row, asked, weights), row.path, row.start))
    return _rows(index, best, scores) + defined[:_MOST_DEFINITIONS]


def rarity(index: Index, words: Iterable[str]) -> dict[str, float]:
    """Return the inverse document frequency of each word, the logarithm of all chunks over those that hold it."""
    (chunks,) = index.database.execute("SELECT count(*) FROM chunks").fetchone()
    counts = {word: postings.chunks_with(index.database, word) for word in words}
    return {word: log((chunks + 1) / (count or 1)) for word, count in counts.items()}


def _within(scores: Mapping[int, float], chunks: AbstractSet[int]) -> dict[int, float]:
    return {chunk: score for chunk, score in scores.items() if chunk in chunks}


def _naming(index: Index, asked: Question) -> set[int]:
    """Return chunks whose names hold an asked symbol: a compound is one term, a CJK name all of its pairs."""
    asked_symbols = sorted(asked.symbols)[:MOST_TERMS]
    spellings = [names for symbol in asked_symbols for names in ([symbol], terms(symbol))]
    return {chunk for names in spellings for chunk in matching.naming(index.database, names)}


def _rows(index: Index, chunks: Collection[int], scores: Mapping[int, float]) -> list[CandidateRow]:
    """Return the chunks that are still there, in the order of their numbers."""
    rows = index.database.execute(_SQL, ("[" + ",".join(map(str, chunks)) + "]",))
    return [score.row_of((number, scores[number], *rest)) for number, *rest in rows]
