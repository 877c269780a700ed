"""Packs the best chunks for a question into a budget of tokens, as context for a model.

The chunks are taken whole, in the order of the ranking, the best one of each file before a second of any; one that does
not fit is left out, and smaller ones after it may fill its place. Chunks side by side in a file become one part.
"""

from __future__ import annotations

from itertools import islice

from boombap.ctx.answers.filter import ANY, Filter
from boombap.ctx.answers.search import ranked_hits
from boombap.ctx.budget import count_tokens
from boombap.ctx.model import Skipped, line_range
from boombap.errors import UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.model import Hit
    from boombap.ctx.repository.texts import Reader

# With 1 a right file is within 2,000 tokens for 98.9 % of the development questions and 98.1 % of our own, after 339
# and 445 tokens on average; with 2 for 98.4 and 98.1 %, after 419 and 503 (benchmarks/ctx_relevance.py, November 2026).
_FIRST_OF_FILE = 1
_MOST_BETWEEN = 3
_FEWEST_CHUNKS = 100
_CHUNK_TOKENS = 20
"""A budget is filled from at least 100 chunks, and from one for each 20 tokens: few are shorter."""


class PackedPart(Record):
    """Lines of a file that answer a question.

    Attributes:
        path: relative to the root.
        start_line: counted from 1.
        end_line: its last line.
        symbol: what its best chunk defines, with its scope; empty outside any definition.
        kind: of that definition.
        score: of its best chunk; comparable within one answer only.
        tokens: of its header, its text and the empty line after it.
        text: the lines, with secrets masked.
    """

    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    score: float
    tokens: int
    text: str


class Pack(Record):
    """The best chunks for a question within a budget.

    Attributes:
        budget: in tokens.
        tokens: of all parts.
        left_out: how many of the ranked chunks did not fit.
        parts: the best first.
    """

    budget: int
    tokens: int
    left_out: int
    parts: tuple[PackedPart, ...]


def pack(
    index: Index,
    query: str,
    budget: int,
    *,
    only: Filter = ANY,
    on_correction: Callable[[str, str], None] | None = None,
    reader: Reader | None = None,
) -> Pack:
    """Return the best chunks for a query within a budget.

    Args:
        index: of the tree that is searched.
        query: words, an identifier, or a text in double quotes.
        budget: in tokens, as `budget` estimates them.
        only: which files may answer.
        on_correction: told of each misspelt word and what was searched for instead.
        reader: reads the files; its notes say which could not be read, so that their chunks are not packed.

    Raises:
        UsageError: when chunks answer and not one of them fits.
    """
    limit = max(_FEWEST_CHUNKS, budget // _CHUNK_TOKENS)
    reader = reader or index.reader()
    ranked = ranked_hits(index, query, limit=limit, only=only, on_correction=on_correction, reader=reader)
    hits = list(islice(ranked, limit))
    parts = _Parts(reader, budget)
    left_out = sum([not parts.add(hit) for hit in _spread(hits)])
    if hits and not parts.parts:
        raise UsageError(
            f"no answer fits into {budget:,} tokens", hint=f"the best one needs a budget of {parts.tokens_of(hits[0])}"
        )
    return Pack(budget, parts.tokens, left_out, tuple(parts.parts))


def header(part: PackedPart, path: str = "") -> str:
    """Return the line above the text of a part, its path as given or from the root.

    >>> header(PackedPart("a.py", 1, 9, "Pool", "class", 1.0, 0, ""))
    'a.py:1-9  Pool class'
    """
    lines = line_range(part.start_line, part.end_line)
    return f"{path or part.path}:{lines}  {part.symbol}{' ' * bool(part.symbol)}{part.kind}"


def _spread(hits: Iterable[Hit]) -> list[Hit]:
    """Return the first hits of each file, then the others, each in the order of the ranking."""
    counts: dict[str, int] = {}
    first: list[Hit] = []
    others: list[Hit] = []
    for hit in hits:
        counts[hit.path] = counts.get(hit.path, 0) + 1
        (first if counts[hit.path] <= _FIRST_OF_FILE else others).append(hit)
    return first + others


class _Parts:
    """What was packed so far, and how many tokens it takes."""

    def __init__(self, reader: Reader, budget: int) -> None:
        self.parts: list[PackedPart] = []
        self.tokens = 0
        self._reader = reader
        self._budget = budget

    def add(self, hit: Hit) -> bool:
        """Add a chunk, joined with the parts beside it; tells whether it fits."""
        beside = [part for part in self.parts if _are_adjacent(part, hit)]
        part = self._joined(hit, beside)
        tokens = self.tokens + part.tokens - sum(other.tokens for other in beside)
        if tokens > self._budget or not part.text:
            return False
        place = self.parts.index(beside[0]) if beside else len(self.parts)
        self.parts = [other for other in self.parts if other not in beside]
        self.parts.insert(place, part)
        self.tokens = tokens
        return True

    def tokens_of(self, hit: Hit) -> int:
        """Return the tokens that a chunk takes alone."""
        return self._joined(hit, ()).tokens

    def _joined(self, hit: Hit, beside: Sequence[PackedPart]) -> PackedPart:
        start = min([hit.start_line, *(part.start_line for part in beside)])
        end = max([hit.end_line, *(part.end_line for part in beside)])
        best = beside[0] if beside else hit
        lines = self._reader.part(hit.path, start, end)
        text = "" if isinstance(lines, Skipped) else "\n".join(lines)
        part = PackedPart(hit.path, start, end, best.symbol, best.kind, best.score, 0, text)
        return part.replace(tokens=count_tokens(f"{header(part)}\n{text}\n"))


def _are_adjacent(part: PackedPart, hit: Hit) -> bool:
    between = max(part.start_line, hit.start_line) - min(part.end_line, hit.end_line) - 1
    return part.path == hit.path and between <= _MOST_BETWEEN
