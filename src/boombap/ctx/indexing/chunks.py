"""Cuts a file into chunks on the borders of its definitions.

A definition of at most `LARGEST` characters stays whole. A longer one gives its head, then each inner definition, and
is cut at blank lines where it has none. Neighbours of one scope under `SMALL` characters are merged.
"""

from __future__ import annotations

from boombap.ctx.model import Chunk
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.ctx.model import Definition, Structure

LARGEST = 1_500
SMALL = 400
_MOST_SYMBOLS = 40
# Of merged neighbours the one that says most gives the kind, and the name where the question asks for none of them.
_LEADING = tuple("class type impl module function method macro resource section key constant prototype".split())


class _Piece(Record):
    start: int
    end: int
    kind: str
    definitions: tuple[Definition, ...]
    scope: tuple[str, ...]
    complexity: int


class _Node:
    """A definition and those inside it."""

    __slots__ = ("children", "definition")

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.children: list[_Node] = []

    def definitions(self) -> Iterator[Definition]:
        yield self.definition
        for child in self.children:
            yield from child.definitions()


def chunks(lines: Sequence[str], structure: Structure) -> list[Chunk]:
    """Return the chunks of a file in the order of their lines; together they cover every line with text, once."""
    sizes = _Sizes(lines)
    pieces = list(_cut(1, len(lines), _tree(structure.definitions), (), sizes))
    docs = _doc_lines(structure.definitions)
    return [
        Chunk(
            one.start,
            one.end,
            one.kind,
            one.definitions[:_MOST_SYMBOLS],
            one.scope,
            docs & frozenset(range(one.start, one.end + 1)),
            one.complexity,
        )
        for one in _merged(pieces, sizes)
    ]


class _Sizes:
    """How many characters a range of lines has, in constant time."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._sums = [0]
        for line in lines:
            self._sums.append(self._sums[-1] + len(line) + 1)

    def of(self, start: int, end: int) -> int:
        return self._sums[end] - self._sums[start - 1] if end >= start else 0

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        while start <= end and not self.lines[start - 1].strip():
            start += 1
        while end >= start and not self.lines[end - 1].strip():
            end -= 1
        return start, end


def _tree(definitions: Sequence[Definition]) -> list[_Node]:
    roots: list[_Node] = []
    open_: list[_Node] = []
    reached = 0
    for one in sorted(definitions, key=lambda one: (one.start, -one.end)):
        while open_ and one.start > open_[-1].definition.end:
            open_.pop()
        if (open_ and one.end > open_[-1].definition.end) or (not open_ and one.start <= reached):
            continue
        node = _Node(one)
        (open_[-1].children if open_ else roots).append(node)
        open_.append(node)
        reached = max(reached, one.end)
    return roots


def _cut(start: int, end: int, nodes: Sequence[_Node], scope: tuple[str, ...], sizes: _Sizes) -> Iterator[_Piece]:
    at = start
    for node in nodes:
        one = node.definition
        if one.start < at:
            continue
        yield from _text(at, one.start - 1, scope, sizes)
        yield from _of_definition(node, scope, sizes)
        at = one.end + 1
    yield from _text(at, end, scope, sizes)


def _text(start: int, end: int, scope: tuple[str, ...], sizes: _Sizes) -> Iterator[_Piece]:
    start, end = sizes.trimmed(start, end)
    for first, last in _windows(start, end, sizes):
        yield _Piece(first, last, "text", (), scope, 0)


def _of_definition(node: _Node, scope: tuple[str, ...], sizes: _Sizes) -> Iterator[_Piece]:
    one = node.definition
    if sizes.of(one.start, one.end) <= LARGEST:
        yield _Piece(one.start, one.end, one.kind, tuple(node.definitions()), scope, one.complexity)
        return
    if not node.children:
        for first, last in _windows(one.start, one.end, sizes):
            yield _Piece(first, last, one.kind, (one,), scope, one.complexity)
        return
    head_end = max(one.start, node.children[0].definition.start - 1)
    for first, last in _windows(one.start, head_end, sizes):
        yield _Piece(first, last, one.kind, (one,), scope, one.complexity)
    yield from _cut(head_end + 1, one.end, node.children, (*scope, one.name), sizes)


def _windows(start: int, end: int, sizes: _Sizes) -> Iterator[tuple[int, int]]:
    """Cut a range at blank lines into parts of at most `LARGEST` characters; a longer line is a part of its own."""
    first = start
    while first <= end:
        last = first
        blank = 0
        while last < end and sizes.of(first, last + 1) <= LARGEST:
            last += 1
            if not sizes.lines[last - 1].strip() and sizes.of(first, last) > SMALL:
                blank = last
        if last < end and blank:
            last = blank
        trimmed = sizes.trimmed(first, last)
        if trimmed[0] <= trimmed[1]:
            yield trimmed
        first = last + 1


def _merged(pieces: Sequence[_Piece], sizes: _Sizes) -> Iterator[_Piece]:
    held: _Piece | None = None
    for piece in pieces:
        if held is None:
            held = piece
            continue
        is_small = sizes.of(held.start, held.end) < SMALL and sizes.of(piece.start, piece.end) < SMALL
        if (
            is_small
            and "resource" not in (held.kind, piece.kind)
            and held.scope == piece.scope
            and sizes.of(held.start, piece.end) <= LARGEST
        ):
            held = _joined(held, piece)
            continue
        yield held
        held = piece
    if held is not None:
        yield held


def _joined(piece: _Piece, following: _Piece) -> _Piece:
    leading, other = (piece, following) if _place(piece.kind) <= _place(following.kind) else (following, piece)
    return _Piece(
        piece.start,
        following.end,
        leading.kind,
        leading.definitions + other.definitions,
        piece.scope,
        max(piece.complexity, following.complexity),
    )


def _place(kind: str) -> int:
    return _LEADING.index(kind) if kind in _LEADING else len(_LEADING)


def _doc_lines(definitions: Sequence[Definition]) -> frozenset[int]:
    found: set[int] = set()
    for one in definitions:
        if one.doc_end:
            found.update(range(one.start, one.doc_end + 1))
        if one.inner_doc[0]:
            found.update(range(one.inner_doc[0], one.inner_doc[1] + 1))
    return frozenset(found)
