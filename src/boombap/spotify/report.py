"""What the commands answer, for a person: lines of text; what Spotify or a file says is made printable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.output.table import lines as table
from boombap.output.table import shorten
from boombap.output.terminal import printable
from boombap.spotify.model import Outcome
from boombap.units import format_duration, format_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.spotify.batch import Done
    from boombap.spotify.model import Match, Track

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
    """Give what a run came to."""
    if done.matches:
        yield from _match_table(done.matches)
        yield ""
    tally = done.tally
    if not tally.tracks:
        yield "nothing to do: every track has an answer" if not done.error else "no track was answered"
    else:
        rate = format_rate(tally.tracks / done.seconds) if done.seconds else ""
        yield f"{tally.tracks:,} tracks in {format_duration(done.seconds)} ({rate}), {done.mode} mode"
        counted = [f"{count:,} {_WORDS[outcome]}" for outcome, count in sorted(tally.outcomes.items()) if count]
        yield "  " + ", ".join(counted)
        yield "  " + _cost(done)
    for reason, count in tally.failures.most_common(_MOST_SHOWN):
        yield f"  given up {count:,} times: {printable(reason)}"
    if done.refused:
        yield f"  {done.refused:,} rows were refused by PostgreSQL; see the table spotify_dead_letters"
    for skipped in done.skipped[:_MOST_SHOWN]:
        yield f"  line {skipped.line} is left out: {printable(skipped.reason)}"
    if len(done.skipped) > _MOST_SHOWN:
        yield f"  … and {len(done.skipped) - _MOST_SHOWN:,} more lines"


def _cost(done: Done) -> str:
    tally = done.tally
    requests = tally.requests.total()
    parts = [
        f"{100 * tally.hits / tally.tracks:.0f} % from the cache",
        f"{requests:,} requests ({requests / tally.tracks:.2f} a track)",
        f"{tally.retries:,} sent again" if tally.retries else "",
        f"{done.limited:,} refused for the rate" if done.limited else "",
    ]
    return ", ".join(part for part in parts if part)


def _match_table(matches: tuple[Match, ...]) -> Iterator[str]:
    rows = [(one.wanted.key, _WORDS[one.outcome], _id(one.track), _shown(one)) for one in matches]
    yield from table(("line", "verdict", "id", "track"), rows, indent="")


def _id(track: Track | None) -> str:
    return track.id or "" if track else ""


def _shown(one: Match) -> str:
    if one.track:
        artists = ", ".join(artist.name for artist in one.track.artists)
        return shorten(f"{artists} – {one.track.name}", 2 * _NAME_COLUMNS)
    return shorten(f"{one.wanted.artist} – {one.wanted.title}", 2 * _NAME_COLUMNS) if one.wanted.title else ""
