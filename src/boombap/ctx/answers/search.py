"""Answers a question from an index: candidates by BM25, the ranking of `score`, and the lines themselves.

A query is read by `tokens` only: what reaches FTS5 are terms of letters and digits in quotes, so that no word of a
person is ever its syntax. A text in double quotes must be in the lines exactly as written.
"""

from __future__ import annotations

import re

from boombap.ctx.answers.filter import ANY, Filter, kept_files
from boombap.ctx.answers.grep import grep
from boombap.ctx.indexing import labels
from boombap.ctx.model import Hit, Skipped
from boombap.ctx.ranking import fuzzy, score
from boombap.ctx.ranking.score import WEIGHTS
from boombap.ctx.repository import files
from boombap.ctx.tokens import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.ranking.score import CandidateRow, Question, Scored, Weights

_QUOTED = re.compile(r'"([^"]+)"')
_MOST_TERMS = 64
_LONGEST_QUERY = 10_000
_SNIPPET_LINES = 12
_SQL = """
SELECT found.id, -found.bm25, file, path, start, stop, kind, symbols, scope, complexity, flags,
    files.rank, commits, changed_s, chunks.vector, files.vector
FROM (
    SELECT rowid AS id, bm25(postings, ?, ?, ?, ?, ?) AS bm25 FROM postings WHERE postings MATCH ?
    ORDER BY bm25 LIMIT ?
) AS found JOIN chunks ON chunks.id = found.id JOIN files ON files.id = file
"""


def search(
    index: Index,
    query: str,
    *,
    limit: int = 10,
    weights: Weights = WEIGHTS,
    only: Filter = ANY,
    on_correction: Callable[[str, str], None] | None = None,
    ignore_case: bool = False,
) -> list[Hit]:
    """Return the best answers to a query, the best first.

    Args:
        index: of the tree that is searched.
        query: words, an identifier, or a text in double quotes.
        limit: the most answers.
        weights: of the ranking.
        only: which files may answer.
        on_correction: told of each misspelt word and what was searched for instead.
        ignore_case: whether a quoted text matches in any case, as single words always do.
    """
    query = query[:_LONGEST_QUERY]
    exact = _QUOTED.findall(query)
    asked = _corrected(index, score.question(query.replace('"', " ")), exact, on_correction)
    if exact and not asked.terms:
        return grep(index, "|".join(map(re.escape, exact)), limit=limit, only=only, ignore_case=ignore_case)
    if not asked.terms:
        return []
    rows = _candidates(index, asked, weights, only, exact)
    candidates = score.ranked(rows, asked, weights, int(index.fact("now_s") or 0))
    phrases = [re.compile(re.escape(text), re.IGNORECASE if ignore_case else 0) for text in exact]
    hits = (hit for scored in candidates if (hit := _hit(index, scored, asked, phrases)) is not None)
    return [hit for _, hit in zip(range(limit), hits, strict=False)]


def _corrected(
    index: Index, asked: Question, exact: Sequence[str], on_correction: Callable[[str, str], None] | None
) -> Question:
    quoted = {term for text in exact for term in terms(text)}
    changes: dict[str, str] = {}
    absent = set(fuzzy.missing(index.database, asked.terms[:_MOST_TERMS]))
    for term in sorted(absent):
        # A quoted text is meant as it stands; a compound counts as a name that somebody wrote, or not at all.
        if term in quoted or term not in asked.words | asked.symbols:
            continue
        other = fuzzy.nearest(index.database, term) or fuzzy.by_prefix(index.database, term)
        if other:
            changes[term] = other
            if on_correction:
                on_correction(term, other)
    if not changes:
        return asked
    renamed = tuple(dict.fromkeys(changes.get(term, term) for term in asked.terms))
    words = frozenset(changes.get(word, word) for word in asked.words)
    named = {changes[word] for word in changes if asked.is_symbol or word in asked.symbols}
    symbols = asked.symbols | named
    return asked.replace(terms=renamed, words=words, symbols=symbols, corrected=changes)


def _candidates(
    index: Index, asked: Question, weights: Weights, only: Filter, exact: Sequence[str]
) -> list[CandidateRow]:
    match = " OR ".join(f'"{term}"' for term in asked.terms[:_MOST_TERMS])
    for text in exact:
        needed = [f'"{term}"' for term in dict.fromkeys(terms(text))]
        match = f"({match}) AND {' AND '.join(needed)}" if needed else match
    columns = (weights.path, weights.symbol, weights.scope, weights.doc, weights.body)
    limit = -1 if only or exact else weights.candidates
    rows = index.database.execute(_SQL, (*columns, match, limit))
    candidates = [score.row_of(row) for row in rows]
    if only:
        kept = kept_files(index, only)
        candidates = [row for row in candidates if row.file in kept][: weights.candidates]
    return candidates


def _hit(index: Index, scored: Scored, asked: Question, phrases: Sequence[re.Pattern[str]]) -> Hit | None:
    row = scored.row
    lines = files.read_part(index.root, row.path, row.start, row.stop)
    if isinstance(lines, Skipped):
        return None
    if phrases and not all(phrase.search("\n".join(lines)) for phrase in phrases):
        return None
    symbol, kind = _called(index, row, scored.symbol)
    why = tuple(
        sorted(((name, round(value, 3)) for name, value in scored.parts.items() if value), key=lambda part: -part[1])
    )
    before, snippet = _snippet(lines, asked)
    score = round(scored.score, 4)
    return Hit(row.path, row.start, row.stop, symbol, kind, score, why, snippet, row.start + before)


def _called(index: Index, row: CandidateRow, word: str) -> tuple[str, str]:
    """Return the name, with its scope, and the kind of the definition that a word of the chunk's symbols is part of."""
    if not word:
        return row.scope, row.kind
    (kept,) = index.database.execute("SELECT labels FROM chunks WHERE id = ?", (row.chunk,)).fetchone()
    name, kind = labels.named(kept, word)
    return labels.scoped(row.scope, name or word), kind or row.kind


def _snippet(lines: Sequence[str], asked: Question) -> tuple[int, str]:
    """Return the lines, or of many the window that holds most of the question; and how many are before them."""
    if len(lines) <= _SNIPPET_LINES:
        return 0, "\n".join(lines)
    wanted = set(asked.terms)
    counts = [len(wanted.intersection(terms(line))) for line in lines]
    sums = [sum(counts[start : start + _SNIPPET_LINES]) for start in range(len(lines) - _SNIPPET_LINES + 1)]
    before = sums.index(max(sums))
    return before, "\n".join(lines[before : before + _SNIPPET_LINES])
