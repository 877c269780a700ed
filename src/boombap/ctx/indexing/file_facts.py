"""What the index says of one file: its language, its imports, and of each chunk its place, its names and its words.

Plain values only, so that another process can find them out (`reading`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from boombap.ctx import term_vectors
from boombap.ctx.indexing import chunks, labels, postings, vectors
from boombap.ctx.model import HAS_CUT_LINES, IS_CONFIGURATION, IS_GENERATED, IS_PROSE, ONLY_REEXPORTS, Skipped
from boombap.ctx.repository import texts
from boombap.ctx.structure.languages import CONFIGURATION, MARKUP, PROSE, language_of
from boombap.ctx.structure.read import structure
from boombap.ctx.tokens import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.ctx.model import Chunk, Structure
    from boombap.ctx.repository.texts import Text

_FRONT = re.compile(r"(?:^|/)(?:__init__\.pyi?|index\.(?:[mc]?[jt]sx?))$")


class ChunkFacts(NamedTuple):
    """A chunk.

    Attributes:
        start: its first line, counted from 1.
        end: its last line.
        kind: of the first of its definitions.
        symbols: their names, separated by spaces.
        scope: the names around it, separated by dots.
        complexity: of its definitions.
        labels: the names, kinds and lines of its definitions (`labels`).
        vector: of its words (`term_vectors`).
        length: how many words it has.
        words: each of them with its byte (`postings.counts`).
    """

    start: int
    end: int
    kind: str
    symbols: str
    scope: str
    complexity: int
    labels: str
    vector: bytes
    length: int
    words: dict[str, int]


class FileFacts(NamedTuple):
    """A file.

    Attributes:
        crc: of its bytes.
        masks: which of its lines are masked (`masked_lines`).
        language: in which it is written.
        flags: what decides how much it counts (`model`).
        lines: how many it has.
        imports: what it imports, one per line.
        parsed: grammar or lines.
        vector: of its chunks together.
        chunks: what the index says of each.
    """

    crc: int
    masks: str | None
    language: str
    flags: int
    lines: int
    imports: str
    parsed: str
    vector: bytes
    chunks: tuple[ChunkFacts, ...]


def read(root: str, path: str, known_crc: int | None) -> FileFacts | Skipped | None:
    """Return what the index says of a file, why it says nothing, or None where its bytes have not changed.

    Args:
        root: the top of the tree.
        path: relative to it.
        known_crc: of the bytes that the index has seen, None for a file that is new.
    """
    text = texts.read(root, path)
    if isinstance(text, Skipped):
        return text
    return None if text.crc == known_crc else of_text(path, text)


def of_text(path: str, text: Text) -> FileFacts:
    """Return what the index says of a file with a text."""
    language = language_of(path, text.lines[0])
    found = structure(language, text.lines)
    of_path = list(dict.fromkeys(terms(path)))
    of_chunks = [_of_chunk(path, of_path, chunk, text.lines) for chunk in chunks.chunks(text.lines, found)]
    return FileFacts(
        text.crc,
        text.masks,
        language,
        _flags(path, language, text, found),
        text.count,
        "\n".join(found.imports),
        found.parsed,
        term_vectors.mean([chunk.vector for chunk in of_chunks]),
        tuple(of_chunks),
    )


def _of_chunk(path: str, of_path: Sequence[str], chunk: Chunk, lines: Sequence[str]) -> ChunkFacts:
    doc, body = _split(chunk, lines)
    names = {"path": of_path, "symbol": _terms(chunk.symbols), "scope": _terms(chunk.scope)}
    return ChunkFacts(
        chunk.start,
        chunk.end,
        chunk.kind,
        " ".join(chunk.symbols),
        ".".join(chunk.scope),
        chunk.complexity,
        labels.of_chunk(chunk),
        vectors.of_chunk(path, chunk, doc, body),
        len(doc) + len(body) + sum(map(len, names.values())),
        postings.counts(names, doc + body),
    )


def _flags(path: str, language: str, text: Text, found: Structure) -> int:
    return (
        IS_GENERATED * text.is_generated
        | HAS_CUT_LINES * text.is_cut
        | IS_PROSE * (language in PROSE or language in MARKUP)
        | IS_CONFIGURATION * (language in CONFIGURATION)
        | ONLY_REEXPORTS * (bool(_FRONT.search(path)) and not _defines(found))
    )


def _defines(found: Structure) -> bool:
    """Tell whether a module defines something of its own; `__all__` and a lazy `__getattr__` only pass names on."""
    return any(not one.name.startswith("__") for one in found.definitions)


def _split(chunk: Chunk, lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the terms of a chunk's comments and those of its other lines."""
    if not chunk.docs:
        return [], terms("\n".join(lines[chunk.start - 1 : chunk.end]))
    numbered = range(chunk.start, chunk.end + 1)
    doc = "\n".join(lines[at - 1] for at in numbered if at in chunk.docs)
    body = "\n".join(lines[at - 1] for at in numbered if at not in chunk.docs)
    return terms(doc), terms(body)


def _terms(names: Iterable[str]) -> list[str]:
    return [term for name in names for term in terms(name)]
