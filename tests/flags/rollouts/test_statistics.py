from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.flags.rollouts.statistics import Estimate, quantile, share


@pytest.mark.parametrize(
    ("count", "of", "expected"),
    [
        (0, 10, (0.0, 0.0, 0.2775)),
        (10, 10, (1.0, 0.7225, 1.0)),
        (1, 100, (0.01, 0.0018, 0.0545)),
        (50, 100, (0.5, 0.4038, 0.5962)),
    ],
)
def test_shares_are_those_of_wilson(count: int, of: int, expected: tuple[float, float, float]) -> None:
    """Compared with the table in Newcombe, "Two-sided confidence intervals for the single proportion", 1998."""
    found = share(count, of)
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-4)


def test_of_no_runs_nothing_is_known() -> None:
    assert share(0, 0) == quantile([], 0.95) == Estimate(0.0, None, None)


@given(st.integers(0, 300), st.integers(1, 300))
def test_an_interval_holds_what_was_measured(count: int, of: int) -> None:
    found = share(min(count, of), of)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value <= found.high + 1e-12 <= 1 + 2e-12


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_one_of_the_values_and_within_its_interval(values: list[float], at: float) -> None:
    found = quantile(values, at)
    assert found.value in values
    assert sum(value <= found.value for value in values) >= at * len(values)
    assert found.low is None or found.low <= found.value
    assert found.high is None or found.value <= found.high


def test_few_runs_say_nothing_about_the_end_of_the_95th_percentile() -> None:
    assert quantile(range(30), 0.95).high is None
    assert quantile(range(30), 0.5).high is not None


def test_the_true_quantile_is_in_the_interval_95_times_of_100() -> None:
    chance = random.Random(4)
    hits = 0
    for _ in range(400):
        found = quantile([chance.expovariate(1.0) for _ in range(200)], 0.5)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 0.6931 <= found.high
    assert 0.92 <= hits / 400 <= 0.99
