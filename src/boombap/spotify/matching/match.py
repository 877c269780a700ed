"""Which of the candidates is the wanted track, and how sure that is.

Veto rules before the score: a candidate whose artist, title, version, numbers or length contradict what is wanted is
out, however much the rest resembles; what is left is scored, and only a score above the bar with a margin to the next
recording is a match. Twins (clean and explicit, single and album) are one recording, not rivals.

A pure function: no order of the candidates, no clock and no chance changes its answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify.matching.normalize import front_key, name_key, read_credit, read_title
from boombap.spotify.matching.similarity import (
    SAME_ARTIST,
    SAME_TITLE,
    Similarity,
    compare_artists,
    compare_titles,
    compare_versions,
    is_own_edit,
)
from boombap.spotify.matching.track_versions import ALONE
from boombap.spotify.model import Match, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.spotify.matching.normalize import Credit, Title
    from boombap.spotify.model import Track, TrackQuery

RULES = 4
"""Raised when the same question may get another verdict, so that kept verdicts of before are not believed."""

# Chosen on the development half of benchmarks/spotify_matching.py (1,100 real tracks, seven spellings of each, made
# rivals): precision 99.9 %, 0.5 % false accepts. A lower bar gains typos only, and lets in what merely resembles.
ACCEPTED = 0.88
MARGIN = 0.03
_TITLE, _ARTIST, _LENGTH = 0.55, 0.35, 0.10
_LENGTH_UNKNOWN = 0.7
_GUEST_MISSING = 0.04
_DETAIL_MISSING = 0.10  # a remix of nobody's may be any remix: only the length can tell
_OWN_EDIT = 0.06  # below an exact one by more than the margin
_ISRC_SURE, _ISRC_LIKELY = 1.0, 0.95

RIVALS = "rivals"
"""The last reason of a verdict between recordings that nothing tells apart."""

SAME_LENGTH_MS = 3_000
OTHER_LENGTH_MS = 15_000
_MOST_LONGER = 1.5

# How far a candidate came before it was refused; the nearest miss is what a person is told.
REFUSALS = (
    "artist_differs",
    "isrc_contradicted",
    "title_differs",
    "subtitle_differs",
    "number_differs",
    "version_differs",
    "duration_differs",
)
_KINDS = {"album": 0, "single": 1, "compilation": 2}


class ScoredCandidate(NamedTuple):
    """What speaks for and against one candidate.

    Attributes:
        refused: the veto rule that rules it out; None when none does.
        score: 0 to 1; 0 when refused.
        reasons: codes of what was found, in the order looked at.
        by_isrc: the recording's code is the wanted one.
    """

    track: Track
    refused: str | None
    score: float = 0.0
    reasons: tuple[str, ...] = ()
    by_isrc: bool = False


def match(wanted: TrackQuery, candidates: Iterable[Track]) -> Match:
    """Return the verdict about a wanted track among candidates, in whatever order they come."""
    scored = [score_candidate(wanted, track) for track in candidates]
    passed = [candidate for candidate in scored if candidate.refused is None]
    if not passed:
        return Match(wanted, Outcome.NOT_FOUND, reasons=(_nearest_miss(scored),))
    passed.sort(key=lambda candidate: _rank(wanted, candidate))
    remote = [candidate for candidate in passed if candidate.track.id is not None and not candidate.track.is_local]
    if not remote:
        best = passed[0]
        return Match(wanted, Outcome.LOCAL_ONLY, best.track, best.score, None, best.reasons)
    return _decide(wanted, remote)


def score_candidate(wanted: TrackQuery, track: Track) -> ScoredCandidate:
    """Compare one candidate with what is wanted: first the veto rules, then the score."""
    if _is_plainly_same(wanted, track):
        return _score(wanted, track, SAME_ARTIST, SAME_TITLE, "", lost=0.0)
    credit, title = read_credit(wanted.artist), read_title(wanted.title)
    by_isrc = wanted.isrc is not None and track.isrc is not None and _same_isrc(wanted.isrc, track.isrc)
    names = [name_key(artist.name) for artist in track.artists]
    artist = compare_artists(credit, names, ()) or _compare_fronts(wanted, track)
    # Reading a title costs ten times as much as looking at a name, and most strangers fall here already.
    if artist is None and not by_isrc and not _may_name_guests(track.name):
        return ScoredCandidate(track, "artist_differs")
    offered = read_title(track.name)
    if artist is None and offered.featured:
        artist = compare_artists(credit, names, offered.featured)
    if artist is None and not by_isrc:
        return ScoredCandidate(track, "artist_differs")
    alike = compare_titles(title, offered)
    if by_isrc:
        return _score_by_isrc(wanted, track, artist, alike)
    if alike.refused:
        return ScoredCandidate(track, alike.refused)
    if refused := compare_versions(title, offered):
        return ScoredCandidate(track, refused)
    assert artist is not None
    lost = _DETAIL_MISSING * (title.detail != offered.detail) + _OWN_EDIT * is_own_edit(title, offered)
    guests = _guests(credit, title, names, offered)
    return _score(wanted, track, artist, alike, guests, lost=lost)


def _is_plainly_same(wanted: TrackQuery, track: Track) -> bool:
    """Tell whether both have the same names, letter by letter, and nothing in them has to be read: the common case."""
    return (
        track.name == wanted.title
        and len(track.artists) == 1
        and track.artists[0].name == wanted.artist
        and wanted.isrc is None
        and _PLAIN.fullmatch(track.name) is not None
        and _PLAIN.fullmatch(wanted.artist) is not None
        and not _may_name_guests(track.name)
        and not _may_name_guests(wanted.artist)
    )


# Words of letters and digits, the first of them not one that stands for nothing.
_PLAIN = re.compile(r"(?!the\b)[a-z0-9]+(?: [a-z0-9']+)*", re.ASCII | re.IGNORECASE)


def _compare_fronts(wanted: TrackQuery, track: Track) -> Similarity | None:
    """Take a singer for the same with and without the backing band; two bands of one singer are two artists."""
    key, front = name_key(wanted.artist), front_key(wanted.artist)
    for artist in track.artists:
        if key and (key == front_key(artist.name) or front == name_key(artist.name)):
            return _BACKED
    return None


_BACKED = Similarity(0.9, "artist_backed")


def _score_by_isrc(wanted: TrackQuery, track: Track, artist: Similarity | None, alike: Similarity) -> ScoredCandidate:
    """Take the word of a recording's code, unless both names or the length say that the code is a stranger's."""
    if artist is None and alike.refused:
        return ScoredCandidate(track, "isrc_contradicted")
    if _difference_ms(wanted, track) > OTHER_LENGTH_MS:
        return ScoredCandidate(track, "duration_differs")
    names = (alike.refused or alike.reason, artist.reason if artist else "artist_differs")
    sure = artist is not None and not alike.refused and compare_versions(_title(wanted), read_title(track.name)) is None
    return ScoredCandidate(track, None, _ISRC_SURE if sure else _ISRC_LIKELY, ("isrc", *names), by_isrc=True)


def _score(
    wanted: TrackQuery, track: Track, artist: Similarity, title: Similarity, guests: str, *, lost: float
) -> ScoredCandidate:
    reasons = [title.reason, artist.reason]
    difference_ms = _difference_ms(wanted, track)
    if difference_ms > OTHER_LENGTH_MS:
        return ScoredCandidate(track, "duration_differs")
    length = _LENGTH_UNKNOWN
    if difference_ms >= 0:
        length = 1 - max(0, difference_ms - SAME_LENGTH_MS) / (OTHER_LENGTH_MS - SAME_LENGTH_MS)
        reasons.append("duration" if difference_ms <= SAME_LENGTH_MS else "duration_near")
    score = _TITLE * title.value + _ARTIST * artist.value + _LENGTH * length
    if guests:
        reasons.append(guests)
        score -= _GUEST_MISSING * (guests == "guest_missing")
    return ScoredCandidate(track, None, round(score - lost, 4), tuple(reasons))


def _guests(credit: Credit, title: Title, names: list[str], offered: Title) -> str:
    expected = credit.featured | title.featured if credit.featured else title.featured
    if not expected:
        return ""
    return "guest_missing" if expected.isdisjoint({*names, *offered.featured}) else "guests"


def _difference_ms(wanted: TrackQuery, track: Track) -> int:
    """Return by how much the lengths differ, -1 when one is unknown."""
    if not wanted.duration_ms or not track.duration_ms:
        return -1
    return abs(wanted.duration_ms - track.duration_ms)


def _decide(wanted: TrackQuery, ranked: list[ScoredCandidate]) -> Match:
    best = _earliest(wanted, ranked)
    rival = next(
        (candidate for candidate in ranked if not _same_recording(best, candidate) and not _same_song(best, candidate)),
        None,
    )
    margin = round(best.score - rival.score, 4) if rival else None
    reasons = best.reasons
    if any(_same_recording(best, candidate) and candidate.track.id != best.track.id for candidate in ranked):
        reasons += ("twin",)
    if any(_same_song(best, candidate) for candidate in ranked):
        reasons += ("earliest",)
    if best.score < ACCEPTED:
        return Match(wanted, Outcome.AMBIGUOUS, best.track, best.score, margin, (*reasons, "weak"))
    if rival and margin is not None and margin < MARGIN and not _is_decided(best, rival):
        return Match(wanted, Outcome.AMBIGUOUS, best.track, best.score, margin, (*reasons, RIVALS))
    return Match(wanted, Outcome.MATCHED, best.track, best.score, margin, reasons)


def _earliest(wanted: TrackQuery, ranked: list[ScoredCandidate]) -> ScoredCandidate:
    """Return the best one; of one song at two lengths, where nobody said which is wanted, the one released first."""
    best = ranked[0]
    songs = [
        candidate
        for candidate in ranked
        if best.score - candidate.score < MARGIN and (candidate is best or _same_song(best, candidate))
    ]
    if wanted.duration_ms or best.by_isrc or len(songs) == 1:
        return best
    return min(songs, key=_released)


def _released(candidate: ScoredCandidate) -> str:
    return (candidate.track.album.release_date if candidate.track.album else None) or "9"


def _same_song(candidate: ScoredCandidate, other: ScoredCandidate) -> bool:
    """Tell one song at two lengths from two songs: a title that many songs have says nothing."""
    first, second = candidate.track, other.track
    if _same_recording(candidate, other) or not first.duration_ms or not second.duration_ms:
        return False
    title, other_title = read_title(first.name), read_title(second.name)
    is_same = title == other_title and name_key(first.artists[0].name) == name_key(second.artists[0].name)
    shorter, longer = sorted((first.duration_ms, second.duration_ms))
    return is_same and title.text not in ALONE and longer <= _MOST_LONGER * shorter


def _is_decided(best: ScoredCandidate, rival: ScoredCandidate) -> bool:
    """The code or the length tells them apart, however near the scores are."""
    return (best.by_isrc and not rival.by_isrc) or ("duration" in best.reasons and "duration" not in rival.reasons)


def _same_recording(candidate: ScoredCandidate, other: ScoredCandidate) -> bool:
    """Tell twins from rivals: two intros of one artist are rivals even when they last about as long."""
    first, second = candidate.track, other.track
    if first.id == second.id or (first.isrc and first.isrc == second.isrc):
        return True
    titles = read_title(first.name), read_title(second.name)
    if titles[0].key != titles[1].key or name_key(first.artists[0].name) != name_key(second.artists[0].name):
        return False
    if not first.duration_ms or not second.duration_ms:
        return titles[0].text not in ALONE
    limit_ms = SAME_LENGTH_MS if titles[0].text in ALONE else OTHER_LENGTH_MS
    return abs(first.duration_ms - second.duration_ms) <= limit_ms


def _rank(wanted: TrackQuery, candidate: ScoredCandidate) -> tuple[object, ...]:
    """Order candidates: the code, the score, then among twins what is wanted, known best, and released first."""
    track = candidate.track
    album = track.album
    return (
        not candidate.by_isrc,
        -candidate.score,
        wanted.explicit is not None and track.explicit is not None and wanted.explicit != track.explicit,
        -(track.popularity or 0),
        not track.explicit,
        _KINDS.get(album.kind or "", 3) if album else 3,
        (album.release_date if album else None) or "9",
        track.id or "",
        track.name,
    )


def _nearest_miss(scored: list[ScoredCandidate]) -> str:
    refusals = [REFUSALS.index(candidate.refused) for candidate in scored if candidate.refused]
    return REFUSALS[max(refusals)] if refusals else "no_candidates"


def _title(wanted: TrackQuery) -> Title:
    return read_title(wanted.title)


def _may_name_guests(name: str) -> bool:
    return "ft" in name or "eat" in name or "ith " in name or "EAT" in name or "FT" in name


def _same_isrc(code: str, other_code: str) -> bool:
    return code == other_code or code.replace("-", "").upper() == other_code.replace("-", "").upper()
