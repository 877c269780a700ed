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
        found = orjson.loads(text)
        if isinstance(found, str):  # encoded twice: a JSON text in a JSON string
            found = orjson.loads(found)
    except orjson.JSONDecodeError:
        return Unreadable("not_json")
    if not found:
        return Unreadable("empty")
    if not isinstance(found, dict):
        return Unreadable("not_an_object")
    return _read(found)


def _read(found: Mapping[str, Any]) -> LegacyTrack | Unreadable:
    id_ = found.get("id") or found.get("track_id")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        return Unreadable("no_id")
    artists = _artists(found.get("artists"))
    if not artists:
        return Unreadable("no_artists")
    shape = _shape(found)
    track = Track(
        id_,
        _text(found.get("name")) or "",
        artists,
        _album(found),
        _length_ms(found.get("duration_ms")),
        explicit if isinstance(explicit := found.get("explicit"), bool) else None,
        _text(found.get("isrc")),
        popularity if type(popularity := found.get("popularity")) is int else None,
        preview_url=_text(found.get("preview_url")),
    )
    return LegacyTrack(shape, track)


def _shape(found: Mapping[str, Any]) -> Shape:
    if "id" not in found:
        return Shape.FLAT
    return Shape.FULL if "track_id" in found else Shape.MIGRATED


def _artists(found: Any) -> tuple[Artist, ...]:  # noqa: ANN401 - decoded JSON
    if not isinstance(found, list):
        return ()
    return tuple(
        Artist(_text(one.get("id")), name)
        for one in found
        if isinstance(one, dict) and (name := _text(one.get("name"))) is not None
    )


def _album(found: Mapping[str, Any]) -> Album | None:
    inner = found.get("album")
    album = inner if isinstance(inner, dict) else {}
    name = _text(album.get("name")) or _text(found.get("album_name"))
    album_id = _text(album.get("id")) or _text(found.get("album_id"))
    released = _text(album.get("release_date")) or _text(found.get("release_date"))
    if name is None and album_id is None and released is None:
        return None
    return Album(album_id, name or "", released)


def _text(found: Any) -> str | None:  # noqa: ANN401 - decoded JSON
    return found if isinstance(found, str) and found else None


def _length_ms(found: Any) -> int | None:  # noqa: ANN401 - decoded JSON
    return found if type(found) is int and 0 < found <= _LONGEST_MS else None
