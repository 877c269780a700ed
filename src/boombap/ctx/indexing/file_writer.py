"""What the index holds of one file: its row, its chunks, and what their words say."""

from __future__ import annotations

import re

from boombap.ctx import term_vectors
from boombap.ctx.indexing import chunks, labels, postings, vectors
from boombap.ctx.model import IS_CONFIGURATION, IS_GENERATED, IS_PROSE, ONLY_REEXPORTS
from boombap.ctx.structure.languages import CONFIGURATION, MARKUP, PROSE, language_of
from boombap.ctx.structure.read import structure
from boombap.ctx.tokens import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from boombap.ctx.model import Chunk, Structure
    from boombap.ctx.repository.files import Text

_FRONT = re.compile(r"(?:^|/)(?:__init__\.pyi?|index\.(?:[mc]?[jt]sx?))$")
# Beyond this share of postings whose chunk is gone, the statistics behind BM25 are off.
_MOST_GHOSTS = 0.2


class FileWriter:
    """Writes files into an index, and takes them out.

    Attributes:
        database: the index, open for writing.
    """

    def __init__(self, database: sqlite3.Connection, facts: Mapping[str, object]) -> None:
        self.database = database
        self._postings = postings.Writer(database, facts)

    @property
    def facts(self) -> dict[str, object]:
        """Return what the next writer has to know."""
        return self._postings.facts

    def is_worn(self, living: int) -> bool:
        """Tell whether so many chunks changed or came that an index from nothing gives better answers."""
        chunks = self._postings.chunks
        return chunks - living > _MOST_GHOSTS * chunks or self._postings.is_off

    def write(self, path: str, stamp: tuple[int, int], text: Text, *, number: int | None) -> None:
        """Write a file, in the place of what the index held of it.

        Args:
            path: relative to the root.
            stamp: its size in bytes, and when it changed in nanoseconds.
            text: what is in it.
            number: of the row that it has, None for one that is new.
        """
        if number is not None:
            self._forget_chunks(number)
        language = language_of(path, text.lines[0])
        found = structure(language, text.lines)
        row = (
            number, path, *stamp, text.crc, language, _flags(path, language, text, found), len(text.lines),
            "\n".join(found.imports), found.parsed,
        )  # fmt: skip
        number = self.database.execute(
            """INSERT OR REPLACE INTO files (id, path, size, mtime_ns, crc, language, flags, lines, imports, parsed)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            row,
        ).lastrowid
        assert number is not None, "an INSERT has a row"
        self._write_chunks(number, path, text.lines, found)

    def forget(self, number: int) -> None:
        """Take a file out: its row, its chunks, and which commits touched it."""
        self._forget_chunks(number)
        self.database.execute("DELETE FROM touched WHERE file = ?", (number,))
        self.database.execute("DELETE FROM files WHERE id = ?", (number,))

    def flush(self) -> None:
        """Write what the words of all files say."""
        self._postings.flush()

    def _forget_chunks(self, number: int) -> None:
        self.database.execute(
            """DELETE FROM chunks WHERE id BETWEEN
            (SELECT first_chunk FROM files WHERE id = ?1) AND (SELECT last_chunk FROM files WHERE id = ?1)""",
            (number,),
        )

    def _write_chunks(self, number: int, path: str, lines: Sequence[str], found: Structure) -> None:
        of_path = list(dict.fromkeys(terms(path)))
        first = self._postings.chunks + 1
        of_chunks = []
        for chunk in chunks.chunks(lines, found):
            doc, body = _split(chunk, lines)
            names = {"path": of_path, "symbol": _terms(chunk.symbols), "scope": _terms(chunk.scope)}
            at = self._postings.add(names, doc + body)
            of_chunks.append(vectors.of_chunk(path, chunk, doc, body))
            row = (at, number, chunk.start, chunk.end, chunk.kind, " ".join(chunk.symbols), ".".join(chunk.scope))
            self.database.execute(
                "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, chunk.complexity, labels.of_chunk(chunk), of_chunks[-1]),
            )
        self.database.execute(
            "UPDATE files SET first_chunk = ?, last_chunk = ?, vector = ? WHERE id = ?",
            (first, self._postings.chunks, term_vectors.mean(of_chunks), number),
        )


def _flags(path: str, language: str, text: Text, found: Structure) -> int:
    return (
        IS_GENERATED * text.is_generated
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
