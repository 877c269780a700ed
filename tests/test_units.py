"""Durations, sizes and rates: what is read is what was meant, what is printed keeps within its bounds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.errors import UsageError
from boombap.units import format_duration, format_rate, format_size, parse_duration_s

UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "hours": 3600, "d": 86_400, "days": 86_400, "w": 604_800}
PRINTED = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86_400}


@given(st.integers(0, 500), st.sampled_from(list(UNITS)), st.sampled_from(["", " ", "  "]))
def test_number_with_unit_is_read(number: int, unit: str, gap: str) -> None:
    assert parse_duration_s(f"{number}{gap}{unit}") == number * UNITS[unit]
    assert parse_duration_s(f" {number}{gap}{unit.upper()} ") == number * UNITS[unit]


@given(st.integers(0, 99), st.integers(0, 99))
def test_parts_add_up(hours: int, minutes: int) -> None:
    assert parse_duration_s(f"{hours}h{minutes}m") == hours * 3600 + minutes * 60


@pytest.mark.parametrize("text", ["", " ", "5", "s", "5x", "-5s", "5s,", "1e3s", "5 s x", "nan s", "٥s", "5s 3", "ms5"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match="is not a duration; write a number and a unit"):
        parse_duration_s(text)


@pytest.mark.parametrize("text", ["9" * 5000 + "s", "600w 1s", "99999999999d"])
def test_endless_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is too long; the maximum is ten years"):
        parse_duration_s(text)


@given(st.text(max_size=20))
def test_reading_never_fails_in_another_way(text: str) -> None:
    try:
        assert parse_duration_s(text) >= 0
    except UsageError:
        return


@given(st.floats(0, 3e8))
def test_printed_duration_reads_back_within_its_second_unit(seconds: float) -> None:
    text = format_duration(seconds)
    units = re.findall(r"[a-z]+", text)
    assert 1 <= len(units) <= 2
    steps = list(PRINTED.values())
    slack = 0.0005 if units == ["ms"] else 0.5 + steps[max(0, steps.index(PRINTED[units[0]]) - 1)]
    assert abs(parse_duration_s(text) - seconds) <= slack


@given(st.integers(1, 300), st.sampled_from(["s", "min", "h", "d"]))
def test_whole_durations_survive(number: int, unit: str) -> None:
    seconds = number * PRINTED[unit]
    small = format_duration(seconds)
    assert parse_duration_s(small) == seconds or " min" in small or " h" in small or " d" in small


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.25, "250 ms"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3600, "1 h"),
        (90_000, "1 d 1 h"),
        (61, "1 min 1 s"),
    ],
)
def test_duration_as_printed(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.floats(0, 1e15))
def test_size_is_short_and_close(size_bytes: float) -> None:
    number, unit = format_size(size_bytes).split()
    factor = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}[unit]
    assert float(number) <= 1024 or unit == "TiB"
    assert abs(float(number) * factor - size_bytes) <= factor * 0.5000001


def test_size_below_zero_keeps_its_sign() -> None:
    assert format_size(-2048) == "-2.0 KiB"


@given(st.floats(0, 1e12))
def test_rate_is_short_and_close(per_s: float) -> None:
    match = re.fullmatch(r"([\d.]+)([kMG]?)/s", format_rate(per_s))
    assert match
    factor = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[match[2]]
    assert abs(float(match[1]) * factor - per_s) <= factor * 0.0500001
