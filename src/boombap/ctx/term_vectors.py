"""What words have to do with each other: a table of vectors, learned from code and its documentation, and sums of them.

`term_vectors.bin` holds a vector for each of the stems that `tokens.terms` makes of common words. The vector of a text
is the sum of its terms' vectors at length one; the cosine of two says how much the texts are about the same, whether
they share a word or not. Everything is whole numbers, so that each machine gives the same answer.
`benchmarks/ctx_table.py` learns the table and writes the file.

The file, all numbers little-endian: `MAGIC`; the number of words and the size of their text (4 bytes each); where each
word begins in the text, and where the last ends (4 bytes each); the text, UTF-8, in the order of its bytes; the weight
of each word (1 byte); the vector of each word, `SIZE` bytes.

A vector is `SIZE` bytes, two numbers from -7 to 7 in each, the lower half first, raised by 8.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Rises with each new table: an index holds vectors of the table it was made with.
VERSION = 1
MAGIC = b"BBTERMS1"
DIMENSIONS = 96
SIZE = DIMENSIONS // 2
ZERO = b"\x88" * SIZE
# How a term counts in a text, in tenths.
PLAIN, IN_STEM, IN_SYMBOL = 10, 13, 17
_PATH = os.path.join(os.path.dirname(__file__), "term_vectors.bin")
_OFFSET = 8
_LARGEST = 7
# Steps of a packed vector of length one: 7 steps are 3 standard deviations of its numbers.
_UNIT = 22
# The length of the question's vector: 15 * sqrt(96) * 200 is the widest sum, and fits into the 16 bits of a lane.
_ASKED_UNIT = 200
# A lane of 32 bits holds 10,000 terms of the largest weight.
_MOST_TERMS = 10_000
_MOST_KNOWN = 100_000
_LANES = struct.Struct(f"<{DIMENSIONS}I")
# A step of a packed vector as its half of a byte; a negative index counts from the end.
_HALVES = bytes(max(-_LARGEST, min(_LARGEST, step)) + _OFFSET for step in (*range(_UNIT + 2), *range(-_UNIT - 1, 0)))
_LOW = bytes(value & 15 for value in range(256))
_HIGH = bytes(value >> 4 for value in range(256))


class Table:
    """The words of a file and their vectors, found by bisection: nothing is read before it is asked for.

    Raises:
        ValueError: when the file is not a table.
    """

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._bytes[: len(MAGIC)] != MAGIC:
            raise ValueError(f"{path} is not a table of term vectors")
        self._count = self._number(len(MAGIC))
        self._offsets = len(MAGIC) + 8
        self._text = self._offsets + 4 * (self._count + 1)
        self._weights = self._text + self._number(len(MAGIC) + 4)
        self._vectors = self._weights + self._count
        self._lanes: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        """Return the number of words."""
        return self._count

    def word(self, place: int) -> str:
        """Return a word by its place in the order of UTF-8 bytes."""
        return self._word(place).decode()

    def find(self, word: str) -> int:
        """Return the place of a word, -1 for one that is not in the table."""
        wanted = word.encode("utf-8", "surrogatepass")
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._word(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < self._count and self._word(low) == wanted else -1

    def sum_of(self, terms: Mapping[str, int]) -> list[int]:
        """Return the sum of the terms' vectors, each times its number in `terms`; without any known one all zeros."""
        lanes = bias = 0
        known = self._lanes.get
        for term, times in list(terms.items())[:_MOST_TERMS]:
            of_word, of_bias = known(term) or self._lanes_of(term)
            lanes += times * of_word
            bias += times * of_bias
        return [value - bias for value in _LANES.unpack(lanes.to_bytes(_LANES.size, "little"))]

    def _lanes_of(self, word: str) -> tuple[int, int]:
        """Return a word's vector times its weight, each number in 32 bits and raised by the second value."""
        lanes = bias = 0
        if (place := self.find(word)) >= 0:
            weight = self._bytes[self._weights + place]
            start = self._vectors + SIZE * place
            lanes, bias = weight * _widened(self._bytes[start : start + SIZE]), weight * _OFFSET
        if len(self._lanes) >= _MOST_KNOWN:
            self._lanes.clear()
        self._lanes[word] = lanes, bias
        return lanes, bias

    def _word(self, place: int) -> bytes:
        start = self._offsets + 4 * place
        return self._bytes[self._text + self._number(start) : self._text + self._number(start + 4)]

    def _number(self, start: int) -> int:
        return int.from_bytes(self._bytes[start : start + 4], "little")


@cache
def table() -> Table:
    """Return the table that comes with the product."""
    return Table(_PATH)


def of_terms(terms: Mapping[str, int]) -> bytes:
    """Return the packed vector of a text from its terms and how each counts; `ZERO` when the table knows none."""
    return packed(table().sum_of(terms))


def mean(vectors: Iterable[bytes]) -> bytes:
    """Return the packed direction of the mean of packed vectors."""
    lanes = bias = 0
    for vector in vectors:
        lanes += _widened(vector)
        bias += _OFFSET
    return packed([value - bias for value in _LANES.unpack(lanes.to_bytes(_LANES.size, "little"))])


def packed(numbers: Sequence[int]) -> bytes:
    """Return a vector at length one, in `SIZE` bytes."""
    halves = bytes(map(_HALVES.__getitem__, _scaled(numbers, _UNIT)))
    both = int.from_bytes(halves[::2], "little") | int.from_bytes(halves[1::2], "little") << 4
    return both.to_bytes(SIZE, "little")


def cosines(terms: Iterable[str], vectors: Sequence[bytes]) -> list[float]:
    """Return how near each packed vector is to the question with these terms: its cosine, 0 for a negative one."""
    asked = _scaled(table().sum_of(dict.fromkeys(terms, 1)), _ASKED_UNIT)
    if not any(asked) or not vectors:
        return [0.0] * len(vectors)
    full = _ASKED_UNIT * _UNIT
    return [max(0.0, min(1.0, product / full)) for product in _products(asked, vectors)]


def _products(asked: Sequence[int], vectors: Sequence[bytes]) -> list[int]:
    """Return the inner products, all at once: one number of Python holds a lane of 16 bits for each vector."""
    count = len(vectors)
    joined = b"".join(vectors)
    lowest = 15 * sum(value for value in asked if value < 0)
    lanes = -lowest * int.from_bytes(b"\x01\x00" * count, "little")
    for byte in range(SIZE):
        column = joined[byte::SIZE]
        for value, half in ((asked[2 * byte], _LOW), (asked[2 * byte + 1], _HIGH)):
            if value:
                lanes += value * _spread(column.translate(half))
    shift = lowest - _OFFSET * sum(asked)
    return [value + shift for value in struct.unpack(f"<{count}H", lanes.to_bytes(2 * count, "little"))]


def _spread(column: bytes) -> int:
    wide = bytearray(2 * len(column))
    wide[::2] = column
    return int.from_bytes(wide, "little")


def _scaled(numbers: Sequence[int], length: int) -> list[int]:
    """Return the vector at a length, rounded to whole numbers; zeros stay zeros."""
    norm = math.isqrt(sum(value * value for value in numbers))
    if not norm:
        return [0] * len(numbers)
    twice_length, twice_norm = 2 * length, 2 * norm
    return [(value * twice_length + norm) // twice_norm for value in numbers]


def _widened(vector: bytes) -> int:
    wide = bytearray(_LANES.size)
    wide[::8] = vector.translate(_LOW)
    wide[4::8] = vector.translate(_HIGH)
    return int.from_bytes(wide, "little")
