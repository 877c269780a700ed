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
    from boombap.clients.postgres.steady import SteadySession
    from boombap.spotify.model import Match, Track, TrackQuery

_HASHED = 5_000


class StoredTracks:
    """Answers from the tables of the processor; for one thread, which the session belongs to, and which ends it.

    A track that nothing but a look at Spotify can renew, because it was asked for or is due for a refresh, is left to
    Spotify, and so is one for which the stored tracks give no match.
    """

    def __init__(self, session: SteadySession) -> None:
        self._steady = session

    def look_up(self, wanted: Sequence[TrackQuery]) -> tuple[list[Match], list[TrackQuery]]:
        """Return the verdicts that the stored tracks allow, and the tracks that must be asked for.

        Raises:
            ExternalError: PostgreSQL failed.
        """
        may_be_stored = [track for track in wanted if track.priority is Priority.BACKFILL]
        # An id says more than names do: only its own track answers it.
        ids = {track.spotify_id for track in may_be_stored if track.spotify_id}
        hashes = {track.key: hashes_of_query(track) for track in may_be_stored if not track.spotify_id}
        if not ids and not any(hashes.values()):
            return [], list(wanted)
        every = set[int]().union(*hashes.values())
        by_hash, by_id = self._steady.run(lambda session: find_stored(session, every, ids))
        matches: list[Match] = []
        for track in may_be_stored:
            candidates = [stored for number in hashes.get(track.key, ()) for stored in by_hash.get(number, ())]
            if verdict := _judge(track, candidates, by_id):
                matches.append(verdict._replace(reasons=(*verdict.reasons, STORED)))
        answered = {match.wanted.key for match in matches}
        return matches, [track for track in wanted if track.key not in answered]


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


def _judge(wanted: TrackQuery, candidates: Sequence[Track], by_id: Mapping[str, Track]) -> Match | None:
    if wanted.spotify_id:
        known = by_id.get(wanted.spotify_id)
        return match_id(wanted, known) if known else None
    verdict = match(wanted, candidates) if candidates else None
    return verdict if verdict and verdict.outcome is Outcome.MATCHED else None
