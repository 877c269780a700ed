"""Whose ids are whose, and which tracks are unlike an artist's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boombap.spotify.catalogue.legacy_json import LegacyTrack, Shape
from boombap.spotify.matching.artist_profile import ArtistProfile, ArtistProfiles
from boombap.spotify.model import Album, Artist, Track

EVE, DRE = "E" * 22, "D" * 22


def track(*artists: Artist, explicit: bool | None = None, popularity: int | None = None, album: str = "") -> Track:
    return Track("1" * 22, "", artists, Album(None, album), explicit=explicit, popularity=popularity)


def count(*tracks: Track) -> ArtistProfiles:
    profiles = ArtistProfiles()
    for track in tracks:
        profiles.count("Eve", LegacyTrack(Shape.FLAT, track))
    return profiles


def test_the_majority_has_the_id() -> None:
    own, other = track(Artist(EVE, "Eve")), track(Artist(DRE, "Eve"))
    usual = count(own, own, other).usual("EVE")
    assert usual is not None
    assert (usual[0], usual[1].rows) == (EVE, 2)


def test_half_is_not_a_majority_and_two_rows_are_too_few() -> None:
    own, other = track(Artist(EVE, "Eve")), track(Artist(DRE, "Eve"))
    assert count(own, own, other, other).usual("Eve") is None
    assert count(own, own).usual("Eve") is None


def test_a_count_after_a_question_counts() -> None:
    own = track(Artist(EVE, "Eve"))
    profiles = count(own, own)
    assert profiles.usual("Eve") is None
    profiles.count("Eve", LegacyTrack(Shape.FLAT, own))
    assert profiles.usual("Eve") is not None


def test_the_album_of_a_host_is_not_the_guests() -> None:
    guest = track(Artist(DRE, "Dre"), Artist(EVE, "Eve"), album="2001")
    usual = count(guest, guest, track(Artist(EVE, "Eve"), album="Scorpion")).usual("Eve")
    assert usual is not None
    assert [usual[1].has_album(track(album=name)) for name in ("2001", "SCORPION", "")] == [False, True, False]


@given(st.lists(st.integers(0, 100), min_size=5), st.integers(0, 100))
def test_what_is_less_popular_than_all_own_rows_is_never_a_hosts_hit(own: list[int], other: int) -> None:
    profile = ArtistProfile()
    for popularity in own:
        profile.add(track(Artist(EVE, "Eve"), explicit=True, popularity=popularity), is_first=True)
    is_strange = profile.is_strange(track(explicit=False, popularity=other))
    assert is_strange or other > min(own)
    assert not (is_strange and other > max(own))
