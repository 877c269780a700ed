"""The pace: slower as soon as the server's answers take longer, faster again when they do not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boombap.redis.pace import LARGEST, SMALLEST, Pace


def test_a_slow_server_gets_smaller_batches_and_rests():
    rests: list[float] = []
    pace = Pace(rests.append)
    for _ in range(5):
        pace.took(0.005, 1000)
    assert (pace.size, rests) == (LARGEST, [])
    pace.took(0.3, 1000)
    assert (pace.size, rests, pace.slowed) == (LARGEST // 2, [0.3], 1)
    for _ in range(10):
        pace.took(0.3, 1000)
    assert pace.size == SMALLEST


def test_it_recovers():
    pace = Pace(lambda _: None)
    pace.took(0.001, 1000)
    pace.took(1.0, 1000)
    for _ in range(50):
        pace.took(0.001, 1000)
    assert pace.size == LARGEST


def test_a_distant_server_is_not_a_slow_one():
    rests: list[float] = []
    pace = Pace(rests.append)
    for _ in range(10):
        pace.took(0.15, 1000)
    assert (pace.size, rests) == (LARGEST, [])


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 2000)), max_size=50))
def test_the_size_stays_within_its_bounds(batches: list[tuple[float, int]]):
    rests: list[float] = []
    pace = Pace(rests.append)
    for seconds, items in batches:
        pace.took(seconds, items)
        assert SMALLEST <= pace.size <= LARGEST
    assert all(0 <= rest <= 2 for rest in rests)
