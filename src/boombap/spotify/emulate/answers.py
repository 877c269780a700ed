"""The objects of the Web API as JSON, in the shape of either mode; rendered when first asked for, and kept.

Source: the OpenAPI description of the Web API, and for development mode the changes of February 2026: `popularity`,
`available_markets`, `linked_from`, `label` and `followers` are gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from boombap.spotify.emulate.catalogue import fraction
from boombap.spotify.model import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from boombap.spotify.emulate.catalogue import Album, Artist, Catalogue

_API = "https://api.spotify.com/v1"
_OPEN = "https://open.spotify.com"
_MARKETS = ("BR", "CA", "DE", "ES", "FR", "GB", "IT", "JP", "KE", "MX", "PL", "US")
_GONE = ("popularity", "available_markets", "linked_from", "label", "followers")
_PRECISIONS = {4: "year", 7: "month", 10: "day"}
_SIZES = (640, 300, 64)
# What an album page shows at first, as the Web API does.
_FIRST_TRACKS = 50


class Answers:
    """The catalogue as JSON."""

    def __init__(self, catalogue: Catalogue, mode: Mode) -> None:
        self._catalogue = catalogue
        self._is_development = mode is Mode.DEVELOPMENT
        self._kept: dict[tuple[str, str], bytes] = {}

    def track(self, id_: str) -> bytes | None:
        """Return a track; None when there is none."""
        return self._once("track", id_, self._catalogue.songs, self._track)

    def simple_track(self, id_: str) -> bytes | None:
        """Return a track as an album lists it."""
        return self._once("simple track", id_, self._catalogue.songs, self._simple_track)

    def album(self, id_: str) -> bytes | None:
        """Return an album with its first tracks."""
        return self._once("album", id_, self._catalogue.albums, self._album)

    def simple_album(self, id_: str) -> bytes | None:
        """Return an album as a track or a page names it."""
        return self._once("simple album", id_, self._catalogue.albums, self._simple_album)

    def artist(self, id_: str) -> bytes | None:
        """Return an artist."""
        return self._once("artist", id_, self._catalogue.artists, self._artist)

    def features(self, id_: str) -> bytes | None:
        """Return the audio features of a track."""
        return self._once("features", id_, self._catalogue.songs, self._features)

    def discography(self, artist_id: str, album_id: str) -> bytes | None:
        """Return an album as the page of an artist's albums shows it."""
        album = self._catalogue.albums[album_id]
        return self._dump(self._album_fields(album) | {"album_group": self.group(artist_id, album_id)})

    def group(self, artist_id: str, album_id: str) -> str:
        """Return what the album is to the artist."""
        album = self._catalogue.albums[album_id]
        return album.kind if album.artist_id == artist_id else "appears_on"

    def _once(
        self, kind: str, id_: str, known: Mapping[str, object], render: Callable[[str], Mapping[str, object]]
    ) -> bytes | None:
        found = self._kept.get((kind, id_))
        if found is None and id_ in known:
            found = self._kept[kind, id_] = self._dump(render(id_))
        return found

    def _dump(self, fields: Mapping[str, object]) -> bytes:
        if self._is_development:
            fields = {name: value for name, value in fields.items() if name not in _GONE}
        return orjson.dumps(fields)

    def _track(self, id_: str) -> dict[str, object]:
        song = self._catalogue.songs[id_]
        return self._track_fields(id_) | {
            "album": _fragment(self.simple_album(song.album_id)),
            "external_ids": {"isrc": song.isrc},
            "popularity": song.popularity,
        }

    def _simple_track(self, id_: str) -> dict[str, object]:
        return self._track_fields(id_)

    def _track_fields(self, id_: str) -> dict[str, object]:
        song = self._catalogue.songs[id_]
        return {
            "artists": [self._simple_artist(self._catalogue.artists[one]) for one in song.artist_ids],
            "available_markets": _MARKETS,
            "disc_number": song.disc,
            "duration_ms": song.duration_ms,
            "explicit": song.explicit,
            **_identity("track", id_),
            "is_local": False,
            "name": song.name,
            "preview_url": None,
            "track_number": song.number,
        }

    def _simple_album(self, id_: str) -> dict[str, object]:
        return self._album_fields(self._catalogue.albums[id_])

    def _album_fields(self, album: Album) -> dict[str, object]:
        return {
            "album_type": album.kind,
            "artists": [self._simple_artist(self._catalogue.artists[album.artist_id])],
            "available_markets": _MARKETS,
            **_identity("album", album.id),
            "images": _images(album.id),
            "name": album.name,
            "release_date": album.released,
            "release_date_precision": _PRECISIONS[len(album.released)],
            "total_tracks": len(album.song_ids),
        }

    def _album(self, id_: str) -> dict[str, object]:
        album = self._catalogue.albums[id_]
        tracks = [self.simple_track(one) for one in album.song_ids[:_FIRST_TRACKS]]
        href = f"{_API}/albums/{id_}/tracks"
        return self._album_fields(album) | {
            "copyrights": [{"text": f"(C) {album.released[:4]} {album.label or 'Nobody'}", "type": "C"}],
            "external_ids": {"upc": f"{int(fraction(id_, 'upc') * 10**12):012d}"},
            "genres": [],
            "label": album.label,
            "popularity": int(100 * fraction(id_, "popularity")),
            "tracks": orjson.Fragment(page(tracks, href, len(album.song_ids), _FIRST_TRACKS, 0)),
        }

    def _artist(self, id_: str) -> dict[str, object]:
        return self._simple_artist(self._catalogue.artists[id_]) | {
            "followers": {"href": None, "total": int(10**7 * fraction(id_, "followers"))},
            "genres": ["hip hop"],
            "images": _images(id_),
            "popularity": int(100 * fraction(id_, "popularity")),
        }

    def _simple_artist(self, artist: Artist) -> dict[str, object]:
        return {**_identity("artist", artist.id), "name": artist.name}

    def _features(self, id_: str) -> dict[str, object]:
        shares = ("acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence")
        return {
            **{name: round(fraction(id_, name), 4) for name in shares},
            "analysis_url": f"{_API}/audio-analysis/{id_}",
            "duration_ms": self._catalogue.songs[id_].duration_ms,
            "id": id_,
            "key": int(12 * fraction(id_, "key")),
            "loudness": round(-30 * fraction(id_, "loudness"), 3),
            "mode": int(2 * fraction(id_, "mode")),
            "tempo": round(60 + 120 * fraction(id_, "tempo"), 3),
            "time_signature": 4,
            "track_href": f"{_API}/tracks/{id_}",
            "type": "audio_features",
            "uri": f"spotify:track:{id_}",
        }


