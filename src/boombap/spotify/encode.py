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
        "skipped": [{"line": entry.line, "reason": entry.reason} for entry in done.skipped],
        "unserved": done.unserved._asdict(),
        "matches": [match(entry) for entry in done.matches],
        "ended_by": str(done.error) if done.error else None,
        "retry_after_s": round(getattr(done.error, "retry_after_s", 0.0) or 0.0, 1),
    }


def match(verdict: Match) -> dict[str, object]:
    """Return a verdict about one track."""
    return {
        "key": verdict.wanted.key,
        "artist": verdict.wanted.artist,
        "title": verdict.wanted.title,
        "outcome": verdict.outcome,
        "score": verdict.score,
        "margin": verdict.margin,
        "reasons": list(verdict.reasons),
        "track": track(verdict.track) if verdict.track else None,
    }


def track(metadata: Track) -> dict[str, object]:
    """Return a track as Spotify describes it."""
    album = metadata.album
    return {
        "id": metadata.id,
        "requested_id": metadata.requested_id,
        "name": metadata.name,
        "artists": [{"id": artist.id, "name": artist.name} for artist in metadata.artists],
        "album": {"id": album.id, "name": album.name, "release_date": album.release_date} if album else None,
        "duration_ms": metadata.duration_ms,
        "explicit": metadata.explicit,
        "isrc": metadata.isrc,
        "popularity": metadata.popularity,
        "preview_url": metadata.preview_url,
    }


def plan(costs: Plan) -> dict[str, object]:
    """Return what a run would cost."""
    return {
        "schema": PLAN,
        "tracks": costs.tracks,
        "known_ids": costs.known,
        "artists": costs.artists,
        "budget": costs.budget,
        "window_s": costs.window_s,
        "modes": {
            forecast.mode.value: {
                "requests": forecast.estimate.requests,
                "requests_per_track": round(forecast.estimate.per_track, 4),
                "quota_days": round(forecast.estimate.days, 2),
                "seconds": round(forecast.estimate.eta_s, 1),
            }
            for forecast in costs.forecasts
        },
    }


def status(progress: Status, cache: Mapping[str, object] | None) -> dict[str, object]:
    """Return where the catalogue and the cache stand."""
    return {
        "schema": STATUS,
        **progress._asdict(),
        "cooldown_s": round(progress.cooldown_s, 1),
        "cache": cache,
        "runs": [run(progress_of_run) for progress_of_run in progress.runs],
    }


def run(progress: RunProgress) -> dict[str, object]:
    """Return how far a run is, with the numbers of its shards by their state."""
    return {
        "run": progress.run,
        "action": progress.action,
        "shards": progress.shards,
        "running": list(progress.running),
        "ended": list(progress.ended),
        "failed": [{"shard": shard, "ended_by": reason} for shard, reason in progress.failed.items()],
        "interrupted": list(progress.interrupted),
        "missing": list(progress.missing),
        "tracks": progress.tracks,
        "matched": progress.matched,
        "requests": progress.requests,
        "tracks_per_s": round(progress.rate_per_s, 1),
        "left_s": None if progress.left_s is None else round(progress.left_s, 1),
        "age_s": round(progress.age_s, 1),
    }


def audit(result: Audit) -> dict[str, object]:
    """Return what an audit came to."""
    return {
        "schema": AUDIT,
        "rows": result.rows,
        "verdicts": {verdict.value: count for verdict, count in sorted(result.verdicts.items())},
        "reasons": dict(sorted(result.reasons.items())),
        "quarantined": result.quarantined,
        "verification": verification(result.verification) if result.verification else None,
        "wrong": [
            {
                "key": row.row.key,
                "artist": row.row.artist,
                "title": row.row.title,
                "spotify_id": row.spotify_id,
                "verdict": row.verdict,
                "reasons": list(row.reasons),
                "sharing": row.sharing,
                "source": row.row.source,
            }
            for row in result.wrong
        ],
    }


def verification(result: Verification) -> dict[str, object]:
    """Return what Spotify was asked about doubtful tracks, and what that cost."""
    return {
        "mode": result.mode,
        "tracks": len(result.ids),
        "requests": result.requests,
        "answered": len(result.tracks),
        "unknown": len(result.unknown),
        "unanswered": result.unanswered,
        "ended_by": str(result.error) if result.error else None,
        "retry_after_s": round(getattr(result.error, "retry_after_s", 0.0) or 0.0, 1),
    }


def explanation(verdict: Match, candidates: Iterable[ScoredCandidate], engine: str) -> dict[str, object]:
    """Return how the candidates for one track were judged, and which engine found them."""
    return {
        "schema": EXPLAIN,
        "engine": engine,
        "verdict": match(verdict),
        "candidates": [
            {
                "track": track(candidate.track),
                "refused": candidate.refused,
                "score": candidate.score,
                "reasons": list(candidate.reasons),
            }
            for candidate in candidates
        ],
    }


def warm(taken: int, seconds: float) -> dict[str, object]:
    """Return what the cache took."""
    return {"schema": WARM, "tracks": taken, "seconds": round(seconds, 3)}


def choice(chosen: Choice) -> dict[str, object]:
    """Return what a person chose for a row."""
    row = chosen.wanted
    return {
        "schema": CHOOSE,
        "row": {"key": row.key, "artist": row.artist, "title": row.title, "duration_ms": row.duration_ms},
        "track": track(chosen.track),
        "replaced": chosen.replaced,
        "asked": chosen.is_asked,
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


def ban(state: Ban, *, is_ended: bool) -> dict[str, object]:
    """Return the ban that is remembered, or was until it was ended now."""
    ends_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(state.until_s))
    return {
        "schema": COOLDOWN,
        "cooldown_s": round(state.left_s, 1),
        "until": ends_at if state.memories else None,
        "memories": [
            {"server": memory.server, "left_s": round(memory.left_s, 1), "reason": memory.reason or None}
            for memory in state.memories
        ],
        "unseen": state.unseen,
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
