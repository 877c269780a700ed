"""Writes what the index says of files, and takes files out."""

from __future__ import annotations

from boombap.ctx.indexing import postings

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from boombap.ctx.indexing.file_facts import FileFacts

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

    def write(self, path: str, stamp: tuple[int, int], facts: FileFacts, *, number: int | None) -> None:
        """Write a file, in the place of what the index held of it.

        Args:
            path: relative to the root.
            stamp: its size in bytes, and when it changed in nanoseconds.
            facts: what the index says of it.
            number: of the row that it has, None for one that is new.
        """
        if number is not None:
            self._forget_chunks(number)
        first = self._postings.chunks + 1
        last = first + len(facts.chunks) - 1
        number = self.database.execute(
            """INSERT OR REPLACE INTO files (id, path, size, mtime_ns, crc, masks, language, flags, lines, imports,
            parsed, vector, first_chunk, last_chunk) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (number, path, *stamp, *facts[:-1], first, last),
        ).lastrowid
        for chunk in facts.chunks:
            at = self._postings.add(chunk.length, chunk.words)
            self.database.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (at, number, *chunk[:-2]))

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
