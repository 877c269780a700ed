"""Why a track was matched or not, step by step, for a person: names as read, veto rules, and the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.spotify.matching.match import ACCEPTED, MARGIN, match, score_candidate
from boombap.spotify.matching.normalize import read_credit, read_title
from boombap.spotify.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.spotify.matching.match import ScoredCandidate
    from boombap.spotify.model import Match, Track, TrackQuery

MEANING = {
    "artist": "the first artist is the wanted one",
    "artist_listed": "the wanted artist is among the artists, not the first",
    "artists": "all wanted artists are named",
    "artist_guest": "the wanted artist is a guest in the title",
    "artist_similar": "the artist's name differs by a slip",
    "artist_differs": "none of the artists is the wanted one",
    "title": "the titles are the same",
    "title_rewritten": "the titles are the same in another order or with other small words",
    "title_censored": "stars stand for letters",
    "title_similar": "the titles differ by a slip",
    "title_differs": "it is another title",
    "subtitle_missing": "one of the titles has no subtitle",
    "subtitle_similar": "the subtitles nearly agree",
    "subtitle_differs": "the subtitles differ",
    "number_differs": "a part or number differs",
    "version_differs": "it is another version: remix, live, edit, intro and the like must agree",
    "duration": "the lengths agree within 3 s",
    "duration_near": "the lengths agree within 15 s",
    "duration_differs": "the lengths differ by more than 15 s",
    "guests": "a wanted guest is named",
    "guest_missing": "no wanted guest is named",
    "isrc": "the recording's code is the wanted one",
    "isrc_contradicted": "the recording's code is the wanted one, but neither artist nor title agree",
    "twin": "the same recording is there more than once; the one nearest to what is wanted was taken",
    "weak": f"the score is below {ACCEPTED}",
    "rivals": f"another recording scores within {MARGIN} of it",
    "no_candidates": "there is nothing to choose from",
    "id": "it was asked for by its id",
    "unknown_id": "Spotify does not know the id",
    "forbidden": "the app may not ask this",
    "request_failed": "the request failed",
    "malformed_answer": "the answer could not be read",
}


def explain(wanted: TrackQuery, candidates: Sequence[Track]) -> Iterator[str]:
    """Yield the account, line by line; names are as they came, for the caller to escape."""
    yield from _reading(wanted)
    for number, track in enumerate(candidates, 1):
        yield from _candidate(number, score_candidate(wanted, track))
    yield from _verdict(match(wanted, candidates))


def _reading(wanted: TrackQuery) -> Iterator[str]:
    credit, title = read_credit(wanted.artist), read_title(wanted.title)
    yield f"wanted: {wanted.artist} – {wanted.title}"
    yield f"  artist read as {credit.whole or 'nothing'}" + _also(" or the list", credit.parts)
    yield f"  title read as {title.text or 'nothing'}" + _also(" with numbers", title.numbers)
    if title.subtitle:
        yield f"  subtitle {title.subtitle}"
    if title.tags:
        yield f"  version {', '.join(sorted(title.tags))}" + (f" ({title.detail})" if title.detail else "")
    if guests := credit.featured | title.featured:
        yield f"  guests {', '.join(sorted(guests))}"
    known = [("ISRC", wanted.isrc), ("length", _length(wanted.duration_ms)), ("explicit", wanted.explicit)]
    for name, value in known:
        if value is not None:
            yield f"  {name} {value}"


def _candidate(number: int, scored: ScoredCandidate) -> Iterator[str]:
    track = scored.track
    artists = ", ".join(artist.name for artist in track.artists) or "nobody"
    album = f" on {track.album.name}" if track.album and track.album.name else ""
    yield f"candidate {number}: {artists} – {track.name}{album} ({track.id or 'local file'})"
    if scored.refused:
        yield f"  refused, {scored.refused}: {MEANING[scored.refused]}"
        return
    for reason in scored.reasons:
        yield f"  {reason}: {MEANING[reason]}"
    yield f"  score {scored.score:.2f}"


def _verdict(verdict: Match) -> Iterator[str]:
    if verdict.track is None:
        (reason,) = verdict.reasons
        yield f"{verdict.outcome}: {MEANING[reason]}"
        return
    margin = "" if verdict.margin is None else f", {verdict.margin:.2f} before the next recording"
    name, id_ = verdict.track.name, verdict.track.id or "local file"
    yield f"{verdict.outcome}: {name} ({id_}), score {verdict.score:.2f}{margin}"
    if verdict.outcome is not Outcome.MATCHED or "twin" in verdict.reasons:
        notes = [reason for reason in ("twin", "weak", "rivals") if reason in verdict.reasons]
        yield from (f"  {reason}: {MEANING[reason]}" for reason in notes)


def _also(joint: str, values: Sequence[str] | frozenset[str]) -> str:
    return f"{joint} {', '.join(sorted(values))}" if values else ""


def _length(duration_ms: int | None) -> str | None:
    return None if duration_ms is None else f"{duration_ms // 60_000}:{duration_ms // 1000 % 60:02d}"
