"""Which entries a search finds: an inverted index over folded words, with Spotify's filters (``artist:``, ``track:``).

Every word must be found: those of a filter in its field, plain ones in any. Where plain words find nothing, what has
half of them is given, as the Web API gives neighbours of what it does not have.
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, NamedTuple

from anyascii import anyascii

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILTER = re.compile(r'\b(artist|track|album|isrc):\s*(?:"([^"]*)"|(.*?)(?=\s+\b(?:artist|track|album|isrc):|$))')
_APART = re.compile(r"[^a-z0-9]+")
_DROPPED = str.maketrans({"'": None, "’": None, "`": None, ".": None, "$": "s", "&": " and "})
_NONE = array("I")


class Query(NamedTuple):
    """What a search asks for, folded.

    Attributes:
        filters: field and text.
        words: plain ones.
    """

    filters: tuple[tuple[str, str], ...]
    words: tuple[str, ...]


class Index:
    """Entries by their words.

    Args:
        fields: names of the fields.
        weights: of each entry; among equals the greater goes first.
    """

    def __init__(self, fields: Sequence[str], entries: Sequence[Sequence[str]], weights: Sequence[int]) -> None:
        self._places = {field: at for at, field in enumerate(fields)}
        self._weights = weights
        self._texts = [tuple([f" {fold(text)} " for text in entry]) for entry in entries]
        self._postings: dict[str, array[int]] = {}
        for number, texts in enumerate(self._texts):
            for word in set("".join(texts).split()):
                self._postings.setdefault(word, array("I")).append(number)

    def find(self, query: Query) -> list[int]:
        """Return the numbers of the entries, best first."""
        if any(field not in self._places for field, _ in query.filters):
            return []
        found = self._with_all(query) or self._with_half(query)
        return sorted(found, key=lambda number: self._rank(number, query))

    def _with_all(self, query: Query) -> list[int]:
        wanted = [(self._places[field], word) for field, text in query.filters for word in text.split()]
        words = {*query.words, *[word for _, word in wanted]}
        if not words:
            return []
        rarest = min((self._postings.get(word, _NONE) for word in words), key=len)
        return [
            number
            for number in rarest
            if all(f" {word} " in self._texts[number][place] for place, word in wanted)
            and self._count(number, query.words) == len(query.words)
        ]

    def _with_half(self, query: Query) -> list[int]:
        known = [posting for word in query.words if (posting := self._postings.get(word))]
        if query.filters or not known:
            return []
        return [number for number in min(known, key=len) if 2 * self._count(number, query.words) >= len(query.words)]

    def _count(self, number: int, words: Sequence[str]) -> int:
        text = "".join(self._texts[number])
        return sum(f" {word} " in text for word in words)

    def _rank(self, number: int, query: Query) -> tuple[int, int, int, int]:
        texts = self._texts[number]
        exact = sum(texts[self._places[field]] == f" {text} " for field, text in query.filters)
        length = sum(map(len, texts)) if query.words else 0
        return (-exact, -self._count(number, query.words), length, -self._weights[number])


def parse(text: str) -> Query:
    """Return the query that is written as the Web API takes it.

    >>> parse('artist:"E-40" track:Tell Me When')
    Query(filters=(('artist', 'e 40'), ('track', 'tell me when')), words=())
    >>> parse("Nas N.Y. State").words
    ('nas', 'ny', 'state')
    """
    filters = tuple([(field, fold(quoted or plain)) for field, quoted, plain in _FILTER.findall(text)])
    return Query(filters, tuple(dict.fromkeys(fold(_FILTER.sub(" ", text)).split())))


def fold(text: str) -> str:
    """Return the words in ASCII and lower case, with a space between.

    >>> fold("Curren$y – B.o.B & André"), fold("Pi’erre")
    ('currensy bob and andre', 'pierre')
    """
    return _APART.sub(" ", anyascii(text.translate(_DROPPED)).lower()).strip()
