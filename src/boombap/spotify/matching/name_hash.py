"""Under which numbers a stored track is found by its names, and under which ones a wanted track looks for it.

A number is 64 bits of BLAKE2b (RFC 7693) over the first artist and the song's title, as the matching compares them:
versions of one song share it, and so do the old and the new name of an artist. It only finds candidates; the matching
decides.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from boombap.spotify.matching.artist_names import current_name
from boombap.spotify.matching.normalize import front_key, read_credit, read_title

if TYPE_CHECKING:
    from boombap.spotify.model import Track, TrackQuery

NAMELESS = 0
"""The number of a track that nothing looks for: without an artist or a title, or forgotten (`spotify forget`)."""


def hash_of(artist: str, title: str) -> int:
    """Return the number of a stored track, from its first artist and its name."""
    return _hash(_artist_key(artist), read_title(title).key)


def hash_of_track(track: Track) -> int:
    """Return the number of a track as Spotify describes it."""
    return hash_of(track.artists[0].name if track.artists else "", track.name)


def hashes_of_query(wanted: TrackQuery) -> set[int]:
    """Return the numbers under which a wanted track may be found: of the artist's line, and of each name in it."""
    title, credit = read_title(wanted.title).key, read_credit(wanted.artist)
    keys = {_artist_key(name) for name in (wanted.artist, credit.whole, *credit.parts)}
    return {_hash(key, title) for key in keys} - {NAMELESS}


def _artist_key(name: str) -> str:
    return front_key(current_name(name))


def _hash(artist: str, title: str) -> int:
    if not artist or not title:
        return NAMELESS
    digest = blake2b(f"{artist}\0{title}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
