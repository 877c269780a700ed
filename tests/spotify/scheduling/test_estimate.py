"""What a run will cost, told before it."""

from __future__ import annotations

import pytest

from boombap.spotify.model import Mode
from boombap.spotify.scheduling.estimate import ArtistShare, Profile, estimate


def test_known_ids_cost_a_fiftieth_in_extended_mode() -> None:
    told = estimate(Profile((), 101), Mode.EXTENDED)
    assert (told.requests, told.days, told.eta_s) == (3, 0.0, 0.0)


def test_names_cost_one_search_each_in_extended_mode() -> None:
    assert estimate(Profile((ArtistShare(3), ArtistShare(4)), 0), Mode.EXTENDED).per_track == 1.0


def test_development_mode_costs_a_fifth_of_a_request_a_track() -> None:
    told = estimate(Profile((ArtistShare(131),) * 441, 0), Mode.DEVELOPMENT, quota_per_day=1_000)
    assert told.per_track == pytest.approx(0.23, abs=0.03)
    assert told.days == pytest.approx(told.requests / 1_000)
    assert told.eta_s == 13 * 86_400


def test_few_tracks_of_an_artist_cost_one_each() -> None:
    assert estimate(Profile((ArtistShare(1), ArtistShare(2), ArtistShare(4)), 0), Mode.DEVELOPMENT).requests == 7


def test_what_fits_into_todays_quota_is_done_at_the_rate() -> None:
    told = estimate(
        Profile((ArtistShare(4),) * 100, 0), Mode.DEVELOPMENT, quota_per_day=1_000, rate_per_s=5, quota_left=500
    )
    assert told.eta_s == 80


def test_nothing_costs_nothing() -> None:
    assert estimate(Profile((), 0), Mode.DEVELOPMENT, quota_per_day=1_000).per_track == 0.0


def test_tracks_of_known_albums_cost_a_request_an_album() -> None:
    known = estimate(Profile((ArtistShare(60, (20, 20, 20)),), 0), Mode.DEVELOPMENT)
    assert 5 <= known.requests <= 6  # the search, a page of releases, three albums
    scattered = estimate(Profile((ArtistShare(60, (1,) * 60),), 0), Mode.DEVELOPMENT)
    assert scattered.requests == 62
