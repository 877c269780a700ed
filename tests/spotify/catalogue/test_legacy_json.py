"""The column `spotify_data` as earlier programs left it, whole and broken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.spotify.catalogue.legacy_json import LegacyTrack, Shape, Unreadable, read_legacy
from boombap.spotify.model import Album, Artist

ID = "4AHNVCtzV1mrJuSjoYMz8S"
MIGRATED = {
    "id": ID,
    "name": "Satisfaction",
    "album": {"name": "Eve-Olution"},
    "artists": [{"id": "4d3yvTptO48nOYTPBcPFZC", "name": "Eve"}],
    "explicit": True,
    "popularity": 36,
    "duration_ms": 187_026,
    "preview_url": None,
    "release_date": "2002-08-27",
    "migrated_from_sqlite": True,
}
FLAT = {
    "track_id": ID,
    "artists": [{"id": "4d3yvTptO48nOYTPBcPFZC", "uri": "spotify:artist:x", "name": "Eve"}],
    "album_id": "0altoCkAMJLBRzz0G1Mldc",
    "album_name": "Eve-Olution",
    "popularity": 25,
    "preview_url": None,
    "release_date": "2002",
}


def read(found: object) -> LegacyTrack | Unreadable:
    return read_legacy(json.dumps(found))


def test_the_migrated_shape() -> None:
    found = read(MIGRATED)
    assert isinstance(found, LegacyTrack)
    assert (found.shape, found.track.name, found.track.duration_ms) == (Shape.MIGRATED, "Satisfaction", 187_026)
    assert found.track.artists == (Artist("4d3yvTptO48nOYTPBcPFZC", "Eve"),)
    assert found.track.album == Album(None, "Eve-Olution", "2002-08-27")
    assert (found.track.explicit, found.track.popularity) == (True, 36)


def test_the_flat_shape() -> None:
    found = read(FLAT)
    assert isinstance(found, LegacyTrack)
    assert (found.shape, found.track.id, found.track.name) == (Shape.FLAT, ID, "")
    assert found.track.album == Album("0altoCkAMJLBRzz0G1Mldc", "Eve-Olution", "2002")


def test_the_keys_of_both_are_what_the_store_writes() -> None:
    found = read(MIGRATED | FLAT)
    assert isinstance(found, LegacyTrack)
    assert found.shape is Shape.FULL


def test_json_in_a_json_string_is_read() -> None:
    assert read(json.dumps(FLAT)) == read(FLAT)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not_json"),
        ("", "not_json"),
        ('"{"', "not_json"),
        ("null", "empty"),
        ("{}", "empty"),
        ("[]", "empty"),
        ("[1]", "not_an_object"),
        ("7", "not_an_object"),
        ('{"id": 7}', "no_id"),
        ('{"id": "short", "artists": [{"name": "Eve"}]}', "no_id"),
        (f'{{"id": "{ID}"}}', "no_artists"),
        (f'{{"id": "{ID}", "artists": "Eve"}}', "no_artists"),
        (f'{{"id": "{ID}", "artists": [null, {{"name": 7}}, []]}}', "no_artists"),
    ],
)
def test_what_cannot_be_used_says_why(text: str, reason: str) -> None:
    assert read_legacy(text) == Unreadable(reason)


def test_fields_of_a_wrong_type_are_left_out() -> None:
    found = read(MIGRATED | {"duration_ms": "long", "explicit": "no", "popularity": 1.5, "album": [], "name": 7})
    assert isinstance(found, LegacyTrack)
    track = found.track
    assert (track.duration_ms, track.explicit, track.popularity, track.name) == (None, None, None, "")
    assert track.album == Album(None, "", "2002-08-27")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.text(max_size=5) | st.just(ID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*MIGRATED, *FLAT]), inner, max_size=6),
    max_leaves=12,
)


@given(JSON | st.text())
def test_no_json_makes_it_fail(found: object) -> None:
    answer = read(found)
    assert isinstance(answer, Unreadable) or answer.track.artists
