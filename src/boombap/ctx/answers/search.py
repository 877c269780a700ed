"""Answers a question from an index: candidates by BM25, the ranking of `score`, and the lines themselves.

A query is read by `tokens` only: what is looked up are terms of letters and digits. A text in double quotes must be in
the lines exactly as written.
"""

from __future__ import annotations

import re

from boombap.ctx.answers.candidates import candidates, rarity
from boombap.ctx.answers.corrections import corrected
from boombap.ctx.answers.filter import ANY, Filter
from boombap.ctx.answers.joining import joined
from boombap.ctx.indexing import labels
from boombap.ctx.model import Hit, Skipped
from boombap.ctx.ranking import score
from boombap.ctx.ranking.score import WEIGHTS
from boombap.ctx.tokens import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.ranking.score import CandidateRow, Question, Scored, Weights
    from boombap.ctx.repository.texts import Reader

_QUOTED = re.compile(r'"([^"]+)"')
_LONGEST_QUERY = 10_000
_SNIPPET_LINES = 12


def search(
    index: Index,
    query: str,
    *,
    limit: int = 10,
    weights: Weights = WEIGHTS,
    only: Filter = ANY,
    on_correction: Callable[[str, str], None] | None = None,
    ignore_case: bool = False,
    reader: Reader | None = None,
) -> list[Hit]:
    """Return the best answers to a query, the best first; those side by side in a file are one.

    Args:
        index: of the tree that is searched.
        query: words, an identifier, or a text in double quotes.
        limit: the most answers.
        weights: of the ranking.
        only: which files may answer.
        on_correction: told of each misspelt word and what was searched for instead.
        ignore_case: whether a quoted text matches in any case, as single words always do.
        reader: reads the files; its notes say which could not be read, so that their chunks are not answers.
    """
    hits = ranked_hits(
        index,
        query,
        limit=limit,
        weights=weights,
        only=only,
        on_correction=on_correction,
        ignore_case=ignore_case,
        reader=reader,
    )
    return joined(hits, limit)


def ranked_hits(
    index: Index,
    query: str,
    *,
    limit: int,
    weights: Weights = WEIGHTS,
    only: Filter = ANY,
    on_correction: Callable[[str, str], None] | None = None,
    ignore_case: bool = False,
    reader: Reader | None = None,
) -> Iterator[Hit]:
    """Yield every chunk that answers a query, the best first; `reader` reads the files, the rest is as in `search`.

    A text in quotes without any word is looked for line by line: then each line is an answer, `limit` at most.
    """
    reader = reader or index.reader()
    query = query[:_LONGEST_QUERY]
    exact = _QUOTED.findall(query)
    asked = corrected(index, query, score.question(query.replace('"', " ")), exact, on_correction)
    if exact and not asked.terms:
        from boombap.ctx.answers.grep import grep  # a process of its own, for a text without any word only

        yield from grep(
            index, "|".join(map(re.escape, exact)), limit=limit, only=only, ignore_case=ignore_case, reader=reader
        )
    if not asked.terms:
        return
    asked = asked.replace(rarity=rarity(index, asked.words))
    rows = candidates(index, asked, weights, only, exact)
    ranked = score.ranked(rows, asked, weights, int(index.fact("now_s") or 0))
    phrases = [re.compile(re.escape(text), re.IGNORECASE if ignore_case else 0) for text in exact]
    for scored in ranked:
        if (hit := _hit(index, reader, scored, asked, phrases)) is not None:
            yield hit


def _hit(
    index: Index, reader: Reader, scored: Scored, asked: Question, phrases: Sequence[re.Pattern[str]]
) -> Hit | None:
    row = scored.row
    lines = reader.part(row.path, row.start, row.stop)
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
