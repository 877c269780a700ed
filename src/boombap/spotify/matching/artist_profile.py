"""What all rows of an artist tell together: which id is the artist's, which albums, how explicit, how popular.

The migrated shape copies the artist's name from the row and keeps the first artist's id only. So a foreign id belongs
either to a host of the artist, or to a stranger that a search by names brought up. What tells them apart: a host's
track is on an album of the artist's, or is as explicit as the artist's own rows are, or is heard by more people.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import TYPE_CHECKING

from boombap.spotify.matching.normalize import name_key, read_credit

if TYPE_CHECKING:
    from boombap.spotify.catalogue.legacy_json import LegacyTrack
    from boombap.spotify.model import Track

# From this many rows of an artist on, the id that most of them carry is the artist's.
_LEAST_ROWS = 3
# One row in ten may be a clean edit: on the development half of benchmarks/spotify_audit.py, bars from 70 to 90 % find
# the same rows.
_MOSTLY_EXPLICIT = 0.8
_LEAST_MARKED = 5
# A host's hit is heard by more people than most of the guest's own rows; a namesake's track seldom is.
_POPULAR_SHARE = 0.9
_MOST_POPULAR = 100


class ArtistProfile:
    """The rows that carry one id as the first or only one of an artist."""

    __slots__ = ("_albums", "_explicit", "_marked", "_popularity", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self._marked = 0
        self._explicit = 0
        self._popularity = array("B")  # one byte for each row
        self._albums: set[int] = set()

    def add(self, track: Track, *, is_first: bool) -> None:
        """Take in one row; what a guest's row says of album and audience is its host's."""
        self.rows += 1
        if not is_first:
            return
        if track.explicit is not None:
            self._marked += 1
            self._explicit += track.explicit
        if track.popularity is not None:
            self._popularity.append(min(max(track.popularity, 0), _MOST_POPULAR))
        if album := _album(track):
            self._albums.add(album)

    def has_album(self, track: Track) -> bool:
        """Tell whether the artist's own rows are on this track's album."""
        return _album(track) in self._albums

    def is_strange(self, track: Track) -> bool:
        """Tell whether another's track is unlike the artist's: clean where most are explicit, and obscure."""
        if track.explicit is not False or self._marked < _LEAST_MARKED:
            return False
        return self._explicit >= _MOSTLY_EXPLICIT * self._marked and not self._is_popular(track)

    def _is_popular(self, track: Track) -> bool:
        """Tell whether a track may be a host's hit: nearly all of the artist's own are less popular."""
        popularity = track.popularity
        if popularity is None or not self._popularity:
            return True
        return sum(own < popularity for own in self._popularity) >= _POPULAR_SHARE * len(self._popularity)


class ArtistProfiles:
    """The profiles of all artists, by the key of the name and the id."""

    def __init__(self) -> None:
        self._profiles: defaultdict[str, dict[str, ArtistProfile]] = defaultdict(dict)
        self._usual: dict[str, tuple[str, ArtistProfile] | None] = {}

    def count(self, artist: str, legacy: LegacyTrack) -> None:
        """Take in one row of `tracks` and what is stored with it."""
        whole = read_credit(artist).whole
        self._usual.pop(whole, None)
        for place, listed in enumerate(legacy.track.artists):
            if listed.id and name_key(listed.name) == whole:
                profile = self._profiles[whole].setdefault(listed.id, ArtistProfile())
                profile.add(legacy.track, is_first=not place)

    def usual(self, artist: str) -> tuple[str, ArtistProfile] | None:
        """Return the id that most rows of an artist carry, and its profile; None without a majority."""
        whole = read_credit(artist).whole
        if whole not in self._usual:
            self._usual[whole] = _majority(self._profiles.get(whole, {}))
        return self._usual[whole]


def _majority(profiles: dict[str, ArtistProfile]) -> tuple[str, ArtistProfile] | None:
    rows = sum(profile.rows for profile in profiles.values())
    if rows < _LEAST_ROWS:
        return None
    id_, profile = max(profiles.items(), key=lambda item: item[1].rows)
    return (id_, profile) if profile.rows * 2 > rows else None


def _album(track: Track) -> int:
    """Return a hash of the album's name and year: 8 bytes where names take 80; 0 without a name."""
    album = track.album
    return hash((name_key(album.name), (album.release_date or "")[:4])) if album and album.name else 0
