"""What lies under a key of the cache: JSON arrays, read back with suspicion.

Plain JSON: zlib would make 290 bytes 180, and take 8 us to write and 2 us to read, where plain JSON takes 0.5 and 5
(benchmarks/spotify_store.py); Python 3.11 brings no zstd.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

from boombap.spotify.model import Album, Artist, Match, Outcome, Track

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boombap.spotify.model import TrackQuery

MISSING = b"0"
"""Under the key of a track: Spotify does not know this id."""

_TEXT = (str,)
_MAYBE_TEXT = (str, type(None))
_MAYBE_WHOLE = (int, type(None))
_MAYBE_FLAG = (bool, type(None))
_ARTIST = (_MAYBE_TEXT, _TEXT)
_ALBUM = (_MAYBE_TEXT, _TEXT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_WHOLE)
_TRACK = (
    _MAYBE_TEXT, _TEXT, (list,), (list, type(None)), _MAYBE_WHOLE, _MAYBE_FLAG, _MAYBE_TEXT, _MAYBE_WHOLE, (bool,),
    _MAYBE_WHOLE, _MAYBE_WHOLE, _MAYBE_TEXT, _MAYBE_TEXT,
)  # fmt: skip
_VERDICT = ((str,), (float, int), (float, int, type(None)), (list,), (list, type(None)))


class CachedVerdict(NamedTuple):
    """A match without the row that it is about."""

    outcome: Outcome
    score: float
    margin: float | None
    reasons: tuple[str, ...]
    track: Track | None

    def about(self, wanted: TrackQuery) -> Match:
        """Return the match of a row that asks the same question."""
        return Match(wanted, self.outcome, self.track, self.score, self.margin, self.reasons)


def encode_track(track: Track) -> bytes:
    """Return a track as bytes.

    Raises:
        ValueError: a text that UTF-8 has no bytes for, or a number of more than 64 bits.
    """
    return _dump(track)


def decode_track(value: bytes) -> Track | None:
    """Return the track in these bytes, None when they are not ours."""
    try:
        return _track(orjson.loads(value))
    except ValueError:
        return None


def encode_match(match: Match) -> bytes:
    """Return a verdict as bytes.

    Raises:
        ValueError: a text that UTF-8 has no bytes for, or a number of more than 64 bits.
    """
    return _dump([match.outcome, match.score, match.margin, match.reasons, match.track])


def decode_match(value: bytes) -> CachedVerdict | None:
    """Return the verdict in these bytes, None when they are not ours."""
    try:
        outcome, score, margin, reasons, track = _checked(orjson.loads(value), _VERDICT)
        if not all(isinstance(reason, str) for reason in reasons):
            return None
        return CachedVerdict(
            Outcome(outcome), score, margin, tuple(reasons), _track(track) if track is not None else None
        )
    except ValueError:
        return None


def _dump(value: object) -> bytes:
    try:
        return orjson.dumps(value, default=tuple)
    except TypeError as error:
        raise ValueError(str(error)) from None


def _track(value: object) -> Track:
    id_, name, artists, album, *rest = _checked(value, _TRACK)
    return Track(
        id_,
        name,
        tuple([Artist(*_checked(artist, _ARTIST)) for artist in artists]),
        Album(*_checked(album, _ALBUM)) if album is not None else None,
        *rest,
    )


def _checked(value: object, types: tuple[tuple[type, ...], ...]) -> list[Any]:
    if type(value) is not list or len(value) != len(types):
        raise ValueError
    # By identity, because True is an int and no popularity.
    if not all(type(field) in allowed for field, allowed in zip(value, types, strict=True)):
        raise ValueError
    return value
