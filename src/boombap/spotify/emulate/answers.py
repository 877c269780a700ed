"""The objects of the Web API as JSON, in the shape of either mode.

Tracks and albums are filled into templates of bytes. A track with its album takes 5 us (benchmarks/spotify_emulator.py,
2026-11-26), so only the artists' lines are kept.

Source: the OpenAPI description of the Web API, and for development mode the changes of February 2026: `popularity`,
`available_markets`, `linked_from`, `label` and `followers` are gone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from boombap.spotify.emulate.catalogue import fraction
from boombap.spotify.model import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boombap.spotify.emulate.catalogue import Album, Artist, Catalogue, Song

_API = "https://api.spotify.com/v1"
_OPEN = "https://open.spotify.com"
_MARKETS = ("BR", "CA", "DE", "ES", "FR", "GB", "IT", "JP", "KE", "MX", "PL", "US")
_GONE = ("popularity", "available_markets", "linked_from", "label", "followers")
_PRECISIONS = {4: b'"year"', 7: b'"month"', 10: b'"day"'}
_KINDS = {"album": b'"album"', "single": b'"single"'}
_SIZES = (640, 300, 64)
_BOOLEANS = (b"false", b"true")
# What an album page shows at first, as the Web API does.
_FIRST_TRACKS = 50
# In a template, "%name" is JSON and "#name" a number, both in place of the quotes too; %(name)b is text in a string.
_RAW = re.compile(rb'"%(\w+)"')
_NUMBER = re.compile(rb'"#(\w+)"')


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


_SIMPLE_TRACK = {
    "artists": "%artists",
    "available_markets": _MARKETS,
    "disc_number": "#disc",
    "duration_ms": "#duration",
    "explicit": "%explicit",
    **_identity("track", "%(id)b"),
    "is_local": False,
    "name": "%name",
    "preview_url": None,
    "track_number": "#number",
}
_TRACK = _SIMPLE_TRACK | {"album": "%album", "external_ids": {"isrc": "%isrc"}, "popularity": "#popularity"}
_SIMPLE_ALBUM = {
    "album_type": "%kind",
    "artists": "%artists",
    "available_markets": _MARKETS,
    **_identity("album", "%(id)b"),
    "images": _images("%(id)b"),
    "name": "%name",
    "release_date": "%released",
    "release_date_precision": "%precision",
    "total_tracks": "#total",
}
_SIMPLE_ARTIST = {**_identity("artist", "%(id)b"), "name": "%name"}


class Answers:
    """The catalogue as JSON."""

    def __init__(self, catalogue: Catalogue, mode: Mode) -> None:
        self._catalogue = catalogue
        self._is_development = mode is Mode.DEVELOPMENT
        self._track_template = self._template(_TRACK)
        self._simple_track_template = self._template(_SIMPLE_TRACK)
        self._album_template = self._template(_SIMPLE_ALBUM)
        self._discography_template = self._template(_SIMPLE_ALBUM | {"album_group": "%group"})
        self._artist_template = self._template(_SIMPLE_ARTIST)
        self._known_credits: dict[tuple[str, ...], bytes] = {}

    def track(self, id_: str) -> bytes | None:
        """Return a track; None when it is not known."""
        song = self._catalogue.songs.get(id_)
        if song is None:
            return None
        album = self._filled_album(self._album_template, self._catalogue.albums[song.album_id])
        fields = self._track_fields(song)
        fields[b"album"], fields[b"isrc"], fields[b"popularity"] = (
            album,
            orjson.dumps(song.isrc),
            song.popularity,
        )
        return self._track_template % fields

    def simple_track(self, id_: str) -> bytes | None:
        """Return a track as an album lists it."""
        song = self._catalogue.songs.get(id_)
        return self._simple_track_template % self._track_fields(song) if song else None

    def album(self, id_: str) -> bytes | None:
        """Return an album with its first tracks."""
        album = self._catalogue.albums.get(id_)
        return self._dump(self._album(album)) if album else None

    def simple_album(self, id_: str) -> bytes | None:
        """Return an album as a track or a page names it."""
        album = self._catalogue.albums.get(id_)
        return self._filled_album(self._album_template, album) if album else None

    def artist(self, id_: str) -> bytes | None:
        """Return an artist."""
        artist = self._catalogue.artists.get(id_)
        return self._dump(_artist(artist)) if artist else None

    def features(self, id_: str) -> bytes | None:
        """Return the audio features of a track."""
        song = self._catalogue.songs.get(id_)
        return self._dump(_features(id_, song.duration_ms)) if song else None

    def discography(self, artist_id: str, album_id: str) -> bytes:
        """Return an album as the page of an artist's albums shows it."""
        group = orjson.dumps(self.group(artist_id, album_id))
        return self._filled_album(self._discography_template, self._catalogue.albums[album_id], group)

    def group(self, artist_id: str, album_id: str) -> str:
        """Return what the album is to the artist."""
        album = self._catalogue.albums[album_id]
        return album.kind if album.artist_id == artist_id else "appears_on"

    def _template(self, fields: Mapping[str, object]) -> bytes:
        return _NUMBER.sub(rb"%(\1)d", _RAW.sub(rb"%(\1)b", self._dump(fields)))

    def _dump(self, fields: Mapping[str, object]) -> bytes:
        if self._is_development:
            fields = {name: value for name, value in fields.items() if name not in _GONE}
        return orjson.dumps(fields)

    def _track_fields(self, song: Song) -> dict[bytes, bytes | int]:
        return {
            b"artists": self._credits(song.artist_ids),
            b"disc": song.disc,
            b"duration": song.duration_ms,
            b"explicit": _BOOLEANS[song.explicit],
            b"id": song.id.encode(),
            b"name": orjson.dumps(song.name),
            b"number": song.number,
        }

    def _filled_album(self, template: bytes, album: Album, group: bytes = b"") -> bytes:
        return template % {
            b"artists": self._credits((album.artist_id,)),
            b"group": group,
            b"id": album.id.encode(),
            b"kind": _KINDS[album.kind],
            b"name": orjson.dumps(album.name),
            b"precision": _PRECISIONS[len(album.released)],
            b"released": orjson.dumps(album.released),
            b"total": len(album.song_ids),
        }

    def _credits(self, ids: tuple[str, ...]) -> bytes:
        known = self._known_credits.get(ids)
        if known is None:
            known = self._known_credits[ids] = b"[%b]" % b",".join([self._simple_artist(id_) for id_ in ids])
        return known

    def _simple_artist(self, id_: str) -> bytes:
        name = orjson.dumps(self._catalogue.artists[id_].name)
        return self._artist_template % {b"id": id_.encode(), b"name": name}

    def _album(self, album: Album) -> dict[str, object]:
        tracks = [self.simple_track(id_) for id_ in album.song_ids[:_FIRST_TRACKS]]
        href = f"{_API}/albums/{album.id}/tracks"
        fields: dict[str, object] = orjson.loads(self._filled_album(self._album_template, album))
        return fields | {
            "copyrights": [{"text": f"(C) {album.released[:4]} {album.label or 'Nobody'}", "type": "C"}],
            "external_ids": {"upc": f"{int(fraction(album.id, 'upc') * 10**12):012d}"},
            "genres": [],
            "label": album.label,
            "popularity": int(100 * fraction(album.id, "popularity")),
            "tracks": orjson.Fragment(page(tracks, href, len(album.song_ids), _FIRST_TRACKS, 0)),
        }


