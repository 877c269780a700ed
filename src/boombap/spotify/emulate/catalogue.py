"""The songs, albums and artists that the emulator knows, made from rows that name artist and title.

The same rows and seed give the same ids, lengths, codes and versions in every process: all of it comes from hashes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 22
_FEATURING = re.compile(r"\s+(?:feat\.?|ft\.?|featuring)\s+", re.IGNORECASE)
_VERSION = re.compile(r" (?:-|\(|\[)")
_ALBUM_FROM = 7
_APART_MS = 20_000
_DAYS = 28
_FIRST_YEAR, _YEARS = 1985, 40
# A date has four digits for the year.
_LAST_YEAR = 9_999


class CatalogueRow(NamedTuple):
    """One track of a catalogue; what is None or empty is made up.

    Attributes:
        guests: the artists beside the first.
        artist_ids: of the artist and the guests, in this order; empty when not known.
        released: a date with the precision of a year, month or day; goes before `year`.
    """

    artist: str
    title: str
    album: str = ""
    year: int | None = None
    id: str | None = None
    guests: tuple[str, ...] = ()
    artist_ids: tuple[str, ...] = ()
    album_id: str | None = None
    released: str | None = None
    duration_ms: int | None = None
    explicit: bool | None = None
    isrc: str | None = None
    number: int | None = None
    disc: int = 1
    label: str = ""


class Song(NamedTuple):
    """A track as the emulator knows it."""

    id: str
    name: str
    artist_ids: tuple[str, ...]
    album_id: str
    duration_ms: int
    explicit: bool
    isrc: str
    popularity: int
    number: int
    disc: int


@dataclass(slots=True)
class Album:
    """An album with the ids of its tracks, in their order."""

    id: str
    name: str
    artist_id: str
    released: str
    label: str
    song_ids: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Return `album_type`: what has few tracks is a single."""
        return "album" if len(self.song_ids) >= _ALBUM_FROM else "single"


@dataclass(slots=True)
class Artist:
    """An artist with the ids of the albums, in the order in which they came up.

    Attributes:
        guest_album_ids: the albums of others on which the artist is heard.
    """

    id: str
    name: str
    album_ids: list[str] = field(default_factory=list)
    guest_album_ids: list[str] = field(default_factory=list)


class Shares(NamedTuple):
    """How many of the rows without an id get company, and how many are left out, each from 0 to 1.

    Attributes:
        twins: a clean one beside the explicit one, on an album of the same name.
        versions: a live recording or a remix beside it.
        absent: Spotify does not have them.
    """

    twins: float = 0.05
    versions: float = 0.1
    absent: float = 0.0


class Catalogue:
    """All that can be asked for, by id."""

    def __init__(self, seed: int = 0) -> None:
        self.songs: dict[str, Song] = {}
        self.albums: dict[str, Album] = {}
        self.artists: dict[str, Artist] = {}
        self._seed = seed

    def add(self, row: CatalogueRow, edition: str = "") -> None:
        """Take in a row.

        Args:
            edition: sets the album and the song apart from those of the same name.
        """
        number = partial(_number, self._seed, row.artist, row.title, row.album, edition)
        song_id = row.id
        if not song_id or song_id in self.songs:
            song_id = _id(number("song"))
        if song_id in self.songs:
            return
        artists = self._artists(row)
        album = self._album(row, artists[0], edition)
        album.song_ids.append(song_id)
        for guest in artists[1:]:
            if album.id not in guest.guest_album_ids:
                guest.guest_album_ids.append(album.id)
        self.songs[song_id] = Song(
            song_id,
            row.title,
            tuple([artist.id for artist in artists]),
            album.id,
            row.duration_ms or self._duration_ms(row) + number("duration") % _APART_MS,
            bool(number("explicit") % 2) if row.explicit is None else row.explicit,
            row.isrc or f"QZ{_base_62(number('owner'))[:3].upper()}{number('isrc') % 10**7:07d}",
            number("popularity") % 101,
            row.number or len(album.song_ids),
            row.disc,
        )

    def _duration_ms(self, row: CatalogueRow) -> int:
        """Return how long a song is at least: all its versions are about as long."""
        song = _VERSION.split(row.title, maxsplit=1)[0]
        return 90_000 + _number(self._seed, row.artist, song, "song's duration") % 250_000

    def _artists(self, row: CatalogueRow) -> list[Artist]:
        names = [row.artist, *row.guests]
        known = row.artist_ids if len(row.artist_ids) == len(names) else [None] * len(names)
        artists = []
        for id_, name in zip(known, names, strict=True):
            key = id_ or _id(_number(self._seed, name.casefold(), "artist"))
            artists.append(self.artists.setdefault(key, Artist(key, name)))
        return artists

    def _album(self, row: CatalogueRow, artist: Artist, edition: str) -> Album:
        name = row.album or row.title
        number = partial(_number, self._seed, artist.id, name.casefold(), edition)
        key = row.album_id or _id(number("album"))
        if key not in self.albums:
            released = row.released or _released(row.year, number("released"))
            self.albums[key] = Album(key, name, artist.id, released, row.label)
            artist.album_ids.append(key)
        return self.albums[key]


