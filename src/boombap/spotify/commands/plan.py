"""What a run would cost: who is wanted, how many requests that takes in each mode, and how long; asks nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify import environment
from boombap.spotify.catalogue.album_names import read_album_names
from boombap.spotify.catalogue.leases import peek
from boombap.spotify.matching.normalize import read_credit
from boombap.spotify.model import Mode
from boombap.spotify.options import is_database
from boombap.spotify.scheduling.estimate import ArtistShare, Estimate, Profile, estimate
from boombap.spotify.settings import SpotifySettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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

        chunks = read_tracks(source, selection.max_tracks, lambda _: None)
        return _forecast(context, _count(context, ((chunk, {}) for chunk in chunks)))
    with closing(environment.session(context)) as session:
        chunks = peek(session, selection)
        with_albums = ((chunk, read_album_names(session, [query.key for query in chunk])) for chunk in chunks)
        return _forecast(context, _count(context, with_albums))


class _Counts:
    """What is wanted, by artist.

    Attributes:
        known: tracks whose id is known.
        nameless: tracks that can be asked for by their id only.
        unknown: tracks without a known id, by artist.
        albums: tracks of each artist by album; None for those without one.
    """

    def __init__(self) -> None:
        self.known = self.nameless = 0
        self.unknown: Counter[str] = Counter()
        self.albums: dict[str, Counter[str | None]] = {}

    def add(self, query: TrackQuery, album: str | None) -> None:
        """Count one track."""
        artist = read_credit(query.artist).whole
        if query.spotify_id is None:
            self.unknown[artist] += 1
        else:
            self.known += 1
        if artist and query.title:
            self.albums.setdefault(artist, Counter())[album] += 1
        else:
            self.nameless += 1

    def profile(self, mode: Mode) -> Profile:
        """Return what a run in a mode has before it."""
        if mode is Mode.EXTENDED:
            return Profile(tuple(map(ArtistShare, self.unknown.values())), self.known)
        # There are no batches: a track with a name goes with the artist, an id or not.
        is_named = any(album is not None for albums in self.albums.values() for album in albums)
        share = _share if is_named else _share_without_albums
        return Profile(tuple(map(share, self.albums.values())), self.nameless)


def _share(albums: Counter[str | None]) -> ArtistShare:
    return ArtistShare(albums.total(), tuple(count for album, count in albums.items() if album is not None))


def _share_without_albums(albums: Counter[str | None]) -> ArtistShare:
    return ArtistShare(albums.total())


def _count(context: RunContext, chunks: Iterable[tuple[list[TrackQuery], Mapping[int, str]]]) -> _Counts:
    counts = _Counts()
    for chunk, albums in chunks:
        context.interrupt.check()
        for query in chunk:
            counts.add(query, albums.get(query.key))
    return counts


def _forecast(context: RunContext, counts: _Counts) -> Plan:
    settings = context.config.of(SpotifySettings)
    rate_per_s = settings.budget / settings.window
    modes = [mode for mode in Mode if settings.mode in {"auto", mode.value}]
    forecasts = tuple(Forecast(mode, _estimate(counts.profile(mode), mode, rate_per_s)) for mode in modes)
    tracks = counts.known + counts.unknown.total()
    return Plan(tracks, counts.known, len(counts.unknown), settings.budget, settings.window, forecasts)


def _estimate(profile: Profile, mode: Mode, rate_per_s: float) -> Estimate:
    quota = DEVELOPMENT_A_DAY if mode is Mode.DEVELOPMENT else 0
    return estimate(profile, mode, quota_per_day=quota, rate_per_s=rate_per_s)
