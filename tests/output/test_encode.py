"""JSON and CSV that machines read back, and that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.config.secret import Secret
from boombap.health.finding import Finding, Severity
from boombap.output.encode import plain, to_csv, to_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)
    )
)
def test_json_round_trip(value: object) -> None:
    assert json.loads(to_json(value)) == value


def test_json_of_values_with_a_plain_form() -> None:
    values = {
        "at": datetime(2026, 5, 31, 12, tzinfo=UTC),
        "on": date(2026, 5, 31),
        "share": Decimal("0.5"),
        "file": Path("/a"),
        "names": frozenset("ba"),
        "finding": Finding("a", Severity.INFO, "é", "s"),
    }
    text = to_json(values)
    decoded = json.loads(text)
    assert [decoded[key] for key in list(values)[:-1]] == [
        "2026-05-31T12:00:00+00:00",
        "2026-05-31",
        0.5,
        "/a",
        ["a", "b"],
    ]
    assert decoded["finding"]["subject"] == "é"
    assert "é" in text


@pytest.mark.parametrize("value", [Secret("hunter2"), object(), b"x", 1j])
def test_json_refuses_what_has_no_plain_form(value: object) -> None:
    with pytest.raises(TypeError, match="has no JSON form"):
        to_json({"a": [value]})


def test_plain_goes_one_level_deep_in_the_order_of_the_fields() -> None:
    finding = Finding("a", Severity.INFO, "b", "c")
    assert list(plain(finding)) == ["id", "severity", "subject", "summary", "evidence", "remedy", "link"]
    assert plain(finding)["severity"] is Severity.INFO


@given(st.lists(st.tuples(TEXTS, TEXTS)))
def test_csv_round_trip(rows: list[tuple[str, str]]) -> None:
    text = to_csv(("one", "two"), rows)
    back = list(csv.reader(io.StringIO(text + "\n", newline="")))
    expected = [[f"'{cell}" if cell.startswith(FORMULAS) else cell for cell in row] for row in rows]
    assert back == [["one", "two"], *expected]


@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1))
def test_csv_keeps_numbers_as_numbers(cells: list[float | None]) -> None:
    (back,) = list(csv.reader([to_csv(["x"] * len(cells), [cells]).split("\n")[1]]))
    assert [math.nan if cell == "" else float(cell) for cell in back] == pytest.approx(
        [math.nan if cell is None else cell for cell in cells], nan_ok=True
    )


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")'])
def test_csv_text_that_a_spreadsheet_would_run_is_disarmed(cell: str) -> None:
    (_, (cell_read,)) = csv.reader(io.StringIO(to_csv(("a",), [(cell,)]), newline=""))
    assert cell_read == f"'{cell}"


def test_csv_without_rows_is_its_head() -> None:
    assert to_csv(("a", "b"), []) == "a,b"
