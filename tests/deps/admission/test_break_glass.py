from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.admission.break_glass import ANNOTATION, read_break_glass

LONGEST_S = 7 * 86_400.0
NOW_S = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("payments are down; until 2026-12-01T00:00Z", "payments are down"),
        ("a; b; until 2026-11-27T13:30:00+01:00", "a; b"),
        ("  x ;until  2026-11-28T00:00:00Z ", "x"),
    ],
)
def test_a_reason_and_a_time(text: str, reason: str):
    found = read_break_glass({ANNOTATION: text}, NOW_S, LONGEST_S)
    assert (found.counts, found.reason) == (True, reason)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("payments are down; until 2026-11-27T12:00Z", "has expired"),
        ("payments are down; until 2026-11-27T12:30+01:00", "has expired"),
        ("; until 2026-12-01T00:00Z", "gives no reason"),
        (" ; ; until 2026-12-01T00:00Z", "gives no reason"),
        ("until 2026-12-01T00:00Z", "gives no reason"),
        ("payments are down", "must be"),
        ("", "must be"),
        (True, "must be"),
        (["x; until 2026-12-01T00:00Z"], "must be"),
        ("x" * 600 + "; until 2026-12-01T00:00Z", "must be"),
        ("x; until 2026-12-01T00:00", "is not a time"),
        ("x; until tomorrow", "is not a time"),
        ("x; until 2026-13-01T00:00Z", "is not a time"),
    ],
)
def test_what_does_not_count_says_why(text: object, refusal: str):
    found = read_break_glass({ANNOTATION: text}, NOW_S, LONGEST_S)
    assert not found.counts
    assert refusal in found.refusal


@pytest.mark.parametrize("annotations", [None, {}, [], "x", {"other": "x; until 2026-12-01T00:00Z"}])
def test_without_the_annotation(annotations: object):
    found = read_break_glass(annotations, NOW_S, LONGEST_S)
    assert (found.counts, found.refusal) == (False, "")


def test_it_may_not_last_longer_than_allowed():
    text = "x; until 2026-11-28T12:00Z"
    assert read_break_glass({ANNOTATION: text}, NOW_S, 86_400).counts
    found = read_break_glass({ANNOTATION: text}, NOW_S, 86_399)
    assert (found.counts, "from now (deps.break_glass_max)" in found.refusal) == (False, True)
    assert not read_break_glass({ANNOTATION: "x; until 9999-12-31T23:59Z"}, NOW_S, 0).counts


@given(st.text())
def test_no_text_counts_without_a_time(text: str):
    assert not read_break_glass({ANNOTATION: text}, NOW_S, LONGEST_S).counts
