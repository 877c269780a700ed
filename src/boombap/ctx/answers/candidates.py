"""Which chunks are ranked for a question: the best by BM25, and where the asked symbols are defined.

A name that hundreds of tests use would keep its definition out of the best by BM25 alone; so definitions are looked up
beside them, those outside tests and examples first.
"""

from __future__ import annotations

from math import log

from boombap.ctx.answers.filter import kept_files
from boombap.ctx.ranking import score
from boombap.ctx.tokens import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.ctx.answers.filter import Filter
    from boombap.ctx.indexing.index import Index
    from boombap.ctx.ranking.score import CandidateRow, Question, Weights

MOST_TERMS = 64
_MOST_DEFINITIONS = 100
_SQL = """
SELECT found.id, -found.bm25, file, path, start, stop, kind, symbols, scope, complexity, flags,
    files.rank, commits, changed_s, chunks.vector, files.vector
FROM (
    SELECT rowid AS id, bm25(postings, ?, ?, ?, ?, ?) AS bm25 FROM postings WHERE postings MATCH ?
    ORDER BY bm25 LIMIT ?
) AS found JOIN chunks ON chunks.id = found.id JOIN files ON files.id = file
"""
_NAMED_SQL = """
SELECT chunks.id, 0.0, file, files.path, start, stop, kind, symbols, chunks.scope, complexity, flags,
    files.rank, commits, changed_s, chunks.vector, files.vector
FROM postings JOIN chunks ON chunks.id = postings.rowid JOIN files ON files.id = file WHERE postings MATCH ?
"""
# The plus keeps SQLite from asking FTS5 once per chunk.
_BM25_SQL = """
SELECT rowid, -bm25(postings, ?, ?, ?, ?, ?) FROM postings
WHERE postings MATCH ? AND +rowid IN (SELECT value FROM json_each(?))
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
    match = _match(asked, exact)
    columns = (weights.path, weights.symbol, weights.scope, weights.doc, weights.body)
    kept = kept_files(index, only) if only else None
    limit = -1 if only or exact else weights.candidates
    rows = _kept(map(score.row_of, index.database.execute(_SQL, (*columns, match, limit))), kept)
    if exact:
        return rows
    best = rows[: weights.candidates]
    if len(best) < weights.candidates or not asked.symbols:
        return best
    known = {row.chunk for row in best}
    named = [row for row in _kept(_definitions(index, asked), kept) if row.chunk not in known]
    named.sort(key=lambda row: (-score.penalty(row, asked, weights), row.path, row.start))
    return best + _with_bm25(index, named[:_MOST_DEFINITIONS], columns, match)


def rarity(index: Index, words: Iterable[str]) -> dict[str, float]:
    """Return the inverse document frequency of each word, the logarithm of all chunks over those that hold it."""
    (chunks,) = index.database.execute("SELECT count(*) FROM chunks").fetchone()
    known = "SELECT doc FROM vocabulary WHERE term = ?"
    counts = {word: index.database.execute(known, (word,)).fetchone() for word in words}
    return {word: log((chunks + 1) / (count[0] if count else 1)) for word, count in counts.items()}


def _match(asked: Question, exact: Sequence[str]) -> str:
    match = " OR ".join(f'"{term}"' for term in asked.terms[:MOST_TERMS])
    for text in exact:
        needed = [f'"{term}"' for term in dict.fromkeys(terms(text))]
        match = f"({match}) AND {' AND '.join(needed)}" if needed else match
    return match


def _kept(rows: Iterable[CandidateRow], files: set[int] | None) -> list[CandidateRow]:
    return [row for row in rows if files is None or row.file in files]


def _definitions(index: Index, asked: Question) -> list[CandidateRow]:
    match = "symbol : (" + " OR ".join(map(_named, sorted(asked.symbols)[:MOST_TERMS])) + ")"
    rows = map(score.row_of, index.database.execute(_NAMED_SQL, (match,)))
    return [row for row in rows if score.defines(row, asked)]


def _named(symbol: str) -> str:
    """Return the match of a symbol: a compound is one term as it is, a word its stem, a CJK name all of its pairs."""
    parts = " AND ".join(f'"{term}"' for term in terms(symbol))
    return f'("{symbol}" OR ({parts}))'


def _with_bm25(
    index: Index, rows: Sequence[CandidateRow], columns: tuple[float, ...], match: str
) -> list[CandidateRow]:
    if not rows:
        return []
    numbers = "[" + ",".join(str(row.chunk) for row in rows) + "]"
    bm25 = dict(index.database.execute(_BM25_SQL, (*columns, match, numbers)))
    return [row.replace(bm25=bm25[row.chunk]) for row in rows if row.chunk in bm25]
