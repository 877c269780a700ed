"""What a run would cost: who is wanted, how many requests that takes in each mode, and how long; asks nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify import environment
from boombap.spotify.catalogue.leases import peek
from boombap.spotify.matching.normalize import read_credit
from boombap.spotify.model import Mode
from boombap.spotify.options import is_database
from boombap.spotify.scheduling.estimate import Estimate, Profile, estimate
from boombap.spotify.settings import SpotifySettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.command.context import RunContext
    from boombap.spotify.catalogue.leases import Selection
    from boombap.spotify.model import TrackQuery

DEVELOPMENT_A_DAY = 1_000
"""Requests a day that an app in development mode is reported to get (2026)."""


class Forecast(NamedTuple):
    """What a run would cost in one mode."""

    mode: Mode
    estimate: Estimate


class Plan(NamedTuple):
    """What a run has before it.

    Attributes:
        known: tracks whose id is known.
        artists: different artists among those whose id is not known.
        window_s: seconds in which the budget may be spent.
    """

    tracks: int
    known: int
    artists: int
    budget: int
    window_s: float
    forecasts: tuple[Forecast, ...]


def plan(context: RunContext, selection: Selection, source: str) -> Plan:
    """Return the plan for a selection of the table, or for a file."""
    if not is_database(source):
        # Only here: a plan of the table does without the csv module.
        from boombap.spotify.catalogue.file_input import read_tracks

        return _plan(context, read_tracks(source, selection.max_tracks, lambda _: None))
    with closing(environment.session(context)) as session:
        return _plan(context, peek(session, selection))


def _plan(context: RunContext, chunks: Iterable[list[TrackQuery]]) -> Plan:
    settings = context.config.of(SpotifySettings)
    known, nameless, unknown = 0, 0, Counter[str]()
    everybody = Counter[str]()
    for chunk in chunks:
        context.interrupt.check()
        for query in chunk:
            artist = read_credit(query.artist).whole
            known += query.spotify_id is not None
            nameless += not artist or not query.title
            everybody[artist] += 1
            if query.spotify_id is None:
                unknown[artist] += 1
    rate_per_s = settings.budget / settings.window
    # Development mode has no batches: a track with a name goes with the artist, an id or not.
    profiles = {
        Mode.EXTENDED: Profile(tuple(unknown.values()), known),
        Mode.DEVELOPMENT: Profile(tuple(count for name, count in everybody.items() if name), nameless),
    }
    modes = [mode for mode in Mode if settings.mode in {"auto", mode.value}]
    forecasts = tuple(Forecast(mode, _estimate(profiles[mode], mode, rate_per_s)) for mode in modes)
    return Plan(everybody.total(), known, len(unknown), settings.budget, settings.window, forecasts)


def _estimate(profile: Profile, mode: Mode, rate_per_s: float) -> Estimate:
    quota = DEVELOPMENT_A_DAY if mode is Mode.DEVELOPMENT else 0
    return estimate(profile, mode, quota_per_day=quota, rate_per_s=rate_per_s)
