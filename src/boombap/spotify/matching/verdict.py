"""Verdicts about tracks whose id is known, whole discographies, and requests without an answer.

`match` picks one of several candidates. Scheduler, cache and pipeline take every verdict from these two modules, so
that equal questions get equal answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.spotify.matching.match import RIVALS, match, score_candidate
from boombap.spotify.matching.normalize import read_title
from boombap.spotify.model import Match, Outcome, Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.spotify.model import Track, TrackQuery


def match_id(wanted: TrackQuery, track: Track) -> Match | None:
    """Return the verdict about a track that was asked for by its id; None when the id is another track's."""
    if not wanted.artist or not wanted.title:
        return Match(wanted, Outcome.MATCHED, track, 1.0, None, ("id",))
    scored = score_candidate(wanted, track)
    if scored.refused is not None:
        return None
    return Match(wanted, Outcome.MATCHED, track, scored.score, None, ("id", *scored.reasons))


def match_all(wanted: Iterable[TrackQuery], tracks: Sequence[Track]) -> tuple[list[Match], list[TrackQuery]]:
    """Return what was found among the tracks of an artist, and the wanted tracks that were not.

    Rivals are found too: a search shows no more of them. Only a code, which album pages lack, could decide.
    """
    by_key: dict[str, list[Track]] = {}
    by_id = {track.id: track for track in tracks if track.id}
    for track in tracks:
        by_key.setdefault(read_title(track.name).key, []).append(track)
    matches, left = [], []
    for query in wanted:
        known = by_id.get(query.spotify_id) if query.spotify_id else None
        verdict = match_id(query, known) if known else None
        if verdict is None:
            verdict = match(query, by_key.get(read_title(query.title).key, ()))
            if verdict.outcome is not Outcome.MATCHED:
                verdict = match(query, by_id.values())
        if verdict.outcome is Outcome.MATCHED or (verdict.reasons[-1] == RIVALS and not query.isrc):
            matches.append(verdict)
        else:
            left.append(query)
    return matches, left


def unknown_id(wanted: TrackQuery) -> Match:
    """Return the verdict about an id that Spotify does not know."""
    return Match(wanted, Outcome.NOT_FOUND, reasons=("unknown_id",))


def refused(wanted: TrackQuery, rejection: Rejection) -> Match:
    """Return the verdict about a track whose request has no response."""
    if rejection is Rejection.NOT_FOUND:
        return unknown_id(wanted)
    return Match(
        wanted, Outcome.FAILED, reasons=("forbidden" if rejection is Rejection.FORBIDDEN else "request_failed",)
    )


def unreadable(wanted: TrackQuery) -> Match:
    """Return the verdict about an id whose entry in the response cannot be read: a failure, not an unknown id."""
    return Match(wanted, Outcome.FAILED, reasons=("malformed_answer",))
