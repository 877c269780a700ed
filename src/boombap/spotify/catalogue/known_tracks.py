"""Which tracks do the tables know already, the most popular first; what `spotify warm` puts into the cache."""

from __future__ import annotations

from typing import NamedTuple

from boombap.spotify.model import Album, Artist, Track
from boombap.spotify.queries.load import query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from boombap.clients.postgres.session import Row, Session

_CHUNK = 2_000


class KnownTrack(NamedTuple):
    """A track of the tables.

    Attributes:
        age_s: since the beginning of the day on which Spotify last said so.
    """

    track: Track
    age_s: float


def read_known(
    session: Session, *, ttl_s: float, max_tracks: int | None = None, artists: Sequence[str] = (), chunk: int = _CHUNK
) -> Iterator[list[KnownTrack]]:
    """Yield the tracks that are younger than `ttl_s`, chunk by chunk.

    Args:
        max_tracks: how many at most.
        artists: names of which a track must have one, in any case; none for all tracks.
    """
    last: Row = {"rank": None, "id": None}
    left = max_tracks
    while left is None or left > 0:
        values = {
            "ttl_s": ttl_s,
            "rank": last["rank"],
            "id": last["id"],
            "artists": [name.lower() for name in artists] or None,
            "most": chunk if left is None else min(chunk, left),
        }
        rows = session.read(query("known_tracks"), values)
        if not rows:
            return
        last, left = rows[-1], None if left is None else left - len(rows)
        yield [_kept(row) for row in rows]


def read_one(session: Session, spotify_id: str, *, ttl_s: float) -> Track | None:
    """Return the track of that id; None when the tables do not have it, or what they have is older than `ttl_s`."""
    known = [_kept(row) for row in session.read(query("stored_tracks"), {"hashes": [], "ids": [spotify_id]})]
    return next((stored.track for stored in known if stored.age_s < ttl_s), None)


def find_stored(
    session: Session, hashes: Collection[int], ids: Collection[str]
) -> tuple[dict[int, list[Track]], dict[str, Track]]:
    """Return stored tracks, however old: those under some values of `name_hash`, by it, and those of ids, by id."""
    by_hash: dict[int, list[Track]] = {}
    by_id: dict[str, Track] = {}
    for row in session.read(query("stored_tracks"), {"hashes": list(hashes), "ids": list(ids)}):
        track = _kept(row).track
        if not track.artists:  # nothing could tell whose it is
            continue
        by_hash.setdefault(row["name_hash"], []).append(track)
        by_id[row["id"]] = track
    return by_hash, by_id


def _kept(row: Row) -> KnownTrack:
    track = Track(
        id=row["id"],
        name=row["name"],
        artists=tuple(Artist(*artist) for artist in row["artists"] or ()),
        album=Album(*row["album"]) if row["album"] else None,
        duration_ms=row["duration_ms"],
        explicit=row["explicit"],
        isrc=row["isrc"],
        popularity=row["popularity"],
        track_number=row["track_number"],
        disc_number=row["disc_number"],
        preview_url=row["preview_url"],
    )
    return KnownTrack(track, row["age_s"])