def several(name: str, entries: Sequence[bytes | None]) -> bytes:
    """Return the answer to a question for several ids: null where there is no such thing."""
    return b'{"%s":[%s]}' % (name.encode(), b",".join([entry or b"null" for entry in entries]))


def page(items: Sequence[bytes | None], href: str, total: int, limit: int, offset: int) -> bytes:
    """Return a page of a list.

    Args:
        href: of the list, with the words that belong to it.
    """
    joint = "&" if "?" in href else "?"

    def at(start: int) -> str:
        return f"{href}{joint}offset={start}&limit={limit}"

    return orjson.dumps(
        {
            "href": at(offset),
            "items": [_fragment(item) for item in items],
            "limit": limit,
            "next": at(offset + limit) if offset + limit < total else None,
            "offset": offset,
            "previous": at(max(0, offset - limit)) if offset else None,
            "total": total,
        }
    )


def _fragment(rendered: bytes | None) -> orjson.Fragment:
    return orjson.Fragment(rendered or b"null")


def _identity(kind: str, id_: str) -> dict[str, object]:
    return {
        "external_urls": {"spotify": f"{_OPEN}/{kind}/{id_}"},
        "href": f"{_API}/{kind}s/{id_}",
        "id": id_,
        "type": kind,
        "uri": f"spotify:{kind}:{id_}",
    }


def _images(id_: str) -> list[dict[str, object]]:
    return [{"url": f"https://i.scdn.co/image/{size}{id_}", "height": size, "width": size} for size in _SIZES]
