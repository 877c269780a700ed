"""Which entries a search finds: an inverted index over folded words, with Spotify's filters (``artist:``, ``track:``).

Every word must be in the entry: those of a filter in its field, plain ones in any. Where plain words match nothing,
what has half of them is given, as the Web API gives neighbours of what it does not have.
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, NamedTuple

from anyascii import anyascii

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FIELDS = "artist|track|album|isrc|year"
_FILTER = re.compile(rf'\b({_FIELDS}):\s*(?:"([^"]*)"|(.*?)(?=\s+\b(?:{_FIELDS}):|$))')
_YEARS = re.compile(r"\s*(\d{4})(?:\s*-\s*(\d{4}))?\s*")
_NO_YEARS = (1, 0)
_APART = re.compile(r"[^a-z0-9]+")
_DROPPED = str.maketrans({"'": None, "’": None, "`": None, ".": None, "$": "s", "&": " and "})
# Filters of the Web API miss names with these: github.com/spotify/web-api/issues/1212
_AWKWARD = re.compile(r"['’`.]")
_BETWEEN = " \n "
_NONE = array("I")


class Filter(NamedTuple):
    """A filter of a query.

    Attributes:
        text: folded.
        is_awkward: it was written with an apostrophe or a dot.
    """

    field: str
    text: str
    is_awkward: bool = False


class Query(NamedTuple):
    """What a search asks for, folded.

    Attributes:
        words: plain ones.
        years: the first and the last; None for any.
    """

    filters: tuple[Filter, ...]
    words: tuple[str, ...]
    years: tuple[int, int] | None = None


class IndexEntry(NamedTuple):
    """A thing that can be searched for.

    Attributes:
        texts: one per field.
        weight: among equals the greater goes first.
        year: of the release; 0 where it has none.
    """

    texts: tuple[str, ...]
    weight: int = 0
    year: int = 0


class Index:
    """Entries by their words.

    Args:
        fields: names of the fields.
    """

    def __init__(self, fields: Sequence[str], entries: Iterable[IndexEntry]) -> None:
        self._places = {field: place for place, field in enumerate(fields)}
        # One text per entry, which takes less memory than a tuple: a line feed between fields, spaces around words.
        self._lines: list[str] = []
        self._weights = array("I")
        self._years = array("H")
        self._awkward = array("B")
        self._postings: dict[str, array[int]] = {}
        for entry in entries:
            self._add(entry)

    def _add(self, entry: IndexEntry) -> None:
        line = f" {_BETWEEN.join(map(fold, entry.texts))} "
        for word in set(line.split()):
            self._postings.setdefault(word, array("I")).append(len(self._lines))
        self._lines.append(line)
        self._weights.append(entry.weight)
        self._years.append(entry.year)
        self._awkward.append(sum(1 << place for place, text in enumerate(entry.texts) if _AWKWARD.search(text)))

    def find(self, query: Query, *, is_strict: bool = False) -> list[int]:
        """Return the numbers of the entries, best first.

        Args:
            is_strict: filters miss names with an apostrophe or a dot.
        """
        if any(part.field not in self._places for part in query.filters):
            return []
        if is_strict and any(part.is_awkward for part in query.filters):
            return []
        numbers = self._with_all(query) or self._with_half(query)
        if is_strict:
            filtered = sum({1 << self._places[part.field] for part in query.filters})
            numbers = [number for number in numbers if not self._awkward[number] & filtered]
        return numbers if len(numbers) <= 1 else sorted(numbers, key=lambda number: self._rank(number, query))

    def best(self, limit: int) -> list[int]:
        """Return the numbers of the entries with the greatest weights."""
        return sorted(range(len(self._lines)), key=lambda number: -self._weights[number])[:limit]

    def _with_all(self, query: Query) -> list[int]:
        words = {*query.words, *[word for part in query.filters for word in part.text.split()]}
        lines = self._lines
        if words:
            rarest, *others = sorted(words, key=lambda word: len(self._postings.get(word, _NONE)))
            numbers = list(self._postings.get(rarest, _NONE))
            for padded in [f" {word} " for word in others]:
                numbers = [number for number in numbers if padded in lines[number]]
        else:
            numbers = list(range(len(lines))) if query.years else []
        if query.years:
            first, last = query.years
            numbers = [number for number in numbers if first <= self._years[number] <= last]
        return [number for number in numbers if self._fits(number, query.filters)] if query.filters else numbers

    def _fits(self, number: int, filters: Sequence[Filter]) -> bool:
        texts = self._lines[number].split("\n")
        return all(f" {word} " in texts[self._places[part.field]] for part in filters for word in part.text.split())

    def _with_half(self, query: Query) -> list[int]:
        known = [posting for word in query.words if (posting := self._postings.get(word))]
        if query.filters or query.years or not known:
            return []
        padded = [f" {word} " for word in query.words]
        half = (len(padded) + 1) // 2
        return [number for number in min(known, key=len) if _count(self._lines[number], padded) >= half]

    def _rank(self, number: int, query: Query) -> tuple[int, int, int, int]:
        line = self._lines[number]
        texts = line.split("\n")
        exact = sum(texts[self._places[part.field]] == f" {part.text} " for part in query.filters)
        length = len(line) if query.words else 0
        return (-exact, -_count(line, [f" {word} " for word in query.words]), length, -self._weights[number])


def parse(text: str) -> Query:
    """Return the query that is written as the Web API takes it.

    >>> parse('artist:"E-40" track:Tell Me When').filters[1].text
    'tell me when'
    >>> parse("Nas N.Y. State year:1990-1999")
    Query(filters=(), words=('nas', 'ny', 'state'), years=(1990, 1999))
    """
    filters, years = [], None
    for field, quoted, plain in _FILTER.findall(text):
        written = quoted or plain
        if field == "year":
            years = _years(written)
        else:
            filters.append(Filter(field, fold(written), bool(_AWKWARD.search(written))))
    return Query(tuple(filters), tuple(dict.fromkeys(fold(_FILTER.sub(" ", text)).split())), years)


def fold(text: str) -> str:
    """Return the words in ASCII and lower case, with a space between.

    >>> fold("Curren$y – B.o.B & André"), fold("Pi’erre")
    ('currensy bob and andre', 'pierre')
    """
    text = text.translate(_DROPPED)
    return _APART.sub(" ", (text if text.isascii() else anyascii(text)).lower()).strip()


def _years(text: str) -> tuple[int, int]:
    match = _YEARS.fullmatch(text)
    return (int(match[1]), int(match[2] or match[1])) if match else _NO_YEARS


def _count(line: str, padded: Sequence[str]) -> int:
    return sum(word in line for word in padded)
