"""Wanted tracks with whole artists at a time, the largest first: development mode reads a discography once.

An artist with a track that someone asked for comes before larger ones.
"""

from __future__ import annotations

from array import array
from itertools import islice

from boombap.spotify.matching.normalize import read_credit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from boombap.spotify.model import Priority, TrackQuery

    Item = TypeVar("Item")

_CHUNK = 1_000
# Tracks of a file that are held at a time; about 7 MiB.
_WINDOW = 20_000


def keys_by_artist(tracks: Iterable[list[TrackQuery]], chunk: int = _CHUNK) -> Iterator[list[int]]:
    """Yield the keys of tracks, whole artists at a time; of the tracks nothing else is held, 8 bytes each.

    Args:
        chunk: keys that are yielded at least; the artist of the last one comes whole.
    """
    artists: dict[str, array[int]] = {}
    priorities: dict[str, Priority] = {}
    for part in tracks:
        for query in part:
            artist = read_credit(query.artist).whole
            artists.setdefault(artist, array("q")).append(query.key)
            priorities[artist] = min(query.priority, priorities.get(artist, query.priority))
    yield from _join(artists, priorities, chunk)


def windows_by_artist(
    tracks: Iterable[list[TrackQuery]], window: int = _WINDOW, chunk: int = _CHUNK
) -> Iterator[list[TrackQuery]]:
    """Yield tracks, whole artists of each `window` of them at a time; for sources that cannot be read by key."""
    rest = (query for part in tracks for query in part)
    while held := list(islice(rest, window)):
        artists: dict[str, list[TrackQuery]] = {}
        for query in held:
            artists.setdefault(read_credit(query.artist).whole, []).append(query)
        priorities = {artist: min(query.priority for query in group) for artist, group in artists.items()}
        yield from _join(artists, priorities, chunk)


def _join(groups: Mapping[str, Sequence[Item]], priorities: Mapping[str, Priority], chunk: int) -> Iterator[list[Item]]:
    """Yield whole groups, the most urgent and then the largest first, joined until they are a chunk."""
    joined: list[Item] = []
    for name in sorted(groups, key=lambda name: (priorities[name], -len(groups[name]))):
        joined += groups[name]
        if len(joined) >= chunk:
            yield joined
            joined = []
    if joined:
        yield joined
