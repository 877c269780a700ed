"""The search of the Web API: an index for each type, with its limits, and with quirks on request."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from boombap.spotify.emulate.index import Index, IndexEntry, parse
from boombap.spotify.emulate.quirk import Quirk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from boombap.spotify.emulate.catalogue import Album, Catalogue

LONGEST_QUERY = 250
"""Characters of a query."""
MAX_RESULTS = 1_000
"""Results of one query, over all its pages."""
_PADDED_TO = 20
# Among how many neighbours a result changes its place: a page of development mode, so that the best stay on the first.
_MIXED = 10


class Search:
    """What a query finds, by type.

    Args:
        seed: of the random order.
    """

    def __init__(self, catalogue: Catalogue, seed: int = 0) -> None:
        self._seed = seed
        self._ids = {
            "track": list(catalogue.songs),
            "album": list(catalogue.albums),
            "artist": list(catalogue.artists),
        }
        artists, albums = catalogue.artists, catalogue.albums
        self._indexes = {
            "track": Index(("artist", "track", "album", "isrc"), _songs(catalogue)),
            "album": Index(
                ("artist", "album"),
                (
                    IndexEntry((artists[album.artist_id].name, album.name), year=_year(album))
                    for album in albums.values()
                ),
            ),
            "artist": Index(
                ("artist",), (IndexEntry((artist.name,), len(artist.album_ids)) for artist in artists.values())
            ),
        }
        self._popular = {type_: index.best(_PADDED_TO) for type_, index in self._indexes.items()}

    def ids(self, type_: str, text: str, quirks: Collection[Quirk] = ()) -> Sequence[str]:
        """Return the ids that a query finds, best first.

        Args:
            type_: track, album or artist.
        """
        numbers = self._indexes[type_].find(parse(text), is_strict=Quirk.STRICT in quirks)[:MAX_RESULTS]
        if Quirk.PAD in quirks:
            numbers = list(dict.fromkeys([*numbers, *self._popular[type_]]))[: max(len(numbers), _PADDED_TO)]
        if Quirk.SHUFFLE in quirks:
            numbers = _shuffled(numbers, f"{self._seed} {type_} {text}")
        ids = self._ids[type_]
        return [ids[number] for number in numbers]


def _shuffled(numbers: Sequence[int], seed: str) -> list[int]:
    chance = random.Random(seed)  # noqa: S311 - must be the same in each run
    tens = [numbers[start : start + _MIXED] for start in range(0, len(numbers), _MIXED)]
    return [number for ten in tens for number in chance.sample(ten, len(ten))]


def _songs(catalogue: Catalogue) -> Iterable[IndexEntry]:
    for song in catalogue.songs.values():
        album = catalogue.albums[song.album_id]
        names = " ".join([catalogue.artists[id_].name for id_ in song.artist_ids])
        yield IndexEntry((names, song.name, album.name, song.isrc), song.popularity, _year(album))


def _year(album: Album) -> int:
    year = album.released[:4]
    return int(year) if year.isascii() and year.isdigit() else 0
