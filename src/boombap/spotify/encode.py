"""What the commands answer, for programs: plain values in a stable form; docs/reference/spotify.md describes each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boombap.spotify.batch import Done
    from boombap.spotify.model import Match, Track

BATCH = "boombap.spotify.batch/1"


def batch(done: Done) -> dict[str, object]:
    """Give what a run came to."""
    tally = done.tally
    return {
        "schema": BATCH,
        "mode": done.mode,
        "tracks": tally.tracks,
        "seconds": round(done.seconds, 3),
        "tracks_per_s": round(tally.tracks / done.seconds, 1) if done.seconds else 0.0,
        "outcomes": {outcome.value: count for outcome, count in sorted(tally.outcomes.items())},
        "cache_hits": tally.hits,
        "requests": tally.requests.total(),
        "requests_by_kind": {kind.value: count for kind, count in sorted(tally.requests.items())},
        "retries": tally.retries,
        "tokens": done.renewals,
        "limited": done.limited,
        "stored": done.stored,
        "refused": done.refused,
        "failures": dict(tally.failures),
        "skipped": [{"line": one.line, "reason": one.reason} for one in done.skipped],
        "matches": [match(one) for one in done.matches],
        "ended_by": str(done.error) if done.error else None,
        "retry_after_s": round(getattr(done.error, "retry_after_s", 0.0) or 0.0, 1),
    }


def match(one: Match) -> dict[str, object]:
    """Give a verdict about one track."""
    return {
        "key": one.wanted.key,
        "artist": one.wanted.artist,
        "title": one.wanted.title,
        "outcome": one.outcome,
        "score": one.score,
        "margin": one.margin,
        "reasons": list(one.reasons),
        "track": track(one.track) if one.track else None,
    }


def track(one: Track) -> dict[str, object]:
    """Give a track as Spotify describes it."""
    album = one.album
    return {
        "id": one.id,
        "requested_id": one.requested_id,
        "name": one.name,
        "artists": [{"id": artist.id, "name": artist.name} for artist in one.artists],
        "album": {"id": album.id, "name": album.name, "release_date": album.release_date} if album else None,
        "duration_ms": one.duration_ms,
        "explicit": one.explicit,
        "isrc": one.isrc,
        "popularity": one.popularity,
        "preview_url": one.preview_url,
    }
