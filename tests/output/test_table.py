"""Aligned columns, whatever the width of their characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.output.table import lines, shorten, width

WORDS = st.text(st.sampled_from("abc 词語ラップ한국é́e\u0301"), max_size=12)
CELLS = st.one_of(st.none(), st.integers(-(10**12), 10**12), WORDS)


def test_table_as_printed() -> None:
    rows = [("qwen", 61933, 0.5), ("词", None, 1234.56), ("é\u0301", 7, None)]
    assert list(lines(("analyzer", "rows", "share"), rows)) == [
        "  analyzer    rows    share",
        "  qwen      61,933      0.5",
        "  词             –  1,234.6",
        "  é\u0301              7        –",
    ]


def test_words_stand_left_and_the_head_follows() -> None:
    assert list(lines(("n", "name"), [(1, "a"), ("x", "b")], indent="")) == ["n  name", "1  a", "x  b"]


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert list(lines(("a",), [("x\x1b[31m\ny",)], indent=""))[1] == "x\\x1b[31m\\ny"


def test_table_without_rows_is_its_head() -> None:
    assert list(lines(("a", "b"), [], indent="")) == ["a  b"]


@given(st.lists(st.tuples(CELLS, CELLS, st.integers())))
def test_last_column_ends_in_one_line(rows: list[tuple[object, object, int]]) -> None:
    table = list(lines(("one", "two", "three"), rows))  # type: ignore[arg-type]
    assert len(table) == len(rows) + 1
    assert len({width(line) for line in table}) == 1


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("abc", 3), ("词", 2), ("e\u0301", 1), ("ＡＢ", 4), ("é", 1)])
def test_width_in_columns(text: str, columns: int) -> None:
    assert width(text) == columns


@given(WORDS, WORDS)
def test_width_adds_up(left: str, right: str) -> None:
    assert width(left + right) == width(left) + width(right)


@given(WORDS, st.integers(1, 20))
def test_shortened_text_fits_and_begins_alike(text: str, columns: int) -> None:
    short = shorten(text, columns)
    assert width(short) <= columns
    if width(text) <= columns:
        assert short == text
    else:
        assert short.endswith("…")
        assert text.startswith(short[:-1])
        assert width(short) >= columns - 1, "no more is cut than must be"
