"""What a run will cost before anything is spent: requests, days at the quota, and when it will be done.

In development mode the figure stands on a simulation of the scheduler on a made catalogue of the team's size
(benchmarks/spotify_planning.py): the true cost depends on how many releases an artist has, which nobody knows before.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify.model import Mode
from boombap.spotify.scheduling.scheduler import BATCH_IDS, CRAWL_FROM

if TYPE_CHECKING:
    from collections.abc import Iterable

_S_PER_DAY = 86_400
# A discography crawl: the search, a page of ten releases for this many tracks, the albums, searches for the rest.
_PER_SWEEP = 2.0
_PER_SWEPT_TRACK = 0.215


class Profile(NamedTuple):
    """What a run has before it.

    Attributes:
        artists: how many tracks without a known id each artist has.
        known: tracks whose id is known.
    """

    artists: tuple[int, ...]
    known: int


class Estimate(NamedTuple):
    """What a run will cost.

    Attributes:
        requests: rounded up.
        days: at the quota; 0 where there is no daily quota.
        eta_s: seconds until the last answer, from the quota or from the rate, whichever is slower.
    """

    tracks: int
    requests: int
    days: float
    eta_s: float

    @property
    def per_track(self) -> float:
        """Return requests a track."""
        return self.requests / self.tracks if self.tracks else 0.0


def estimate(
    profile: Profile, mode: Mode, *, quota_per_day: int = 0, rate_per_s: float = 0.0, quota_left: int | None = None
) -> Estimate:
    """Estimate a run.

    Args:
        quota_per_day: requests a day; 0 when there is no such quota.
        rate_per_s: requests per second that the limiter lets through; 0 when unknown.
        quota_left: of today's quota; all of it when unknown.
    """
    requests = _known(profile.known, mode) + _unknown(profile.artists, mode)
    tracks = profile.known + sum(profile.artists)
    left = quota_per_day if quota_left is None else min(quota_left, quota_per_day)
    days = max(0.0, requests - left) / quota_per_day if quota_per_day else 0.0
    at_rate_s = requests / rate_per_s if rate_per_s else 0.0
    waits_s = math.ceil(days) * _S_PER_DAY if days else 0
    return Estimate(tracks, requests, requests / quota_per_day if quota_per_day else 0.0, max(at_rate_s, waits_s))


def _known(count: int, mode: Mode) -> int:
    if mode is Mode.EXTENDED:
        return math.ceil(count / BATCH_IDS)
    return count


def _unknown(artists: Iterable[int], mode: Mode) -> int:
    if mode is Mode.EXTENDED:
        return sum(artists)
    return math.ceil(sum(count if count < CRAWL_FROM else _PER_SWEEP + _PER_SWEPT_TRACK * count for count in artists))
