from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from benchmarks.suite.interleave import compared, ratio, spread, taken
from benchmarks.suite.model import Case, Ratio
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

TIMES = st.lists(st.floats(0.1, 1e6), min_size=1, max_size=30)


def a_case(classic: str, native: str, **changes: object) -> Case:
    """Return a case whose engines are two programs."""
    commands = {"classic": [sys.executable, "-c", classic], "native": [sys.executable, "-c", native]}
    environs = {"classic": {"ENGINE": "classic"}, "native": {"ENGINE": "native"}}

    def differ(left: str, right: str) -> list[str]:
        return [] if left == right else [f"{left} and {right}"]

    return Case("db", "a job", "data", commands, environs, str.strip, differ, **changes)


def test_a_faster_wrong_answer_is_told_apart(tmp_path: Path):
    assert compared(a_case("print(1)", "print(1)"), 1, tmp_path).differences == []
    assert compared(a_case("print(1)", "print(2)"), 1, tmp_path).differences == ["1 and 2"]


def test_an_answer_that_is_wrong_in_a_single_turn_counts(tmp_path: Path):
    counter = f"""
from pathlib import Path
file = Path({str(tmp_path / "turns")!r})
turn = int(file.read_text()) if file.exists() else 0
file.write_text(str(turn + 1))
print(turn == 2)
"""
    assert compared(a_case("print(False)", counter), 4, tmp_path).differences == ["False and True"]


def test_each_engine_runs_in_its_environment_and_first_in_every_second_turn(tmp_path: Path):
    order = tmp_path / "order"
    code = f"import os; open({str(order)!r}, 'a').write(os.environ['ENGINE'] + ' ')"
    result = compared(a_case(code, code), 3, tmp_path)
    assert order.read_text().split() == ["native", "classic", "classic", "native"] * 2
    assert len(result.classic.walls_ms) == len(result.native.walls_ms) == 3


def test_data_is_prepared_before_each_run_and_long_cases_run_less_often(tmp_path: Path):
    prepared: list[int] = []
    case = a_case("print()", "print()", prepare=lambda: prepared.append(1), max_runs=2)
    assert compared(case, 20, tmp_path).runs == 2
    assert len(prepared) == 6


def test_a_command_that_fails_is_not_measured(tmp_path: Path):
    with pytest.raises(SystemExit, match="ended with exit code 3: nothing to measure"):
        compared(a_case("raise SystemExit(3)", "print()"), 1, tmp_path)
    assert compared(a_case("raise SystemExit(3)", "print()", fine=(0, 3)), 1, tmp_path).differences == []


def test_a_peer_that_fails_is_named_and_has_no_times(tmp_path: Path):
    programs = {"good": [sys.executable, "-c", "pass"], "bad": [sys.executable, "-c", "raise SystemExit(2)"]}
    result = compared(a_case("print()", "print()", peers=programs), 1, tmp_path)
    assert list(result.peers) == ["good"]
    assert result.failed_peers == {"bad": 2}


def test_memory_is_that_of_the_command(tmp_path: Path):
    result = compared(a_case("b = bytearray(60_000_000)", "pass"), 1, tmp_path)
    assert result.classic.rss_mb > 60
    assert result.native.rss_mb < 30


def test_runs_of_one_turn_are_divided_by_each_other():
    # The machine takes twice as long in the second half: of the quotients none moves.
    classic, native = [30.0] * 10 + [60.0] * 10, [10.0] * 10 + [20.0] * 10
    assert ratio(classic, native) == Ratio(3.0, 3.0, 3.0)


@given(TIMES)
def test_the_ratio_is_within_its_interval(times: list[float]):
    found = ratio(times, times[::-1])
    assert found.low is None or found.low <= found.value
    assert found.high is None or found.value <= found.high
    assert len(times) >= 8 or None in (found.low, found.high)


@given(TIMES, st.floats(0.1, 100))
def test_the_spread_does_not_depend_on_the_unit(times: list[float], factor: float):
    assert spread(times) >= 0
    assert spread([factor * time for time in times]) == pytest.approx(spread(times), rel=1e-6, abs=1e-9)


def test_the_largest_memory_and_the_median_time_count():
    samples = [{"wall_s": wall, "cpu_s": wall / 2, "rss_mb": 10 * wall, "anon_mb": wall} for wall in (1.0, 3.0, 2.0)]
    figures = taken(samples)
    assert (figures.median_ms, figures.cpu_ms, figures.rss_mb, figures.anon_mb) == (2000, 1000, 30, 3)
    assert figures.p95_ms == 3000
