"""The table of term vectors: every word is found, none is invented, and its whole numbers agree with real ones."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boombap.ctx import term_vectors
from boombap.ctx.term_vectors import DIMENSIONS, MAGIC, SIZE, ZERO, Table, cosines, mean, of_terms, packed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHIPPED = Path(term_vectors.__file__).with_name("term_vectors.bin")
# The checksum of the file that each version shipped: whoever replaces the file must raise `VERSION`.
CHECKSUMS = {1: 1872335393}

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
numbers = st.lists(st.integers(-7, 7), min_size=DIMENSIONS, max_size=DIMENSIONS)
tables = st.dictionaries(words, st.tuples(st.integers(1, 255), numbers), max_size=30)


def encoded(rows: Mapping[str, tuple[int, Sequence[int]]]) -> bytes:
    """Write a table as the module's docstring says."""
    order = sorted(rows, key=str.encode)
    text = b"".join(map(str.encode, order))
    ends = [0]
    for word in order:
        ends.append(ends[-1] + len(word.encode()))
    vectors = b"".join(
        bytes((low + 8) | (high + 8) << 4 for low, high in zip(row[::2], row[1::2], strict=True))
        for row in (rows[word][1] for word in order)
    )
    sizes = len(order).to_bytes(4, "little") + len(text).to_bytes(4, "little")
    offsets = b"".join(end.to_bytes(4, "little") for end in ends)
    return MAGIC + sizes + offsets + text + bytes(rows[word][0] for word in order) + vectors


def opened(folder: Path, content: bytes) -> Table:
    (folder / "table.bin").write_bytes(content)
    return Table(str(folder / "table.bin"))


def unpacked(vector: bytes) -> list[int]:
    return [half - 8 for byte in vector for half in (byte & 15, byte >> 4)]


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return product / math.hypot(*left) / math.hypot(*right)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables, others=st.sets(words, max_size=20))
def test_every_word_is_found_and_no_other(
    tmp_path: Path, rows: dict[str, tuple[int, list[int]]], others: set[str]
) -> None:
    table = opened(tmp_path, encoded(rows))
    assert len(table) == len(rows)
    assert {word: table.word(table.find(word)) for word in rows} == {word: word for word in rows}
    assert [table.find(word) for word in others - rows.keys()] == [-1] * len(others - rows.keys())
    for word, (weight, row) in rows.items():
        assert table.sum_of({word: 3}) == [3 * weight * value for value in row]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables, counted=st.dictionaries(words, st.integers(1, 17), max_size=20))
def test_a_sum_is_that_of_the_known_terms(
    tmp_path: Path, rows: dict[str, tuple[int, list[int]]], counted: dict[str, int]
) -> None:
    table = opened(tmp_path, encoded(rows))
    counted |= dict.fromkeys(rows, 5)
    expected = [sum(counted[word] * rows[word][0] * rows[word][1][at] for word in rows) for at in range(DIMENSIONS)]
    assert table.sum_of(counted) == expected


