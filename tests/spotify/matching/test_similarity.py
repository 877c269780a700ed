"""The comparisons: symmetric, and strict where a slip would be another song."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.spotify.matching.normalize import name_key, read_credit, read_title
from boombap.spotify.matching.similarity import compare_artists, compare_titles, compare_versions

TITLES = st.sampled_from(
    [
        "Get It",
        "Get It (Remix)",
        "Get It (Now)",
        "Got It",
        "G*t It",
        "Pt. 2",
        "Over My Head (Cable Car)",
        "Over My Head",
    ]
) | st.text("abc *()12-&", max_size=16)


@given(TITLES, TITLES)
def test_comparing_titles_is_symmetric_and_bounded(one: str, other: str) -> None:
    here, there = read_title(one), read_title(other)
    assert compare_titles(here, there) == compare_titles(there, here)
    assert compare_versions(here, there) == compare_versions(there, here)
    assert 0 <= compare_titles(here, there).value <= 1
    assert (compare_titles(here, there).value == 0) == bool(compare_titles(here, there).refused)


@given(TITLES)
def test_a_title_is_like_itself(title: str) -> None:
    read = read_title(title)
    assert compare_titles(read, read).value == (1.0 if read.key else 0.0)
    assert compare_versions(read, read) is None


@pytest.mark.parametrize(
    ("censored", "plain", "alike"),
    [
        ("F**k", "Fuck", True),
        ("Sh*t", "Shit", True),
        ("F*ck Th*m", "Fuck Them", True),
        ("F**k", "Flock", True),
        ("Sh*t", "Shirt Off", False),
        ("B*****s", "Beam", False),
        ("M*A*S*H", "MASH", True),
        ("a*" * 40, "a" * 41, True),
    ],
)
def test_stars_stand_for_letters(censored: str, plain: str, alike: bool) -> None:
    assert (compare_titles(read_title(censored), read_title(plain)).refused is None) == alike


@pytest.mark.parametrize(
    ("line", "names", "reason"),
    [
        ("Eve", ["Eve"], "artist"),
        ("Eve", ["Trina", "Eve"], "artist_listed"),
        ("Eve & Trina", ["Trina", "Eve"], "artists"),
        ("Earth, Wind & Fire", ["Earth, Wind & Fire"], "artist"),
        ("Earth, Wind & Fire", ["Earth"], None),
        ("Kool Moe Dee", ["Kool Mo Dee"], "artist_similar"),
        ("2 Chainz Gang", ["3 Chainz Gang"], None),
        ("Eve", ["Eves"], None),
        ("Eve", [], None),
    ],
)
def test_artists_are_compared_as_sets(line: str, names: list[str], reason: str | None) -> None:
    found = compare_artists(read_credit(line), [name_key(name) for name in names], ())
    assert (found.reason if found else None) == reason


def test_a_guest_of_the_title_counts() -> None:
    found = compare_artists(read_credit("Eve"), ["trina"], {"eve"})
    assert found is not None
    assert found.reason == "artist_guest"
