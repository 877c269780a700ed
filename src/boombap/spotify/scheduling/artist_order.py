"""Wanted tracks with whole artists at a time, the largest first: development mode reads a discography once."""

from __future__ import annotations

from array import array
from itertools import islice

from boombap.spotify.matching.normalize import read_credit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from typing import TypeVar

    from boombap.spotify.model import TrackQuery

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
    for part in tracks:
        for query in part:
            artists.setdefault(read_credit(query.artist).whole, array("q")).append(query.key)
    yield from _join(artists.values(), chunk)


def windows_by_artist(
    tracks: Iterable[list[TrackQuery]], window: int = _WINDOW, chunk: int = _CHUNK
) -> Iterator[list[TrackQuery]]:
    """Yield tracks, whole artists of each `window` of them at a time; for sources that cannot be read by key."""
    rest = (query for part in tracks for query in part)
    while held := list(islice(rest, window)):
        artists: dict[str, list[TrackQuery]] = {}
        for query in held:
            artists.setdefault(read_credit(query.artist).whole, []).append(query)
        yield from _join(artists.values(), chunk)


def _join(groups: Collection[Sequence[Item]], chunk: int) -> Iterator[list[Item]]:
    """Yield whole groups, the largest first, joined until they are a chunk."""
    joined: list[Item] = []
    for group in sorted(groups, key=len, reverse=True):
        joined += group
        if len(joined) >= chunk:
            yield joined
            joined = []
    if joined:
        yield joined
