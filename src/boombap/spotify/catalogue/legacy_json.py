"""What earlier programs left in `tracks.spotify_data`, read as tracks, whichever of three shapes it has.

`migrated` (from SQLite): ``{id, name, album{name}, artists, duration_ms, …, migrated_from_sqlite}``; its name and
artist are copies of the row's own, so they prove nothing. `flat`: ``{track_id, album_name, album_id, artists, …}``
without a name. `full`: the keys of both, as `writer` writes it, with what Spotify said. None of them is trusted.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from boombap.spotify.model import Album, Artist, Track

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID = re.compile(r"[0-9A-Za-z]{22}")
_LONGEST_MS = 2**31 - 1


class Shape(StrEnum):
    """Which program wrote the column."""

    MIGRATED = "migrated"
    FLAT = "flat"
    FULL = "full"


class LegacyTrack(NamedTuple):
    """A stored answer.

    Attributes:
        track: its name is empty where the shape has none, and the row's own where the shape copies it.
    """

    shape: Shape
    track: Track


class Unreadable(NamedTuple):
    """A stored answer that cannot be used, and why."""

    reason: str


def read_legacy(text: str | bytes) -> LegacyTrack | Unreadable:
    """Read the column's JSON text.

    >>> read_legacy('{"track_id": "0Kjuar8Ls4oJHFhL6lf4R4", "artists": [{"name": "Eve"}]}').shape
    <Shape.FLAT: 'flat'>
    >>> read_legacy("{}")
    Unreadable(reason='empty')
    """
    try:
        value = orjson.loads(text)
        if isinstance(value, str):  # encoded twice: a JSON text in a JSON string
            value = orjson.loads(value)
    except orjson.JSONDecodeError:
        return Unreadable("not_json")
    if not value:
        return Unreadable("empty")
    if not isinstance(value, dict):
        return Unreadable("not_an_object")
    return _read(value)


def _read(value: Mapping[str, Any]) -> LegacyTrack | Unreadable:
    id_ = value.get("id") or value.get("track_id")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        return Unreadable("no_id")
    artists = _artists(value.get("artists"))
    if not artists:
        return Unreadable("no_artists")
    shape = _shape(value)
    track = Track(
        id_,
        _text(value.get("name")) or "",
        artists,
        _album(value),
        _length_ms(value.get("duration_ms")),
        explicit if isinstance(explicit := value.get("explicit"), bool) else None,
        _text(value.get("isrc")),
        popularity if type(popularity := value.get("popularity")) is int else None,
        preview_url=_text(value.get("preview_url")),
    )
    return LegacyTrack(shape, track)


def _shape(value: Mapping[str, Any]) -> Shape:
    if "id" not in value:
        return Shape.FLAT
    return Shape.FULL if "track_id" in value else Shape.MIGRATED


def _artists(value: Any) -> tuple[Artist, ...]:  # noqa: ANN401 - decoded JSON
    if not isinstance(value, list):
        return ()
    return tuple(
        Artist(_text(artist.get("id")), name)
        for artist in value
        if isinstance(artist, dict) and (name := _text(artist.get("name"))) is not None
    )


def _album(value: Mapping[str, Any]) -> Album | None:
    inner = value.get("album")
    album = inner if isinstance(inner, dict) else {}
    name = _text(album.get("name")) or _text(value.get("album_name"))
    album_id = _text(album.get("id")) or _text(value.get("album_id"))
    released = _text(album.get("release_date")) or _text(value.get("release_date"))
    if name is None and album_id is None and released is None:
        return None
    return Album(album_id, name or "", released)


def _text(value: Any) -> str | None:  # noqa: ANN401 - decoded JSON
    return value if isinstance(value, str) and value else None


def _length_ms(value: Any) -> int | None:  # noqa: ANN401 - decoded JSON
    return value if type(value) is int and 0 < value <= _LONGEST_MS else None
