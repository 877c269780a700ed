"""The nearest term is found wherever the slips are, also in the first letter and where the halves of a word meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.indexing import store
from boombap.ctx.ranking.fuzzy import distance, nearest

if TYPE_CHECKING:
    import sqlite3


def holding(*words: str) -> sqlite3.Connection:
    database = store.in_memory()
    database.executemany("INSERT INTO words VALUES (?, 1, x'')", [(word,) for word in dict.fromkeys(words)])
    return database


letters = st.text("abcde", min_size=4, max_size=12)


@given(letters, st.lists(letters, max_size=12))
def test_what_is_nearest_is_found(word: str, words: list[str]) -> None:
    """The same as comparing every term, which the statements must not leave out."""
    most = 2 if len(word) >= 8 else 1
    slips = {other: distance(word, other, most) for other in words}
    near = {other: count + 0.5 * (other[0] != word[0]) for other, count in slips.items() if count <= most}
    expected = min(near, key=lambda other: (near[other], other), default="")
    database = holding(*words)
    assert nearest(database, word) == expected
    database.close()


@pytest.mark.parametrize(
    ("typo", "word"),
    [
        ("onnection", "connection"), ("oconnection", "connection"), ("xonnection", "connection"),
        ("ocnnectoin", "connection"), ("xconnectiom", "connection"), ("oconnectin", "connection"),
        ("ruoter", "router"), ("outer", "router"), ("orutre", ""), ("router", "router"),
    ],
)  # fmt: skip
def test_slips_at_the_first_letter(typo: str, word: str) -> None:
    database = holding("connection", "router")
    assert nearest(database, typo) == word
    database.close()


def swapped(word: str, at: int) -> str:
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


@given(st.text("abcdefgh", min_size=8, max_size=14), st.integers(0, 20))
def test_two_swaps_one_at_the_beginning(word: str, at: int) -> None:
    typo = swapped(swapped(word, 0), 2 + at % (len(word) - 3))
    database = holding(word)
    assert nearest(database, typo) == word
    database.close()
