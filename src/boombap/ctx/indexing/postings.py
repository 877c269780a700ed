"""The inverted index: for each word the chunks that hold it, and what it says about each.

What BM25 gives a word in a chunk, before the rarity of the word, is its impact. It is computed once, when the chunk is
indexed, and kept in a byte (Anh and Moffat, "Pruned query evaluation using pre-computed impacts", 2006), so that a
search only adds numbers up. FTS5 keeps every position of every word instead, which nothing here asks for: its postings
took 53 % of the size of the text in place of 21 %, and a question on 88,000 chunks 21 to 78 ms in place of 7 to 25.

A posting list is one value: the gaps between the numbers of its chunks, each in 1, 2 or 4 bytes, the impacts, and one
byte for the width of the gaps. A gap that does not fit is cut in pieces, whose impact is 0. A short list is kept beside
its word, a longer one in a table of its own. Chunks are numbered upwards and never twice, so that the postings of a
changed file are appended; those of a chunk that is gone stay, and the reader of a list leaves them out.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from itertools import accumulate, pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Literal

# k1 and b of BM25 as in Robertson and Zaragoza, "The probabilistic relevance framework", 2009.
_K1 = 1.2
_B = 0.75
NAMES = {"path": 4, "symbol": 4, "scope": 1}
"""What a word counts in each field of names, in halves of what it counts in the text."""

_IN_TEXT = 2
_LEVELS = 127
_TEXT_BYTES = bytes(_IN_TEXT * count << 1 for count in range(_LEVELS // _IN_TEXT + 1))
_HIGHEST = _K1 + 1
_STEP = _HIGHEST / _LEVELS
IMPACTS = tuple((byte >> 1) * _STEP for byte in range(256))
"""The impact that each byte of a posting list stands for; its lowest bit says whether the word is in a symbol."""

_LARGEST_BYTE = 255
_CODES: dict[int, Literal["B", "H", "I"]] = {1: "B", 2: "H", 4: "I"}
# Up to this size, in bytes, a list is kept beside its word: most words are rare, and a row of its own takes 14 bytes.
_BESIDE = 24
# Up to this size a list is encoded again when something is appended, in the width that then is best.
_SHORT = 1024
_MOST_PENDING = 4_000_000
# Beyond this factor between the mean length of then and of now, impacts are off.
_MOST_DRIFT = 1.5


def counts(names: Mapping[str, Sequence[str]], text: Iterable[str]) -> dict[str, int]:
    """Return the words of a chunk, each with a byte: what it counts, in halves, and whether it is in a symbol.

    Args:
        names: the words in each of the fields of `NAMES`, as often as they occur.
        text: the words of its lines.
    """
    in_names: dict[str, int] = {}
    for field, words in names.items():
        for word in words:
            in_names[word] = in_names.get(word, 0) + NAMES[field]
    of_text = Counter(text)
    halves = {word: count + _IN_TEXT * of_text.pop(word, 0) for word, count in in_names.items()}
    symbols = frozenset(names["symbol"])
    found = {word: min(count, _LEVELS) << 1 | (word in symbols) for word, count in halves.items() if count}
    most = len(_TEXT_BYTES)
    for word, count in of_text.items():
        found[word] = _TEXT_BYTES[count] if count < most else _LEVELS << 1
    return found


class Writer:
    """Adds chunks to the inverted index of a database.

    The length of a chunk counts relative to the mean length, which is that of the chunks first written.

    Attributes:
        chunks: how many chunks were ever added; the number of the last one.
        words: how many words they have.
    """

    def __init__(self, database: sqlite3.Connection, facts: Mapping[str, object]) -> None:
        self._database = database
        self.chunks = int(str(facts.get("written", 0)))
        self.words = int(str(facts.get("words", 0)))
        self._mean = float(str(facts.get("mean", 0)))
        self._first = self.chunks + 1
        self._lengths = array("L")
        # A word's new postings, each the number of a chunk with what the word counts in it.
        self._pending: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        self._count = 0

    @property
    def facts(self) -> dict[str, object]:
        """Return what the next writer has to know."""
        return {"written": self.chunks, "words": self.words, "mean": self._mean}

    @property
    def is_off(self) -> bool:
        """Tell whether chunks have become so much longer or shorter that the impacts of the old ones are wrong."""
        mean = self.words / max(self.chunks, 1)
        return not 1 / _MOST_DRIFT < (mean or 1) / (self._mean or mean or 1) < _MOST_DRIFT

    def add(self, length: int, words: Mapping[str, int]) -> int:
        """Add a chunk; returns its number.

        Args:
            length: how many words it has.
            words: each of them with its byte, by `counts`.
        """
        self.chunks += 1
        self.words += length
        self._lengths.append(length)
        number, pending = self.chunks << 8, self._pending
        for word, byte in words.items():
            pending[word].append(number | byte)
        self._count += len(words)
        if self._count > _MOST_PENDING:
            self.flush()
        return self.chunks

    def flush(self) -> None:
        """Write what was added."""
        self._mean = self._mean or self.words / max(self.chunks, 1)
        impacts = {length: _impacts(length / (self._mean or 1)) for length in set(self._lengths)}
        of_chunks = [impacts[length] for length in self._lengths]
        for word in sorted(self._pending):
            numbers = [posting >> 8 for posting in self._pending[word]]
            found = bytes(of_chunks[(posting >> 8) - self._first][posting & 255] for posting in self._pending[word])
            self._write(word, numbers, found)
        self._pending.clear()
        self._count = 0
        self._first, self._lengths = self.chunks + 1, array("L")

    def _write(self, word: str, numbers: Sequence[int], found: bytes) -> None:
        row = self._database.execute("SELECT chunks, list FROM words WHERE word = ?", (word,)).fetchone()
        count, place = row or (0, b"")
        made = appended(place if isinstance(place, bytes) else _list(self._database, place), numbers, found)
        if isinstance(place, int):
            self._database.execute("UPDATE lists SET list = ? WHERE id = ?", (made, place))
        elif len(made) > _BESIDE:
            place = self._database.execute("INSERT INTO lists (list) VALUES (?)", (made,)).lastrowid
        else:
            place = made
        self._database.execute("INSERT OR REPLACE INTO words VALUES (?, ?, ?)", (word, count + len(found), place))


def _impacts(length: float) -> bytes:
    """Return the byte of an impact for each byte of a count, in a chunk of a length relative to the mean."""
    norm = _K1 * (1 - _B + _B * length)
    counts = [(byte >> 1) / _IN_TEXT for byte in range(256)]
    levels = [round(count * _HIGHEST / (count + norm) / _STEP) or 1 for count in counts]
    return bytes(level << 1 | (byte & 1) for byte, level in enumerate(levels))


def appended(before: bytes, numbers: Sequence[int], found: bytes) -> bytes:
    """Return a posting list with further postings at its end; an empty list has no bytes.

    Args:
        before: the list.
        numbers: of the chunks, upwards, all above those in it.
        found: the byte of each.
    """
    if len(before) <= _SHORT:
        postings = {chunk: impact for chunk, impact in decoded(before) if impact} if before else {}
        return _encoded([*postings, *numbers], bytes(postings.values()) + found)
    width, gaps, impacts = _parts(before)
    more, beside = _in_width(width, _gaps(sum(gaps), numbers), found)
    return b"".join((gaps, more, impacts, beside, before[-1:]))


def _gaps(last: int, numbers: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise((last, *numbers))]


def _encoded(numbers: Sequence[int], found: bytes) -> bytes:
    gaps = _gaps(0, numbers)
    width = min(_CODES, key=lambda width: _size(width, gaps)) if max(gaps) > _LARGEST_BYTE else 1
    return b"".join((*_in_width(width, gaps, found), bytes((width,))))


def _size(width: int, gaps: Sequence[int]) -> int:
    most = (1 << 8 * width) - 1
    return (width + 1) * (len(gaps) + sum((gap - 1) // most for gap in gaps))


def _in_width(width: int, gaps: Sequence[int], found: bytes) -> tuple[bytes, bytes]:
    """Return gaps and impacts as they are kept."""
    most = (1 << 8 * width) - 1
    if max(gaps) <= most:
        return array(_CODES[width], gaps).tobytes(), found
    kept, beside = array(_CODES[width]), bytearray()
    for gap, impact in zip(gaps, found, strict=True):
        pieces = (gap - 1) // most
        kept.extend((*[most] * pieces, gap - pieces * most))
        beside += bytes(pieces)
        beside.append(impact)
    return kept.tobytes(), bytes(beside)


def read(database: sqlite3.Connection, word: str) -> Iterator[tuple[int, int]]:
    """Yield the number of each chunk that ever held a word, upwards, and its byte."""
    return ((chunk, impact) for chunk, impact in raw(database, word) if impact)


def raw(database: sqlite3.Connection, word: str) -> Iterable[tuple[int, int]]:
    """Return the same with the pieces of long gaps, numbers of other chunks with the byte 0: twice as fast."""
    row = database.execute("SELECT list FROM words WHERE word = ?", (word,)).fetchone()
    if row is None:
        return ()
    return decoded(row[0] if isinstance(row[0], bytes) else _list(database, row[0]))


def _list(database: sqlite3.Connection, number: int) -> bytes:
    return bytes(database.execute("SELECT list FROM lists WHERE id = ?", (number,)).fetchone()[0])


def decoded(postings: bytes) -> Iterable[tuple[int, int]]:
    """Return the number of each chunk of a list with its byte, and pieces of gaps with the byte 0."""
    _, gaps, impacts = _parts(postings)
    return zip(accumulate(gaps), impacts, strict=True)


def _parts(postings: bytes) -> tuple[int, memoryview[int], memoryview[int]]:
    """Return the width, the gaps and the impacts of a list."""
    width = postings[-1]
    count = len(postings) // (width + 1)
    kept = memoryview(postings)
    return width, kept[: count * width].cast(_CODES[width]), kept[count * width : -1]


def chunks_with(database: sqlite3.Connection, word: str) -> int:
    """Return in how many chunks a word was ever found."""
    row = database.execute("SELECT chunks FROM words WHERE word = ?", (word,)).fetchone()
    return int(row[0]) if row else 0
