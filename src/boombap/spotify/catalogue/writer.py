"""Where verdicts are stored: tables of their own and `tracks.spotify_data`, a batch in one transaction by COPY.

Written twice is written once, so that a caller may try a whole batch again after a lost connection, a deadlock or
a time-out. A row that the server refuses is found by halving, goes to `spotify_dead_letters`, and costs nobody else.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from boombap.clients.postgres.copy import encode
from boombap.errors import QueryFailed
from boombap.spotify.model import STORED, Outcome
from boombap.spotify.queries.load import query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from boombap.clients.postgres.copy import Value
    from boombap.clients.postgres.pool import Pool
    from boombap.spotify.model import Album, Artist, Match, Track

    NameHash = Callable[[Track], int]
    Rows = Iterable[Sequence[Value]]

NOBODY = 0
"""The holder where no rows are leased."""
_REFILLED_ROWS = 1_000
# PostgreSQL documentation, appendix A: what a row of ours can be guilty of. Everything else is the server's matter.
_REFUSED = {
    "21": "two values for one row",
    "22": "a value does not fit",
    "23": "a rule of the table is broken",
    "44": "a rule of the view is broken",
    "54": "a value is too large for the server",
    "P0": "a trigger of the database refuses it",
}
_REFUSED_EXACTLY = {
    "22001": "a text is too long",
    "22003": "a number is too large",
    "22021": "a text holds a character that the server cannot keep, such as NUL",
    "23502": "a value is missing",
}


class Written(NamedTuple):
    """What became of a batch.

    Attributes:
        rows: verdicts that are stored.
        refused: verdicts that are in `spotify_dead_letters`.
    """

    rows: int
    refused: int


class CatalogueWriter:
    """Writes batches; any thread may, each on a connection of the pool.

    Args:
        pool: with limits that fit a write (a few seconds), and an interrupt that lets the last batch through.
        holder: under whose number the rows are leased (`Leases.holder`).
        keyed: whether the keys of what is wanted are rows of `tracks`; else only what Spotify says is stored.
        fields: what is stored beside id, name and artists (`FIELDS`).
        name_hash: the number under which a track is found by its names; without it the next batch sets it.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        fields: Collection[str],
        holder: int = NOBODY,
        keyed: bool = True,
        name_hash: NameHash | None = None,
    ) -> None:
        self._pool = pool
        self._name_hash = name_hash
        self._fields = frozenset(fields)
        self._holder = holder
        self._keyed = keyed

    def write(self, matches: Sequence[Match]) -> Written:
        """Store verdicts and end their leases; the last one counts where a row has several.

        A verdict of `FAILED` is none: nothing is stored, and the lease stays.

        Raises:
            ExternalError: the server failed; what was not stored may be written again.
        """
        # By key, so that an upsert meets no row twice, and in order.
        latest = {match.wanted.key: match for match in matches if match.outcome is not Outcome.FAILED}
        return self._write([latest[key] for key in sorted(latest)])

    def write_tracks(self, tracks: Sequence[Track]) -> int:
        """Store tracks that no verdict is about, and return how many the server took; one that it refuses is left out.

        Raises:
            ExternalError: the server failed; what was not stored may be written again.
        """
        if not tracks:
            return 0
        try:
            self._copy(self._track_parts(tracks), [])
        except QueryFailed as error:
            if error.sqlstate[:2] not in _REFUSED:
                raise
            if len(tracks) == 1:
                return 0
            middle = len(tracks) // 2
            return self.write_tracks(tracks[:middle]) + self.write_tracks(tracks[middle:])
        return len(tracks)

    def refill(self) -> Iterator[int]:
        """Fill matched rows that have lost their metadata from `spotify_tracks`, and yield how many, batch by batch.

        Raises:
            ExternalError: the server failed; what was filled stays.
        """
        after: int | None = 0
        while after is not None:
            with self._pool.session() as session, session.transaction():
                session.write(query("incoming"))
                (refilled,) = session.write(query("refill"), {"after": after, "most": _REFILLED_ROWS})
                session.write(query("incoming_stored"))
                session.write(query("fill"), {"holder": self._holder})
            after = refilled["last_id"]
            if refilled["rows"]:
                yield refilled["rows"]

    def _write(self, matches: list[Match]) -> Written:
        if not matches:
            return Written(0, 0)
        try:
            self._write_all(matches)
        except QueryFailed as error:
            if error.sqlstate[:2] not in _REFUSED:
                raise
            if len(matches) == 1:
                self._bury(matches[0], error.sqlstate)
                return Written(0, 1)
            middle = len(matches) // 2
            first, second = self._write(matches[:middle]), self._write(matches[middle:])
            return Written(first.rows + second.rows, first.refused + second.refused)
        return Written(len(matches), 0)

    def _write_all(self, matches: list[Match]) -> None:
        tracks = [match.track for match in matches if _is_news(match) and match.track]
        parts = self._track_parts(tracks)
        if self._keyed:
            parts["copy_matches"] = [_match_row(match) for match in matches]
        self._copy(parts, matches)

    def _copy(self, parts: Mapping[str, Rows], matches: Sequence[Match]) -> None:
        encoded = {name: encode(rows) for name, rows in parts.items()}
        with self._pool.session() as session, session.transaction():
            session.write(query("incoming"))
            for name, rows in encoded.items():
                if rows:
                    session.copy(query(name), rows)
            session.write(query("upsert"))
            if self._keyed and matches:
                session.write(query("keep_chosen"), {"holder": self._holder})
                if any(_is_stored(match) for match in matches):
                    session.write(query("incoming_stored"))
                # Before the verdicts: it looks at those that were there.
                session.write(query("fill"), {"holder": self._holder})
                session.write(query("finish"), {"holder": self._holder})
            session.write(query("upsert_artists"))

    def _track_parts(self, tracks: Sequence[Track]) -> dict[str, Rows]:
        return {
            "copy_artists": _artist_rows(tracks),
            "copy_albums": _album_rows(tracks, self._fields),
            "copy_tracks": _track_rows(tracks, self._fields, self._name_hash),
        }

    def _bury(self, match: Match, sqlstate: str) -> None:
        values = {
            "track_id": match.wanted.key if self._keyed else None,
            "sqlstate": sqlstate,
            "reason": _REFUSED_EXACTLY.get(sqlstate) or _REFUSED[sqlstate[:2]],
            # ASCII, so that no character of it can be refused again.
            "row_json": json.dumps(match),
            "holder": self._holder,
        }
        with self._pool.session() as session, session.transaction():
            session.write(query("bury"), values)


