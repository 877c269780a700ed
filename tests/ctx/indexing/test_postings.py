"""The inverted index: a list survives being written and added to, and what it says of a word is what BM25 says."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.answers import matching
from boombap.ctx.indexing import postings, store
from boombap.ctx.indexing.postings import Writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

NAMELESS: dict[str, Sequence[str]] = {field: [] for field in postings.NAMES}


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    opened = store.in_memory()
    yield opened
    opened.close()


def add(writer: Writer, words: Sequence[str], symbol: Sequence[str] = ()) -> None:
    writer.add(len(words) + len(symbol), postings.counts(NAMELESS | {"symbol": symbol}, words))


def held(database: sqlite3.Connection, word: str) -> list[int]:
    return [chunk for chunk, _ in postings.read(database, word)]


def write(database: sqlite3.Connection, bodies: Sequence[str], facts: Mapping[str, object]) -> Mapping[str, object]:
    writer = Writer(database, facts)
    for body in bodies:
        add(writer, body.split())
    writer.flush()
    for name, value in writer.facts.items():
        database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
    return writer.facts


gaps = st.lists(
    st.one_of(st.integers(1, 3), st.integers(250, 260), st.integers(65_530, 70_000)), min_size=1, max_size=9
)


@given(gaps, gaps, st.sampled_from([1, 200]))
def test_a_list_that_is_added_to_is_read_as_if_written_at_once(first: list[int], more: list[int], times: int) -> None:
    """`times` makes lists that are longer than those that are encoded again."""
    numbers = list(accumulate(first * times + more))
    impacts = bytes(1 + number % 255 for number in numbers)
    cut = len(first) * times
    made = postings.appended(postings.appended(b"", numbers[:cut], impacts[:cut]), numbers[cut:], impacts[cut:])
    kept = [(chunk, impact) for chunk, impact in postings.decoded(made) if impact]
    assert kept == list(zip(numbers, impacts, strict=True))


def test_a_word_of_no_chunk_has_no_list(database: sqlite3.Connection) -> None:
    write(database, ["pool of connections"], {})
    assert held(database, "absent") == []
    assert postings.chunks_with(database, "absent") == 0
    assert matching.holding(database, []) == set() == matching.naming(database, [])


def test_scores_are_those_of_the_formula(database: sqlite3.Connection) -> None:
    """Robertson and Zaragoza, 2009, equations 3.15 and 3.3; 127 levels leave an error of 1 percent."""
    bodies = ["pool pool of connections", "a pool", "x y z", "nothing here at all", "the end", "of a line"]
    write(database, bodies, {})
    mean = sum(len(body.split()) for body in bodies) / len(bodies)
    rarity = matching.log((len(bodies) - 2 + 0.5) / (2 + 0.5))
    expected = {
        chunk: rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / mean))
        for chunk, count, length in ((1, 2, 4), (2, 1, 2))
    }
    assert matching.bm25(database, ["pool"]) == pytest.approx(expected, rel=0.02)


def test_a_word_in_a_name_counts_more_and_is_found_as_one(database: sqlite3.Connection) -> None:
    writer = Writer(database, {})
    add(writer, ["a", "b"], symbol=["pool"])
    add(writer, ["pool", "a", "b"])
    for _ in range(4):
        add(writer, ["c", "d", "e"])
    writer.flush()
    database.execute("INSERT INTO meta VALUES ('written', 6)")
    scores = matching.bm25(database, ["pool"])
    assert scores[1] > 1.3 * scores[2]
    assert matching.naming(database, ["pool"]) == {1}
    assert matching.holding(database, ["pool", "a"]) == {1, 2}


def test_a_word_in_every_chunk_counts_a_little(database: sqlite3.Connection) -> None:
    write(database, ["pool one", "pool two"], {})
    scores = matching.bm25(database, ["pool", "two"])
    assert 0 < scores[1] < scores[2]


def test_words_without_number_count_as_many_as_a_byte_holds(database: sqlite3.Connection) -> None:
    writer = Writer(database, {})
    for count in (1000, 63, 2):
        add(writer, ["pool"] * count + ["other"] * (1000 - count))
    writer.flush()
    highest, high, low = (impact >> 1 for _, impact in postings.read(database, "pool"))
    assert 0 < low < high <= highest <= 127


def test_many_chunks_are_written_in_parts(database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [f"word{number} common" for number in range(300)]
    monkeypatch.setattr(postings, "_MOST_PENDING", 50)
    write(database, bodies, {})
    assert held(database, "common") == list(range(1, 301))
    assert held(database, "word299") == [300]


def test_an_index_whose_chunks_have_become_longer_is_off(database: sqlite3.Connection) -> None:
    facts = write(database, ["a b c"] * 10, {})
    writer = Writer(database, facts)
    add(writer, ["a"] * 9)
    assert not writer.is_off
    for _ in range(10):
        add(writer, ["a"] * 9)
    assert writer.is_off


def test_the_best_are_in_order_and_pieces_of_gaps_are_none_of_them() -> None:
    assert matching.best({5: 0.0, 4: 1.0, 3: 2.0, 2: 1.0}, 9) == [3, 2, 4]
    assert matching.best({5: 0.0, 4: 1.0, 3: 2.0, 2: 1.0}, 2) == [3, 2]