def from_rows(rows: Iterable[Sequence[object]], seed: int = 0, shares: Shares = Shares()) -> Catalogue:  # noqa: B008 - frozen
    """Return the catalogue of rows that begin with artist, title, album and year.

    A row with an id of its own is taken as it is; the others get twins and versions, or are left out, by their share.
    """
    catalogue = Catalogue(seed)
    for values in rows:
        row = _with_guests(CatalogueRow(*values))  # type: ignore[arg-type]
        chance = partial(_chance, seed, row.artist, row.title)
        if row.id:
            catalogue.add(row)
        elif chance("absent") >= shares.absent:
            version = chance("version") / shares.versions if shares.versions else 1.0
            _add_all(catalogue, row, has_twin=chance("twin") < shares.twins, version=version)
    return catalogue


def made_up(count: int, seed: int = 0) -> Iterable[CatalogueRow]:
    """Yield rows of invented music: a dozen albums per artist, a dozen songs per album."""
    for song in range(count):
        album = song // 12
        artist = album // 12
        title = " ".join([_pick(seed, song, place) for place in range(3)])
        name = f"{_pick(seed, artist, 'artist')} {_pick(seed, artist, 'second')} {_base_62(artist + 1)}"
        yield CatalogueRow(name, title, f"{_pick(seed, album, 'album')} {album % 12 + 1}", _FIRST_YEAR + album % _YEARS)


def other_id(id_: str) -> str:
    """Return the id under which a relinked track comes back."""
    return _id(_number(id_, "relinked"))


def fraction(*parts: object) -> float:
    """Return a number from 0 to 1 that belongs to the parts."""
    return _chance(*parts)


def _add_all(catalogue: Catalogue, row: CatalogueRow, *, has_twin: bool, version: float) -> None:
    if not has_twin:
        catalogue.add(row)
    else:
        catalogue.add(row._replace(explicit=True))
        catalogue.add(row._replace(explicit=False, album=row.album or row.title), "clean")
    if version < 0.5:  # noqa: PLR2004 - one half of the versions each
        catalogue.add(row._replace(title=f"{row.title} - Live", album=f"{row.album or row.title} (Live)"))
    elif version < 1:
        catalogue.add(row._replace(title=f"{row.title} - Remix", album=f"{row.title} (Remix)"))


def _with_guests(row: CatalogueRow) -> CatalogueRow:
    if row.guests or row.artist_ids:
        return row
    first, *guests = _FEATURING.split(row.artist)
    return row._replace(artist=first, guests=tuple(guests)) if first and guests else row


def _released(year: int | None, number: int) -> str:
    year = year if year and year <= _LAST_YEAR else _FIRST_YEAR + number % _YEARS
    month, day = 1 + number // 100 % 12, 1 + number // 10_000 % _DAYS
    return (f"{year:04d}", f"{year:04d}-{month:02d}", f"{year:04d}-{month:02d}-{day:02d}")[min(number % 10, 2)]


def _pick(*parts: object) -> str:
    return _WORDS[_number(*parts) % len(_WORDS)]


def _chance(*parts: object) -> float:
    return (_number(*parts) >> 64) / 2**64


def _number(*parts: object) -> int:
    return int.from_bytes(blake2b("\0".join(map(str, parts)).encode(errors="replace"), digest_size=16).digest(), "big")


def _id(number: int) -> str:
    return _base_62(number).rjust(_ID_LENGTH, "0")


def _base_62(number: int) -> str:
    digits = []
    while number:
        number, rest = divmod(number, 62)
        digits.append(_DIGITS[rest])
    return "".join(reversed(digits))


_WORDS = (
    "Amber", "Anthem", "Asphalt", "Block", "Boom", "Borough", "Brass", "Breaks", "Cadence", "Cipher",
    "Concrete", "Corner", "Crate", "Crown", "Dial", "Dusk", "Echo", "Ember", "Fader", "Flow", "Ghost", "Gold",
    "Groove", "Harbor", "Hustle", "Ink", "Jewel", "Keys", "Ladder", "Light", "Loop", "Marble", "Midnight",
    "Mirror", "Motion", "Needle", "Neon", "North", "Paper", "Pulse", "Quarter", "River", "Roof", "Sample",
    "Scratch", "Signal", "Silver", "Smoke", "South", "Static", "Steel", "Stereo", "Summer", "Tape", "Tempo",
    "Thunder", "Train", "Velvet", "Vinyl", "Winter",
)  # fmt: skip
