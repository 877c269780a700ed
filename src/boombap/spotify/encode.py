"""What the commands answer, for programs: plain values in a stable form; docs/reference/spotify.md describes each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from boombap.spotify.catalogue.runs import RunProgress
    from boombap.spotify.commands.audit import Audit
    from boombap.spotify.commands.batch import Done
    from boombap.spotify.commands.choose import Choice
    from boombap.spotify.commands.cooldown import Ban
    from boombap.spotify.commands.export import ExportedRow
    from boombap.spotify.commands.forget import Forgotten
    from boombap.spotify.commands.plan import Plan
    from boombap.spotify.commands.restore import Restored
    from boombap.spotify.commands.status import Status
    from boombap.spotify.matching.match import ScoredCandidate
    from boombap.spotify.model import Match, Track
    from boombap.spotify.run.verification import Verification

BATCH = "boombap.spotify.batch/1"
PLAN = "boombap.spotify.plan/1"
STATUS = "boombap.spotify.status/1"
AUDIT = "boombap.spotify.audit/1"
EXPLAIN = "boombap.spotify.explain/1"
WARM = "boombap.spotify.warm/1"
CHOOSE = "boombap.spotify.choose/1"
FORGET = "boombap.spotify.forget/1"
RESTORE = "boombap.spotify.restore/1"
COOLDOWN = "boombap.spotify.cooldown/1"


def batch(done: Done) -> dict[str, object]:
    """Return what a run came to."""
    statistics = done.statistics
    return {
        "schema": BATCH,
        "mode": done.mode,
        "tracks": statistics.tracks,
        "seconds": round(done.seconds, 3),
        "tracks_per_s": round(statistics.tracks / done.seconds, 1) if done.seconds else 0.0,
        "outcomes": {outcome.value: count for outcome, count in sorted(statistics.outcomes.items())},
        "cache_hits": statistics.hits,
        "stored_hits": statistics.stored_hits,
        "requests": statistics.requests.total(),
        "requests_by_kind": {kind.value: count for kind, count in sorted(statistics.requests.items())},
        "retries": statistics.retries,
        "tokens": done.renewals,
        "limited": done.limited,
        "stored": done.stored,
        "refilled": done.refilled,
        "refused": done.refused,
        "failures": dict(statistics.failures),
        "refused_ids": dict(statistics.refused_ids),
        "skipped": [{"line": one.line, "reason": one.reason} for one in done.skipped],
        "unserved": done.unserved._asdict(),
        "matches": [match(one) for one in done.matches],
        "ended_by": str(done.error) if done.error else None,
        "retry_after_s": round(getattr(done.error, "retry_after_s", 0.0) or 0.0, 1),
    }


def match(one: Match) -> dict[str, object]:
    """Return a verdict about one track."""
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
    """Return a track as Spotify describes it."""
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


def plan(found: Plan) -> dict[str, object]:
    """Return what a run would cost."""
    return {
        "schema": PLAN,
        "tracks": found.tracks,
        "known_ids": found.known,
        "artists": found.artists,
        "budget": found.budget,
        "window_s": found.window_s,
        "modes": {
            one.mode.value: {
                "requests": one.estimate.requests,
                "requests_per_track": round(one.estimate.per_track, 4),
                "quota_days": round(one.estimate.days, 2),
                "seconds": round(one.estimate.eta_s, 1),
            }
            for one in found.forecasts
        },
    }


def status(found: Status, cache: Mapping[str, object] | None) -> dict[str, object]:
    """Return where the catalogue and the cache stand."""
    return {
        "schema": STATUS,
        **found._asdict(),
        "cooldown_s": round(found.cooldown_s, 1),
        "cache": cache,
        "runs": [run(one) for one in found.runs],
    }


def run(found: RunProgress) -> dict[str, object]:
    """Return how far a run is, with the numbers of its shards by their state."""
    return {
        "run": found.run,
        "action": found.action,
        "shards": found.shards,
        "running": list(found.running),
        "ended": list(found.ended),
        "failed": [{"shard": shard, "ended_by": reason} for shard, reason in found.failed.items()],
        "interrupted": list(found.interrupted),
        "missing": list(found.missing),
        "tracks": found.tracks,
        "matched": found.matched,
        "requests": found.requests,
        "tracks_per_s": round(found.rate_per_s, 1),
        "left_s": None if found.left_s is None else round(found.left_s, 1),
        "age_s": round(found.age_s, 1),
    }


def audit(found: Audit) -> dict[str, object]:
    """Return what an audit came to."""
    return {
        "schema": AUDIT,
        "rows": found.rows,
        "verdicts": {verdict.value: count for verdict, count in sorted(found.verdicts.items())},
        "reasons": dict(sorted(found.reasons.items())),
        "quarantined": found.quarantined,
        "verification": verification(found.verification) if found.verification else None,
        "wrong": [
            {
                "key": one.row.key,
                "artist": one.row.artist,
                "title": one.row.title,
                "spotify_id": one.spotify_id,
                "verdict": one.verdict,
                "reasons": list(one.reasons),
                "sharing": one.sharing,
                "source": one.row.source,
            }
            for one in found.wrong
        ],
    }


def verification(found: Verification) -> dict[str, object]:
    """Return what Spotify was asked about doubtful tracks, and what that cost."""
    return {
        "mode": found.mode,
        "tracks": len(found.ids),
        "requests": found.requests,
        "answered": len(found.tracks),
        "unknown": len(found.unknown),
        "unanswered": found.unanswered,
        "ended_by": str(found.error) if found.error else None,
        "retry_after_s": round(getattr(found.error, "retry_after_s", 0.0) or 0.0, 1),
    }


def explanation(found: Match, candidates: Iterable[ScoredCandidate]) -> dict[str, object]:
    """Return how the candidates for one track were judged."""
    return {
        "schema": EXPLAIN,
        "verdict": match(found),
        "candidates": [
            {"track": track(one.track), "refused": one.refused, "score": one.score, "reasons": list(one.reasons)}
            for one in candidates
        ],
    }


def warm(taken: int, seconds: float) -> dict[str, object]:
    """Return what the cache took."""
    return {"schema": WARM, "tracks": taken, "seconds": round(seconds, 3)}


def choice(found: Choice) -> dict[str, object]:
    """Return what a person chose for a row."""
    row = found.wanted
    return {
        "schema": CHOOSE,
        "row": {"key": row.key, "artist": row.artist, "title": row.title, "duration_ms": row.duration_ms},
        "track": track(found.track),
        "replaced": found.replaced,
        "asked": found.is_asked,
    }


def forgotten(rows: Sequence[Forgotten], *, is_dry: bool) -> dict[str, object]:
    """Return what was removed of each row."""
    return {
        "schema": FORGET,
        "dry_run": is_dry,
        "rows": [
            {
                "key": row.key,
                "outcome": row.outcome,
                "spotify_id": row.spotify_id,
                "reasons": list(row.reasons),
                "quarantined": row.has_metadata,
                "was_refused": row.was_refused,
            }
            for row in rows
        ],
    }


def restored(rows: Sequence[Restored], left: Sequence[int], *, is_dry: bool) -> dict[str, object]:
    """Return what went back into each row, and the rows of which the quarantine has nothing."""
    return {
        "schema": RESTORE,
        "dry_run": is_dry,
        "rows": [
            {
                "key": row.key,
                "spotify_id": row.spotify_id,
                "verdict": row.verdict,
                "reasons": list(row.reasons),
                "replaced": row.has_replaced,
            }
            for row in rows
        ],
        "not_in_quarantine": list(left),
    }


def ban(found: Ban, *, is_ended: bool) -> dict[str, object]:
    """Return the ban that is remembered, or was until it was ended now."""
    ends_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found.until_s))
    return {
        "schema": COOLDOWN,
        "cooldown_s": round(found.left_s, 1),
        "until": ends_at if found.memories else None,
        "memories": [
            {"server": memory.server, "left_s": round(memory.left_s, 1), "reason": memory.reason or None}
            for memory in found.memories
        ],
        "unseen": found.unseen,
        "ended": is_ended,
    }


def export_lines(rows: Sequence[ExportedRow]) -> str:
    """Return rows as JSON lines, without a line end after the last one."""
    import orjson

    objects = [
        row._asdict() | {"audio_features": orjson.Fragment(row.audio_features) if row.audio_features else None}
        for row in rows
    ]
    return b"\n".join(map(orjson.dumps, objects)).decode()


def export_head() -> str:
    """Return the header line of an export as CSV."""
    from boombap.output.encode import to_csv
    from boombap.spotify.commands.export import ExportedRow

    return to_csv(ExportedRow._fields, ())


def export_csv(rows: Sequence[ExportedRow]) -> str:
    """Return rows as CSV without a header; several artists are joined by a semicolon."""
    from boombap.output.encode import to_csv_rows

    return to_csv_rows(row._replace(artists="; ".join(row.artists)) for row in rows)  # type: ignore[arg-type]
