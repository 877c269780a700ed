"""How alike two artists and two titles are, spelling aside: the comparisons that the matcher is made of.

Each one is symmetric where its arguments are of one kind, and says with a code how it came to its answer.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import OSA

from boombap.spotify.matching.artist_names import same_artist

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.spotify.matching.normalize import Credit, Title


class Similarity(NamedTuple):
    """How alike two names are, and the code that says how they were found alike.

    Attributes:
        refused: set when they are not the same; `value` is 0 then.
    """

    value: float
    reason: str
    refused: str | None = None


def compare_artists(credit: Credit, names: Sequence[str], guests: Iterable[str]) -> Similarity | None:
    """Compare an artist's line with the names of a track, as keys, and its title's guests; None when they differ."""
    whole = credit.whole
    if not whole or not names:
        return None
    if whole == names[0]:
        return SAME_ARTIST
    if whole in names:
        return _LISTED
    if any(same_artist(whole, name) for name in names):
        return _RENAMED
    everyone = {*names, *guests}
    if credit.parts and credit.parts <= everyone and not credit.parts.isdisjoint(names):
        return _ALL_LISTED
    if whole in everyone:
        return _GUEST
    if any(_similar_names(whole, name) for name in names):
        return _SIMILAR
    return None


SAME_ARTIST = Similarity(1.0, "artist")
_LISTED = Similarity(0.97, "artist_listed")
_RENAMED = Similarity(0.95, "artist_renamed")
_ALL_LISTED = Similarity(1.0, "artists")
_GUEST = Similarity(0.9, "artist_guest")
_SIMILAR = Similarity(0.7, "artist_similar")


@lru_cache(maxsize=1_024)
def compare_titles(title: Title, other_title: Title) -> Similarity:
    """Compare two titles without their versions and guests; the order of both does not matter."""
    if not title.key or not other_title.key:
        return _TITLE_DIFFERS
    if title.key == other_title.key:
        return _compare_subtitles(title.subtitle, other_title.subtitle)
    if other_title.full in (title.key, title.full) or title.full == other_title.key:
        return Similarity(0.98, "title_rewritten")
    if "*" in title.key + other_title.key and (
        _uncensors(title.key, other_title.key) or _uncensors(other_title.key, title.key)
    ):
        return Similarity(0.97, "title_censored")
    if title.numbers != other_title.numbers:
        near = OSA.distance(title.key, other_title.key, score_cutoff=3) <= 3  # noqa: PLR2004 - about one number
        return Similarity(0.0, "", "number_differs" if near else "title_differs")
    return _compare_spelling(title, other_title)


SAME_TITLE = Similarity(1.0, "title")
_EDIT = frozenset({"edit"})
_TITLE_DIFFERS = Similarity(0.0, "", "title_differs")


def _compare_subtitles(first: str, second: str) -> Similarity:
    if first == second:
        return SAME_TITLE
    if not first or not second:
        return Similarity(0.97, "subtitle_missing")
    if first in second or second in first or OSA.normalized_similarity(first, second) >= 0.8:  # noqa: PLR2004 - a slip or two
        return Similarity(0.96, "subtitle_similar")
    return Similarity(0.0, "", "subtitle_differs")


def _compare_spelling(first: Title, second: Title) -> Similarity:
    """Find slips of the pen: one in 6 letters, two from 12 on, three from 20 on, and never a whole word."""
    if (words := _bare(first.text)) and words == _bare(second.text):
        return Similarity(0.97, "title_rewritten")
    shorter = min(len(first.key), len(second.key))
    max_slips = 0 if shorter < 6 else 1 if shorter < 12 else 2 if shorter < 20 else 3  # noqa: PLR2004 - see above
    slips = OSA.distance(first.key, second.key, score_cutoff=max_slips) if max_slips else 1
    if slips > max_slips or _is_other_wording(first.text.split(), second.text.split()):
        return _TITLE_DIFFERS
    return Similarity(1 - slips / (shorter + slips), "title_similar")


_FILLERS = frozenset({"a", "an", "and", "da", "the", "tha"})
_SHORT_WORD = 4


def _bare(text: str) -> list[str]:
    return [word for word in text.split() if word not in _FILLERS]


def _is_other_wording(first: list[str], second: list[str]) -> bool:
    """Tell "Get Money" from "Got Money" and "I Need Love" from "I Need U Love": what differs is a word, not a slip."""
    gone, come = [word for word in first if word not in second], [word for word in second if word not in first]
    if not gone or not come:
        return any(word not in _FILLERS for word in gone + come)
    return len(gone) == len(come) == 1 and max(len(gone[0]), len(come[0])) <= _SHORT_WORD


def is_own_edit(first: Title, second: Title) -> bool:
    """Tell whether one of two titles is the other's radio or single edit, and nobody else's."""
    return first.tags ^ second.tags == _EDIT and not first.detail and not second.detail


def compare_versions(first: Title, second: Title) -> str | None:
    """Say why two titles name different versions; None when they agree, or when one is the other's own edit."""
    if first.tags != second.tags and not is_own_edit(first, second):
        return "version_differs"
    if (
        first.detail
        and second.detail
        and first.detail != second.detail
        and not _similar_details(first.detail, second.detail)
    ):
        return "version_differs"
    return None


def _similar_details(first: str, second: str) -> bool:
    words, others = set(first.split()), set(second.split())
    return words <= others or others <= words or OSA.normalized_similarity(first, second) >= 0.8  # noqa: PLR2004


def _similar_names(first: str, second: str) -> bool:
    """Find a slip in a name of 8 letters or more, two from 14 on; digits are never slips."""
    shorter = min(len(first), len(second))
    if shorter < 8:  # noqa: PLR2004 - "Trina" and "Trine" are two people
        return False
    max_slips = 1 if shorter < 14 else 2  # noqa: PLR2004
    if OSA.distance(first, second, score_cutoff=max_slips) > max_slips:
        return False
    return _digits(first) == _digits(second)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


_LEAST_LETTERS = 3
_MOST_LETTERS_A_STAR = 8


def _uncensors(censored: str, plain: str) -> bool:
    """Say whether stars in the one stand for letters of the other."""
    letters = len(censored) - censored.count("*")
    if "*" not in censored or letters < _LEAST_LETTERS - (censored[-1] != "*"):
        return False
    if len(plain) - len(censored) > _MOST_LETTERS_A_STAR * censored.count("*"):
        return False
    first, *middle, last = censored.split("*")
    if len(plain) < len(first) + len(last) or not plain.startswith(first) or not plain.endswith(last):
        return False
    position, end = len(first), len(plain) - len(last)
    for part in middle:
        position = plain.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
