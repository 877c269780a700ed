"""A stored track is found by the names that may stand for it, and by no others."""

from __future__ import annotations

import pytest

from boombap.spotify.matching.name_hash import NAMELESS, hash_of, hash_of_track, hashes_of_query
from boombap.spotify.model import Artist, Track, TrackQuery


@pytest.mark.parametrize(
    ("artist", "title", "stored"),
    [
        ("Nas", "Ether", ("Nas", "Ether")),
        ("NAS", "ether!", ("Nas", "Ether")),
        ("Nas", "Ether (Live)", ("Nas", "Ether - Remastered 2009")),
        ("The Notorious B.I.G.", "Juicy", ("Notorious BIG", "Juicy")),
        ("Kanye West", "Stronger", ("Ye", "Stronger")),
        ("Mos Def feat. Talib Kweli", "Respiration", ("Yasiin Bey", "Respiration")),
        ("Bob Seger", "Night Moves", ("Bob Seger & The Silver Bullet Band", "Night Moves")),
        ("8Ball & MJG", "Pimps", ("8Ball & MJG", "Pimps")),
        ("Drake, Future", "Life Is Good", ("Future", "Life Is Good")),
        ("Tyler, The Creator", "See You Again", ("Tyler, The Creator", "See You Again")),
    ],
)
def test_a_song_is_found_under_its_names(artist: str, title: str, stored: tuple[str, str]):
    assert hash_of(*stored) in hashes_of_query(TrackQuery(1, artist, title))


@pytest.mark.parametrize(
    ("artist", "title", "stored"),
    [
        ("Nas", "Ether", ("JAY-Z", "Ether")),
        ("Nas", "Ether", ("Nas", "Takeover")),
        ("Gucci Mane", "Lemonade", ("Gyoucci Maande", "Lemonade")),
    ],
)
def test_another_song_is_not(artist: str, title: str, stored: tuple[str, str]):
    assert hash_of(*stored) not in hashes_of_query(TrackQuery(1, artist, title))


def test_what_has_no_names_is_found_by_nothing():
    assert hash_of_track(Track("x" * 22, "", (Artist("a", "Nas"),))) == NAMELESS
    assert hash_of_track(Track("x" * 22, "Ether", ())) == NAMELESS
    assert hashes_of_query(TrackQuery(1, "", "Ether")) == hashes_of_query(TrackQuery(1, "Nas", "")) == set()


def test_the_numbers_that_are_stored_stay_the_same():
    assert hash_of("Nas", "Ether") == -4427794624979391657