def test_ten_thousand_of_the_heaviest_terms_fit(tmp_path: Path) -> None:
    row = [7, -7] * (DIMENSIONS // 2)
    table = opened(tmp_path, encoded({f"w{at}": (255, row) for at in range(20_000)}))
    counted = {f"w{at}": term_vectors.IN_SYMBOL for at in range(10_000)}
    assert table.sum_of(counted)[:2] == [10_000 * 255 * 17 * 7, -10_000 * 255 * 17 * 7]
    # What is beyond is left out, it never runs over.
    assert table.sum_of(counted | {f"w{at}": 17 for at in range(20_000)})[:1] == [10_000 * 255 * 17 * 7]


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a table of term vectors"):
        opened(tmp_path, b"words\nand more words\n")


@given(st.lists(st.integers(-10_000, 10_000), min_size=DIMENSIONS, max_size=DIMENSIONS).filter(any))
def test_packing_keeps_the_signs(row: list[int]) -> None:
    vector = packed(row)
    assert len(vector) == SIZE
    assert all(a * b >= 0 for a, b in zip(row, unpacked(vector), strict=True))
    # The length is a whole number too, so that one on the edge may be rounded the other way.
    longer = unpacked(packed([4 * value for value in row]))
    assert all(abs(a - b) <= 1 for a, b in zip(unpacked(vector), longer, strict=True))


def test_nothing_known_is_the_zero_vector() -> None:
    assert of_terms({}) == of_terms({"qzxqzxqzx": 10}) == packed([0] * DIMENSIONS) == mean([]) == mean([ZERO]) == ZERO
    assert cosines(["qzxqzxqzx"], [of_terms({"file": 10})]) == [0.0]
    assert cosines(["file"], [ZERO]) == [0.0]
    assert cosines(["file"], []) == []


def shipped(at: int) -> str:
    return term_vectors.table().word(at % len(term_vectors.table()))


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=8), st.lists(st.integers(0, 100_000), min_size=1))
def test_the_cosine_is_that_of_real_numbers(asked: list[int], held: list[int]) -> None:
    question, text = [shipped(at) for at in asked], dict.fromkeys(map(shipped, held), 10)
    table = term_vectors.table()
    expected = cosine(table.sum_of(dict.fromkeys(question, 1)), table.sum_of(text))
    # An error of half a step of 1/22 in each of 96 numbers, and what is cut at 7 steps.
    assert cosines(question, [ZERO, of_terms(text), ZERO]) == [0.0, pytest.approx(max(0.0, expected), abs=0.12), 0.0]


def test_many_vectors_at_once_are_each_alone() -> None:
    vectors = [of_terms({shipped(at): 10, shipped(7 * at): 17}) for at in range(300)]
    question = ["connect", "pool", "timeout", "retry"]
    together = cosines(question, vectors)
    assert together == [cosines(question, [vector])[0] for vector in vectors]
    assert max(together) > 0.2
    assert min(together) == 0


def test_the_mean_is_between() -> None:
    left, right = of_terms({"socket": 10}), of_terms({"password": 10})
    both = mean([left, right])
    assert cosine(unpacked(both), unpacked(left)) == pytest.approx(cosine(unpacked(both), unpacked(right)), abs=0.05)
    assert cosine(unpacked(mean([left, left])), unpacked(left)) > 0.99


# --- the table that is shipped


def test_every_shipped_word_is_found_in_order() -> None:
    table = term_vectors.table()
    found = [table.word(at) for at in range(len(table))]
    assert len(found) > 5_000
    assert found == sorted(set(found), key=str.encode)
    assert [table.find(word) for word in found] == list(range(len(found)))
    beside = {word + "~" for word in found} | {"", "~"}
    assert {table.find(word) for word in beside} == {-1}


def test_the_file_holds_what_it_says_and_no_more() -> None:
    count = len(term_vectors.table())
    text = int.from_bytes(SHIPPED.read_bytes()[len(MAGIC) + 4 : len(MAGIC) + 8], "little")
    assert SHIPPED.stat().st_size == len(MAGIC) + 8 + 4 * (count + 1) + text + count * (1 + SIZE)


def test_a_new_table_has_a_new_version() -> None:
    assert CHECKSUMS[term_vectors.VERSION] == zlib.crc32(SHIPPED.read_bytes())


@pytest.mark.parametrize(
    ("asked", "near", "far"),
    [
        ("delet", "remov", "socket"),
        ("fetch", "download", "color"),
        ("directory", "path", "encrypt"),
        ("authenticat", "login", "matrix"),
        ("serializ", "encod", "scroll"),
    ],
)
def test_related_words_are_near(asked: str, near: str, far: str) -> None:
    related, unrelated = cosines([asked], [of_terms({near: 10}), of_terms({far: 10})])
    assert related > unrelated + 0.1


def test_the_order_of_hashes_changes_nothing() -> None:
    code = (
        "from boombap.ctx.term_vectors import cosines, of_terms\n"
        "vector = of_terms(dict.fromkeys({'socket', 'pool', 'retry', 'timeout'}, 10))\n"
        "print(vector.hex(), cosines({'connect', 'reus', 'idl'}, [vector]))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout != ""
