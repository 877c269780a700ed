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
def compare_titles(one: Title, other: Title) -> Similarity:
    """Compare two titles without their versions and guests; the order of both does not matter."""
    if not one.key or not other.key:
        return _TITLE_DIFFERS
    if one.key == other.key:
        return _compare_subtitles(one.subtitle, other.subtitle)
    if other.full in (one.key, one.full) or one.full == other.key:
        return Similarity(0.98, "title_rewritten")
    if "*" in one.key + other.key and (_uncensors(one.key, other.key) or _uncensors(other.key, one.key)):
        return Similarity(0.97, "title_censored")
    if one.numbers != other.numbers:
        near = OSA.distance(one.key, other.key, score_cutoff=3) <= 3  # noqa: PLR2004 - about one number
        return Similarity(0.0, "", "number_differs" if near else "title_differs")
    return _compare_spelling(one, other)


SAME_TITLE = Similarity(1.0, "title")
_EDIT = frozenset({"edit"})
_TITLE_DIFFERS = Similarity(0.0, "", "title_differs")


def _compare_subtitles(one: str, other: str) -> Similarity:
    if one == other:
        return SAME_TITLE
    if not one or not other:
        return Similarity(0.97, "subtitle_missing")
    if one in other or other in one or OSA.normalized_similarity(one, other) >= 0.8:  # noqa: PLR2004 - a slip or two
        return Similarity(0.96, "subtitle_similar")
    return Similarity(0.0, "", "subtitle_differs")


def _compare_spelling(one: Title, other: Title) -> Similarity:
    """Find slips of the pen: one in 6 letters, two from 12 on, three from 20 on, and never a whole word."""
    if (words := _bare(one.text)) and words == _bare(other.text):
        return Similarity(0.97, "title_rewritten")
    shorter = min(len(one.key), len(other.key))
    most = 0 if shorter < 6 else 1 if shorter < 12 else 2 if shorter < 20 else 3  # noqa: PLR2004 - see above
    slips = OSA.distance(one.key, other.key, score_cutoff=most) if most else 1
    if slips > most or _is_other_wording(one.text.split(), other.text.split()):
        return _TITLE_DIFFERS
    return Similarity(1 - slips / (shorter + slips), "title_similar")


_FILLERS = frozenset({"a", "an", "and", "da", "the", "tha"})
_SHORT_WORD = 4


def _bare(text: str) -> list[str]:
    return [word for word in text.split() if word not in _FILLERS]


def _is_other_wording(one: list[str], other: list[str]) -> bool:
    """Tell "Get Money" from "Got Money" and "I Need Love" from "I Need U Love": what differs is a word, not a slip."""
    gone, come = [word for word in one if word not in other], [word for word in other if word not in one]
    if not gone or not come:
        return any(word not in _FILLERS for word in gone + come)
    return len(gone) == len(come) == 1 and max(len(gone[0]), len(come[0])) <= _SHORT_WORD


def is_own_edit(one: Title, other: Title) -> bool:
    """Tell whether one of two titles is the other's radio or single edit, and nobody else's."""
    return one.tags ^ other.tags == _EDIT and not one.detail and not other.detail


def compare_versions(one: Title, other: Title) -> str | None:
    """Say why two titles name different versions; None when they agree, or when one is the other's own edit."""
    if one.tags != other.tags and not is_own_edit(one, other):
        return "version_differs"
    if one.detail and other.detail and one.detail != other.detail and not _similar_details(one.detail, other.detail):
        return "version_differs"
    return None


def _similar_details(one: str, other: str) -> bool:
    words, others = set(one.split()), set(other.split())
    return words <= others or others <= words or OSA.normalized_similarity(one, other) >= 0.8  # noqa: PLR2004


def _similar_names(one: str, other: str) -> bool:
    """Find a slip in a name of 8 letters or more, two from 14 on; digits are never slips."""
    shorter = min(len(one), len(other))
    if shorter < 8:  # noqa: PLR2004 - "Trina" and "Trine" are two people
        return False
    most = 1 if shorter < 14 else 2  # noqa: PLR2004
    if OSA.distance(one, other, score_cutoff=most) > most:
        return False
    return _digits(one) == _digits(other)


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
    at, end = len(first), len(plain) - len(last)
    for part in middle:
        at = plain.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
