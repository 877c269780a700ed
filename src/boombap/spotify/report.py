"""What the commands answer, for a person: lines of text; what Spotify or a file says is made printable."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from boombap.output.table import lines as table
from boombap.output.table import shorten
from boombap.output.terminal import printable
from boombap.spotify.model import Outcome
from boombap.spotify.options import is_database
from boombap.units import format_duration, format_rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.spotify.cache.redis_cache import HitCounts
    from boombap.spotify.catalogue.runs import RunProgress
    from boombap.spotify.commands.audit import Audit
    from boombap.spotify.commands.batch import Done
    from boombap.spotify.commands.choose import Choice
    from boombap.spotify.commands.cooldown import Ban
    from boombap.spotify.commands.forget import Forgotten
    from boombap.spotify.commands.plan import Plan
    from boombap.spotify.commands.restore import Restored
    from boombap.spotify.commands.status import Status
    from boombap.spotify.model import Match, Track
    from boombap.spotify.run.verification import Verification

_MOST_SHOWN = 10
_WORDS = {
    Outcome.MATCHED: "matched",
    Outcome.AMBIGUOUS: "ambiguous",
    Outcome.NOT_FOUND: "not found",
    Outcome.LOCAL_ONLY: "local only",
    Outcome.FAILED: "failed",
}
_NAME_COLUMNS = 40


def batch_lines(done: Done) -> Iterator[str]:
    """Yield what a run came to."""
    if done.matches:
        yield from _match_table(done.matches)
        yield ""
    statistics = done.statistics
    if not statistics.tracks:
        yield _nothing(done)
    else:
        rate = format_rate(statistics.tracks / done.seconds) if done.seconds else ""
        yield f"{statistics.tracks:,} tracks in {format_duration(done.seconds)} ({rate}), {done.mode} mode"
        counted = [f"{count:,} {_WORDS[outcome]}" for outcome, count in sorted(statistics.outcomes.items()) if count]
        yield "  " + ", ".join(counted)
        yield "  " + _cost(done)
        if done.error and done.stored < statistics.tracks and not done.matches:
            yield f"  {done.stored:,} of {statistics.tracks:,} results are stored; the next run asks for the others"
    if done.refilled:
        yield f"  {done.refilled:,} matched rows were filled again from spotify_tracks, without a request"
    for reason, count in statistics.failures.most_common(_MOST_SHOWN):
        yield f"  given up {count:,} times: {printable(reason)}"
    for reason, count in statistics.refused_ids.most_common(_MOST_SHOWN):
        yield f"  Spotify refused an id {count:,} times: {printable(reason)}"
    if done.refused:
        yield f"  {done.refused:,} rows were refused by PostgreSQL; see the table spotify_dead_letters"
    for skipped in done.skipped[:_MOST_SHOWN]:
        yield f"  line {skipped.line} is left out: {printable(skipped.reason)}"
    if len(done.skipped) > _MOST_SHOWN:
        yield f"  … and {len(done.skipped) - _MOST_SHOWN:,} more lines"


def _nothing(done: Done) -> str:
    """Say why no track was processed."""
    if done.error or not is_database(done.source):
        return "no track was processed"
    if done.unserved.leased:
        return f"nothing to do here: another process works on {done.unserved.leased:,} tracks"
    refused = f"; the results of {done.unserved.refused:,} were refused by PostgreSQL" if done.unserved.refused else ""
    if done.action == "refresh":
        return f"nothing to refresh: no match is that old{refused}"
    return f"nothing to do: every track has a result{refused}"


def plan_lines(plan: Plan) -> Iterator[str]:
    """Yield what a run would cost."""
    if not plan.tracks:
        yield "nothing to do: every track has a result, or is being worked on"
        return
    yield f"{plan.tracks:,} tracks: {plan.known:,} with a known id, the rest by {plan.artists:,} artists"
    rows = [
        (
            f"{forecast.mode} mode",
            forecast.estimate.requests,
            f"{forecast.estimate.per_track:.2f}",
            format_duration(forecast.estimate.eta_s),
            f"{forecast.estimate.days:.1f}" if forecast.estimate.days else "",
        )
        for forecast in plan.forecasts
    ]
    yield from table(("", "requests", "per track", "takes", "days of quota"), rows)
    yield f"at {plan.budget:,} requests in {format_duration(plan.window_s)}; what the cache knows costs nothing"


def status_lines(status: Status, cache: HitCounts | None) -> Iterator[str]:
    """Yield where the catalogue and the cache stand."""
    rows = [(_WORDS[Outcome(name)], count) for name, count in sorted(status.outcomes.items())]
    rows += [("legacy metadata, not yet verified", status.unjudged), ("without a result", status.empty)]
    rows += [("matches older than the TTL", status.stale), ("being worked on", status.leased)]
    rows += [("refused by PostgreSQL", status.dead)]
    yield f"{status.tracks:,} tracks"
    yield from table(("", "tracks"), [row for row in rows if row[1]])
    for run in status.runs:
        if run.running or run == status.runs[0]:
            yield from _run_lines(run)
    if cache:
        asked = cache.hits + cache.misses
        share = f"{cache.hit_pct:.0f} % of {asked:,} look-ups were hits" if asked else "nobody has asked it yet"
        yield f"cache: {share}"
    if status.cooldown_s > 0:
        yield f"rate-limited by Spotify for another {format_duration(status.cooldown_s)}; no request is made until then"


def _run_lines(run: RunProgress) -> Iterator[str]:
    """Yield how far a run is, and why shards of it have ended before their end."""
    states = {
        "running": run.running,
        "ended": run.ended,
        "failed": tuple(run.failed),
        "interrupted": run.interrupted,
        "missing": run.missing,
    }
    counted = ", ".join(f"{len(shards):,} {state}" for state, shards in states.items() if shards)
    left = f", {format_duration(run.left_s)} left" if run.left_s else ""
    pace = f", {format_rate(run.rate_per_s)}{left}" if run.running else f", {format_duration(run.age_s)} ago"
    shards = f"{run.shards:,} shards: {counted}" if run.shards > 1 else next(state for state in states if states[state])
    yield f"run {run.run} ({run.action}), {shards}; {run.tracks:,} tracks{pace}"
    for shard, reason in list(run.failed.items())[:_MOST_SHOWN]:
        yield f"  {f'shard {shard}/{run.shards} ' if run.shards > 1 else ''}failed: {printable(reason)}"
    for state in ("interrupted", "missing") if run.shards > 1 else ():
        if states[state]:
            yield f"  {state}: {_some(states[state], run.shards)}"


def _some(shards: Sequence[int], total: int) -> str:
    """Return shards as `--shard` names them, the first ones of many."""
    more = f" and {len(shards) - _MOST_SHOWN:,} more" if len(shards) > _MOST_SHOWN else ""
    return ", ".join(f"--shard {shard}/{total}" for shard in shards[:_MOST_SHOWN]) + more


def audit_lines(audit: Audit) -> Iterator[str]:
    """Yield what an audit came to."""
    yield f"{audit.rows:,} stored answers judged, {_verification_cost(audit.verification)}"
    yield from table(("verdict", "rows"), [(name.value, count) for name, count in sorted(audit.verdicts.items())])
    if audit.verification and audit.verification.unanswered:
        yield f"{audit.verification.unanswered:,} tracks have no answer; `spotify audit --verify` asks again"
    if audit.unstored:
        yield f"{audit.unstored:,} matches were not judged: no table has their track; `spotify batch` fetches it"
    if audit.wrong:
        yield ""
        rows = [
            (
                audited.row.key,
                audited.verdict.value,
                audited.reasons[0],
                shorten(f"{audited.row.artist} – {audited.row.title}", _NAME_COLUMNS),
            )
            for audited in audit.wrong
        ]
        yield from table(("id", "verdict", "because", "track"), rows)
        if audit.bad > len(audit.wrong):
            yield f"  … and {audit.bad - len(audit.wrong):,} more"
    if audit.quarantined:
        yield f"{audit.quarantined:,} answers were moved to spotify_quarantine; `spotify batch` looks them up again"
    elif audit.bad:
        yield f"{audit.bad:,} are wrong; `spotify audit --apply` moves them to spotify_quarantine"


def _verification_cost(verification: Verification | None) -> str:
    if verification is None:
        return "without a request"
    return (
        f"with {verification.requests:,} requests about {len(verification.ids):,} tracks:"
        f" {len(verification.tracks):,} answered, {len(verification.unknown):,} unknown to Spotify"
    )


def choice_lines(choice: Choice) -> Iterator[str]:
    """Yield a row, the track that was chosen for it, and what that replaces."""
    row, track = choice.wanted, choice.track
    artists = ", ".join(artist.name for artist in track.artists)
    rows = [
        (f"row {row.key}", *_names(row.artist, row.title), _length(row.duration_ms)),
        (track.id or "", *_names(artists, track.name), _length(track.duration_ms)),
    ]
    yield from table(("", "artist", "title", "length"), rows, indent="")
    if track.requested_id:
        yield f"Spotify has {track.requested_id} under this id now"
    if choice.replaced and choice.replaced != track.id:
        yield f"it replaces {printable(choice.replaced)}"
    yield f"batch and audit keep it until the artist or title of row {row.key} changes"


def forgotten_lines(rows: Sequence[Forgotten], *, is_dry: bool) -> Iterator[str]:
    """Yield what was removed of each row."""
    cells = [(f"{row.key}", _verdict(row), row.spotify_id or "", " ".join(row.reasons)) for row in rows]
    yield from table(("row", "verdict", "track", "because"), cells, indent="")
    removed = sum(not row.is_empty for row in rows)
    moved = sum(row.has_metadata for row in rows)
    if is_dry:
        yield f"the results of {removed:,} rows would be removed; nothing was changed"
    elif removed:
        yield f"the results of {removed:,} rows were removed; the next batch asks again"
    if moved and not is_dry:
        yield f"the metadata of {moved:,} rows is in spotify_quarantine; `spotify restore` puts it back"


def _verdict(row: Forgotten) -> str:
    if row.outcome is None:
        return "refused by PostgreSQL" if row.was_refused else "no result"
    return _WORDS[Outcome(row.outcome)]


def restored_lines(rows: Sequence[Restored], left: Sequence[int], *, is_dry: bool) -> Iterator[str]:
    """Yield what went back into each row, and the rows of which the quarantine has nothing."""
    if rows:
        cells = [(f"{row.key}", row.spotify_id or "", row.verdict, " ".join(row.reasons)) for row in rows]
        yield from table(("row", "track", "taken out as", "because"), cells, indent="")
    if is_dry:
        yield f"{len(rows):,} rows would get their metadata back; nothing was changed"
    elif rows:
        yield f"{len(rows):,} rows have their metadata back; `spotify choose` keeps it there"
    replaced = sum(row.has_replaced for row in rows)
    if replaced and not is_dry:
        yield f"what {replaced:,} rows had instead is in spotify_quarantine"
    if left:
        yield f"spotify_quarantine has nothing of {', '.join(map(str, left))}"


def ban_lines(ban: Ban, *, is_ended: bool) -> Iterator[str]:
    """Yield the ban that is remembered, by server, or that it was ended."""
    if ban.memories:
        ends_at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ban.until_s))
        yield f"rate-limited by Spotify for another {format_duration(ban.left_s)}, until {ends_at}"
        rows = [(memory.server, format_duration(memory.left_s), memory.reason) for memory in ban.memories]
        yield from table(("remembered by", "for", "because"), rows)
    elif not ban.unseen:
        yield "no ban is remembered"
    for server, why in ban.unseen.items():
        yield f"{server} was not seen: {printable(why)}"
    if is_ended:
        yield "it was ended on this side; a process that waits already keeps its own time"


def _names(artist: str, title: str) -> tuple[str, str]:
    return shorten(artist, _NAME_COLUMNS), shorten(title, _NAME_COLUMNS)


def _length(duration_ms: int | None) -> str:
    return format_duration(duration_ms / 1000) if duration_ms else ""


def _cost(done: Done) -> str:
    statistics = done.statistics
    requests = statistics.requests.total()
    parts = [
        f"{100 * statistics.hits / statistics.tracks:.0f} % from the cache",
        f"{statistics.stored_hits:,} from stored tracks" if statistics.stored_hits else "",
        f"{requests:,} requests ({requests / statistics.tracks:.2f} per track)",
        f"{statistics.retries:,} sent again" if statistics.retries else "",
        f"{done.limited:,} refused for the rate" if done.limited else "",
    ]
    return ", ".join(part for part in parts if part)


def _match_table(matches: tuple[Match, ...]) -> Iterator[str]:
    rows = [(match.wanted.key, _WORDS[match.outcome], _id(match.track), _shown(match)) for match in matches]
    yield from table(("line", "verdict", "id", "track"), rows, indent="")


def _id(track: Track | None) -> str:
    return track.id or "" if track else ""


def _shown(match: Match) -> str:
    if match.track:
        artists = ", ".join(artist.name for artist in match.track.artists)
        return shorten(f"{artists} – {match.track.name}", 2 * _NAME_COLUMNS)
    return shorten(f"{match.wanted.artist} – {match.wanted.title}", 2 * _NAME_COLUMNS) if match.wanted.title else ""
