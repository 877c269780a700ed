"""Whole artists at a time, the largest first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boombap.spotify.model import Priority, TrackQuery
from boombap.spotify.scheduling.artist_order import keys_by_artist, windows_by_artist

ROWS = [TrackQuery(key, artist, "x") for key, artist in enumerate(["Eve", "Nas", "Nas", "Trina", "nas", "Eve"], 1)]


def test_spellings_of_one_artist_come_together_the_largest_artist_first():
    assert list(keys_by_artist([ROWS[:2], ROWS[2:]], chunk=1)) == [[2, 3, 5], [1, 6], [4]]
    assert list(keys_by_artist([ROWS], chunk=4)) == [[2, 3, 5, 1, 6], [4]]


def test_an_artist_that_someone_asked_for_comes_before_larger_ones():
    rows = [*ROWS[:3], ROWS[3]._replace(priority=Priority.ASKED), *ROWS[4:]]
    assert list(keys_by_artist([rows], chunk=1)) == [[4], [2, 3, 5], [1, 6]]
    assert [[query.key for query in part] for part in windows_by_artist([rows], chunk=1)] == [[4], [2, 3, 5], [1, 6]]


def test_a_window_of_a_source_is_ordered_by_itself():
    chunks = windows_by_artist([ROWS], window=3, chunk=1)
    assert [[query.key for query in chunk] for chunk in chunks] == [[2, 3], [1], [4], [5], [6]]


@given(st.lists(st.sampled_from("abcde"), max_size=60), st.integers(1, 20))
def test_each_row_comes_once_and_no_artist_twice(artists: list[str], chunk: int):
    rows = [TrackQuery(key, artist, "x") for key, artist in enumerate(artists)]
    chunks = list(keys_by_artist([rows], chunk))
    assert sorted(key for keys in chunks for key in keys) == list(range(len(rows)))
    for artist in set(artists):
        assert sum(any(artists[key] == artist for key in keys) for keys in chunks) == 1
