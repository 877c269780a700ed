"""Where wanted tracks come from, in the order that suits how the app may ask.

Extended mode reads a source as it comes. Development mode reads the discography of an artist once, so the rest of the
source comes with whole artists at a time, the largest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify.catalogue.leases import peek, peek_rows
from boombap.spotify.scheduling.artist_order import keys_by_artist, windows_by_artist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.clients.postgres.session import Session
    from boombap.spotify.catalogue.leases import Leases, Selection
    from boombap.spotify.model import TrackQuery

    Chunks = Iterator[list[TrackQuery]]


class Source(NamedTuple):
    """Wanted tracks; read by one thread.

    Attributes:
        chunks: the tracks as they come.
        by_artist: takes the rest of `chunks` and yields it, whole artists at a time.
        keep_alive: to be called every few minutes in the same thread until the run has ended.
    """

    chunks: Chunks
    by_artist: Callable[[Chunks], Chunks]
    keep_alive: Callable[[], object] = bool


def leased(leases: Leases) -> Source:
    """Return the rows of the table that a process works on."""

    def by_artist(_: Chunks) -> Chunks:
        for keys in keys_by_artist(leases.peek()):
            if chunk := leases.take(keys):
                yield chunk

    return Source(leases.chunks(), by_artist, leases.renew)


def peeked(session: Session, selection: Selection) -> Source:
    """Return the rows of the table for a run that stores nothing."""

    def by_artist(rest: Chunks) -> Chunks:
        for keys in keys_by_artist(rest):
            yield peek_rows(session, selection, keys)

    return Source(peek(session, selection), by_artist)


def read(chunks: Chunks) -> Source:
    """Return the tracks of a file or a pipe."""
    return Source(chunks, windows_by_artist)
