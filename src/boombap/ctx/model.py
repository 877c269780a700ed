"""What flows through `ctx`: files, definitions, chunks, and the hits a person gets to see."""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


IS_GENERATED = 1
IS_PROSE = 2
IS_CONFIGURATION = 4
ONLY_REEXPORTS = 8
HAS_CUT_LINES = 16
"""Flags of a file in the index, added up; what they mean for the rank is in `ranking.score`."""


class Skipped(Record):
    """A file that is not indexed.

    Attributes:
        path: relative to the root, with ``/``; bytes that are not UTF-8 are shown as escapes.
        reason: why, in a few words.
    """

    path: str
    reason: str


class Definition(Record):
    """A named part of a source file.

    Attributes:
        name: as it is written, for example ``RouterGroup``.
        kind: function, method, class, type, constant, module, section, key, or resource (of Kubernetes).
        start: its first line, counted from 1; doc comments and decorators above belong to it.
        end: its last line.
        doc_end: the last line of the doc comment above it; 0 without one.
        inner_doc: first and last line of the doc string inside it; (0, 0) without one.
        complexity: 1 plus the branches in it.
    """

    name: str
    kind: str
    start: int
    end: int
    doc_end: int = 0
    inner_doc: tuple[int, int] = (0, 0)
    complexity: int = 1


class Structure(Record):
    """What was found in one file.

    Attributes:
        definitions: outer before inner, in the order of their lines.
        imports: what the file imports, as it is written there.
        parsed: grammar, or lines where no grammar was at hand or the file does not parse.
    """

    definitions: Sequence[Definition] = ()
    imports: Sequence[str] = ()
    parsed: str = "lines"


class Chunk(Record):
    """The unit that is ranked: whole definitions, or a part of a long one.

    Attributes:
        start: first line, counted from 1.
        end: last line.
        kind: of the first of its definitions; ``text`` outside any.
        definitions: what it defines, the one that says most first; or the one that it is a part of.
        scope: the enclosing names, outermost first.
        docs: the line numbers of doc comments in it.
        complexity: of its definitions.
    """

    start: int
    end: int
    kind: str
    definitions: tuple[Definition, ...]
    scope: tuple[str, ...]
    docs: frozenset[int]
    complexity: int

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the names of its definitions, each once."""
        return tuple(dict.fromkeys(definition.name for definition in self.definitions))


class Hit(Record):
    """One answer.

    Attributes:
        path: relative to the root, with ``/``.
        start_line: counted from 1.
        end_line: the last line that belongs to it.
        symbol: what is defined there, with its scope; empty outside any definition.
        kind: of that definition: function, method, class, type, impl, constant, macro, prototype, module, section,
            key or resource (of Kubernetes); ``text`` outside any, ``line`` for one that a regular expression matches.
        score: higher is better; comparable within one answer only.
        why: each part of the score with its value, the largest first.
        snippet: its lines, or of many those that say most, with secrets masked.
        snippet_line: the number of the snippet's first line.
    """

    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    score: float
    why: tuple[tuple[str, float], ...]
    snippet: str
    snippet_line: int


class SearchAnswer(Record):
    """The answer to a search, by either engine.

    Attributes:
        root: the top of the tree that was searched.
        query: as it was asked.
        hits: the best first.
        corrections: what was searched for in the place of each misspelt word.
        notes: what the answer lacks, and what it may be missing.
        is_complete: whether nothing is missing, so that an answer without hits is one.
        engine: ``native`` or ``classic``.
    """

    root: str
    query: str
    hits: Sequence[Hit]
    corrections: Mapping[str, str]
    notes: Sequence[str]
    is_complete: bool
    engine: str = "native"


class Limits(Record):
    """What bounds an index; the configuration's section ``ctx`` sets both.

    Attributes:
        files: the most files; those in deeper folders are left out first.
        size_mb: the most text, in megabytes.
    """

    files: int = 20_000
    size_mb: int = 200


def line_range(start: int, end: int) -> str:
    """Return the lines of a place, counted from 1.

    >>> line_range(3, 3), line_range(3, 9)
    ('3', '3-9')
    """
    return f"{start}-{end}" if end > start else str(start)