def _is_stored(match: Match) -> bool:
    return match.reasons[-1:] == (STORED,)


def _is_news(match: Match) -> bool:
    """Tell whether the track is Spotify's answer of today."""
    return match.outcome is Outcome.MATCHED and not _is_stored(match)


def _artist_rows(tracks: Iterable[Track]) -> Rows:
    artists: dict[str, Artist] = {artist.id: artist for track in tracks for artist in track.artists if artist.id}
    return artists.values()


def _album_rows(tracks: Iterable[Track], fields: Collection[str]) -> Rows:
    if "album" not in fields:
        return ()
    albums: dict[str, Album] = {}
    for track in tracks:
        if track.album and track.album.id:
            albums[track.album.id] = track.album
    if "release_date" not in fields:
        return [album._replace(release_date=None) for album in albums.values()]
    return albums.values()


def _track_rows(tracks: Iterable[Track], fields: Collection[str], name_hash: NameHash | None) -> Rows:
    unique: Mapping[str, Track] = {track.id: track for track in tracks if track.id}
    has_album, has_duration, has_explicit, has_isrc, has_popularity, has_preview = (
        name in fields for name in ("album", "duration", "explicit", "isrc", "popularity", "preview_url")
    )
    return [
        (
            track.id,
            track.name,
            tuple([artist.id for artist in track.artists if artist.id]),
            track.album.id if has_album and track.album else None,
            track.duration_ms if has_duration else None,
            track.explicit if has_explicit else None,
            track.isrc if has_isrc else None,
            track.popularity if has_popularity else None,
            track.track_number,
            track.disc_number,
            track.preview_url if has_preview else None,
            name_hash(track) if name_hash else None,
        )
        for track in unique.values()
    ]


def _match_row(match: Match) -> Sequence[Value]:
    track_id = match.track.id if match.track else None
    is_matched = match.outcome is Outcome.MATCHED
    return (
        match.wanted.key,
        match.outcome.value,
        track_id if is_matched else None,
        None if is_matched else track_id,
        match.track.requested_id if match.track else None,
        match.score,
        match.margin,
        match.reasons,
    )
