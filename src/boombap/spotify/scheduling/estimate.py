"""What a run will cost before anything is spent: requests, days at the quota, and when it will be done.

In development mode the cost depends on the releases of each artist. Where the table names albums, they are counted;
where it does not, the figures of a simulation are used (benchmarks/spotify_planning.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify.model import Mode
from boombap.spotify.scheduling.discography import ALBUMS_PAGE, SHORT_RELEASE
from boombap.spotify.scheduling.scheduler import BATCH_IDS, CRAWL_FROM

if TYPE_CHECKING:
    from collections.abc import Iterable

_S_PER_DAY = 86_400
# A discography crawl, where nothing is known of the albums: the search, the first page of releases, and for each track
# its share of albums, pages and searches for the rest.
_PER_CRAWL = 2.0
_PER_CRAWLED_TRACK = 0.215
# Where the albums are known: other editions that are read too, and searches for what is on none of them.
_BESIDE_ALBUMS = 1.18


class ArtistShare(NamedTuple):
    """The wanted tracks of one artist.

    Attributes:
        tracks: how many.
        albums: how many of them are on each album; the others are singles. None where nothing names albums.
    """

    tracks: int
    albums: tuple[int, ...] | None = None


class Profile(NamedTuple):
    """What a run has before it.

    Attributes:
        artists: the tracks that go with their artist: in extended mode those without a known id.
        known: the other tracks, asked for by their id.
    """

    artists: tuple[ArtistShare, ...]
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
    tracks = profile.known + sum(artist.tracks for artist in profile.artists)
    left = quota_per_day if quota_left is None else min(quota_left, quota_per_day)
    days = max(0.0, requests - left) / quota_per_day if quota_per_day else 0.0
    at_rate_s = requests / rate_per_s if rate_per_s else 0.0
    waits_s = math.ceil(days) * _S_PER_DAY if days else 0
    return Estimate(tracks, requests, requests / quota_per_day if quota_per_day else 0.0, max(at_rate_s, waits_s))


def _known(count: int, mode: Mode) -> int:
    if mode is Mode.EXTENDED:
        return math.ceil(count / BATCH_IDS)
    return count


def _unknown(artists: Iterable[ArtistShare], mode: Mode) -> int:
    if mode is Mode.EXTENDED:
        return sum(artist.tracks for artist in artists)
    return math.ceil(sum(_crawl(artist) for artist in artists))


def _crawl(artist: ArtistShare) -> float:
    """Return the requests for one artist in development mode."""
    if artist.tracks < CRAWL_FROM:
        return artist.tracks
    if artist.albums is None:
        return _PER_CRAWL + _PER_CRAWLED_TRACK * artist.tracks
    # An album is one request; the few tracks of a short one, and those of none, cost one each.
    long = [count for count in artist.albums if count > SHORT_RELEASE]
    singly = artist.tracks - sum(long)
    pages = math.ceil((len(artist.albums) + artist.tracks - sum(artist.albums)) / ALBUMS_PAGE)
    return min(artist.tracks + _PER_CRAWL, _BESIDE_ALBUMS * (1 + pages + len(long) + singly))
