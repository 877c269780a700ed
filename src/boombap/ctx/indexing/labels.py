"""What an answer is called: each chunk keeps the name, kind and lines of its definitions, one per line of a text.

A line says how far below the one before it begins, how many lines it has after its first, its kind, and its name. A
chunk that one definition fills needs none: its `symbols` and `kind` say the same.

>>> from boombap.ctx.model import Definition
>>> kept = joined([Definition("Pool", "class", 1, 9), Definition("acquire", "method", 3, 4)])
>>> named(kept, "acquire"), around(kept, 7)
(('Pool.acquire', 'method'), ('Pool', 'class'))
"""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.ctx.model import Chunk, Definition

_NONE = ("", "")
_LETTERS = {
    "function": "f", "method": "m", "class": "c", "type": "t", "impl": "i", "module": "o", "macro": "a",
    "constant": "n", "section": "s", "key": "k", "prototype": "p", "resource": "r",
}  # fmt: skip
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}


class Label(Record):
    """The name and place of a definition.

    Attributes:
        start: its first line, counted from 1.
        end: its last line.
        kind: function, method, class and so on.
        name: as it is written; spaces in a heading are single.
    """

    start: int
    end: int
    kind: str
    name: str


def of_chunk(chunk: Chunk) -> str:
    """Return the labels of a chunk as the index keeps them; empty for one that a single definition fills.

    Most chunks are such: without theirs the labels of this project take 4 % of the size of its text, with them 8 %.
    """
    if len(chunk.definitions) == 1:
        (only,) = chunk.definitions
        if only.start <= chunk.start and only.end >= chunk.end and len(only.name.split()) == 1:
            return ""
    return joined(chunk.definitions)


def joined(definitions: Iterable[Definition]) -> str:
    """Return the labels of definitions as a text."""
    before, lines = 0, []
    for one in definitions:
        kind = _LETTERS.get(one.kind, one.kind)
        lines.append(f"{one.start - before} {one.end - one.start} {kind} {' '.join(one.name.split())}")
        before = one.start
    return "\n".join(lines)


def read(kept: str) -> list[Label]:
    """Return the labels that a text of `joined` holds."""
    found, start = [], 0
    for line in filter(None, kept.split("\n")):
        after, length, kind, name = line.split(" ", 3)
        start += int(after)
        found.append(Label(start, start + int(length), _KINDS.get(kind, kind), name))
    return found


def named(kept: str, word: str) -> tuple[str, str]:
    """Return the name, with what is around it in the chunk, and the kind of the first definition named by a word."""
    labels = read(kept)
    return next((_qualified(label, labels) for label in labels if word in label.name.split()), _NONE)


def around(kept: str, line: int) -> tuple[str, str]:
    """Return the name and the kind of the innermost definition around a line, both empty outside any."""
    labels = read(kept)
    found = [label for label in labels if label.start <= line <= label.end]
    return _qualified(min(found, key=_length), labels) if found else _NONE


def scoped(scope: str, name: str) -> str:
    """Return a name with its scope before it, as in ``Pool.acquire``; either may be empty."""
    return f"{scope}.{name}" if scope and name else scope or name


def _qualified(label: Label, labels: Sequence[Label]) -> tuple[str, str]:
    outer = [
        other
        for other in labels
        if other.start <= label.start and other.end >= label.end and _length(other) > _length(label)
    ]
    outer.sort(key=_length, reverse=True)
    return ".".join(one.name for one in (*outer, label)), label.kind


def _length(label: Label) -> int:
    return label.end - label.start
