"""Wanted tracks are matched against every track that was ever stored, before Spotify is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.spotify.catalogue.known_tracks import find_stored
from boombap.spotify.matching.match import match
from boombap.spotify.matching.name_hash import hash_of, hashes_of_query
from boombap.spotify.matching.verdict import match_id
from boombap.spotify.model import STORED, Outcome, Priority
from boombap.spotify.queries.load import query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.clients.postgres.session import Session
    from boombap.spotify.model import Match, Track, TrackQuery

_HASHED = 5_000


class StoredTracks:
    """Answers from the tables of the processor; for one thread, which the session belongs to.

    A track that nothing but a look at Spotify can renew, because it was asked for or is due for a refresh, is left to
    Spotify, and so is one for which the stored tracks give no match.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def look_up(self, wanted: Sequence[TrackQuery]) -> tuple[list[Match], list[TrackQuery]]:
        """Return the verdicts that the stored tracks allow, and the tracks that must be asked for.

        Raises:
            ExternalError: PostgreSQL failed.
        """
        hashes = {track.key: hashes_of_query(track) for track in wanted if _may_be_stored(track)}
        ids = {track.spotify_id for track in wanted if track.key in hashes and track.spotify_id}
        every = {number for numbers in hashes.values() for number in numbers}
        if not every and not ids:
            return [], list(wanted)
        by_hash, by_id = find_stored(self._session, every, ids)
        matches: list[Match] = []
        misses: list[TrackQuery] = []
        for track in wanted:
            candidates = [stored for number in hashes.get(track.key, ()) for stored in by_hash.get(number, ())]
            verdict = _judge(track, candidates, by_id) if track.key in hashes else None
            if verdict:
                matches.append(verdict._replace(reasons=(*verdict.reasons, STORED)))
            else:
                misses.append(track)
        return matches, misses


def hash_names(session: Session) -> Iterator[int]:
    """Set the numbers of stored tracks that have none yet, and yield how many, part by part.

    Raises:
        ExternalError: PostgreSQL failed; what was done stays.
    """
    while rows := session.read(query("unhashed"), {"most": _HASHED}):
        values = {
            "ids": [row["id"] for row in rows],
            "names": [row["name"] for row in rows],
            "hashes": [hash_of(row["artist"] or "", row["name"]) for row in rows],
        }
        with session.transaction():
            session.write(query("set_hashes"), values)
        yield len(rows)


def _may_be_stored(wanted: TrackQuery) -> bool:
    return wanted.priority is Priority.BACKFILL


def _judge(wanted: TrackQuery, candidates: Sequence[Track], by_id: Mapping[str, Track]) -> Match | None:
    known = by_id.get(wanted.spotify_id) if wanted.spotify_id else None
    if known and (verified := match_id(wanted, known)):
        return verified
    verdict = match(wanted, candidates) if candidates else None
    return verdict if verdict and verdict.outcome is Outcome.MATCHED else None