def several(name: str, entries: Sequence[bytes | None]) -> bytes:
    """Return the answer to a question for several ids: null where an id is not known."""
    return b'{"%s":[%s]}' % (name.encode(), b",".join([entry or b"null" for entry in entries]))


def page(items: Sequence[bytes | None], href: str, total: int, limit: int, offset: int) -> bytes:
    """Return a page of a list.

    Args:
        href: of the list, with the parameters that belong to it.
    """
    joint = "&" if "?" in href else "?"

    def address(start: int) -> bytes:
        return orjson.dumps(f"{href}{joint}offset={start}&limit={limit}")

    return b'{"href":%b,"items":[%b],"limit":%d,"next":%b,"offset":%d,"previous":%b,"total":%d}' % (
        address(offset),
        b",".join([item or b"null" for item in items]),
        limit,
        address(offset + limit) if offset + limit < total else b"null",
        offset,
        address(max(0, offset - limit)) if offset else b"null",
        total,
    )


def _artist(artist: Artist) -> dict[str, object]:
    return {
        **_identity("artist", artist.id),
        "name": artist.name,
        "followers": {"href": None, "total": int(10**7 * fraction(artist.id, "followers"))},
        "genres": ["hip hop"],
        "images": _images(artist.id),
        "popularity": int(100 * fraction(artist.id, "popularity")),
    }


def _features(id_: str, duration_ms: int) -> dict[str, object]:
    shares = ("acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence")
    return {
        **{name: round(fraction(id_, name), 4) for name in shares},
        "analysis_url": f"{_API}/audio-analysis/{id_}",
        "duration_ms": duration_ms,
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
