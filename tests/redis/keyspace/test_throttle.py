"""The batch_size: slower as soon as the server's answers take longer, faster again when they do not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boombap.redis.keyspace.throttle import LARGEST, SMALLEST, AdaptiveBatchSize


def test_a_slow_server_gets_smaller_batches_and_rests():
    rests: list[float] = []
    batch_size = AdaptiveBatchSize(rests.append)
    for _ in range(5):
        batch_size.record(0.005, 1000)
    assert (batch_size.size, rests) == (LARGEST, [])
    batch_size.record(0.3, 1000)
    assert (batch_size.size, rests, batch_size.slowed) == (LARGEST // 2, [0.3], 1)
    for _ in range(10):
        batch_size.record(0.3, 1000)
    assert batch_size.size == SMALLEST


def test_it_recovers():
    batch_size = AdaptiveBatchSize(lambda _: None)
    batch_size.record(0.001, 1000)
    batch_size.record(1.0, 1000)
    for _ in range(50):
        batch_size.record(0.001, 1000)
    assert batch_size.size == LARGEST


def test_a_distant_server_is_not_a_slow_one():
    rests: list[float] = []
    batch_size = AdaptiveBatchSize(rests.append)
    for _ in range(10):
        batch_size.record(0.15, 1000)
    assert (batch_size.size, rests) == (LARGEST, [])


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 2000)), max_size=50))
def test_the_size_stays_within_its_bounds(batches: list[tuple[float, int]]):
    rests: list[float] = []
    batch_size = AdaptiveBatchSize(rests.append)
    for seconds, items in batches:
        batch_size.record(seconds, items)
        assert SMALLEST <= batch_size.size <= LARGEST
    assert all(0 <= rest <= 2 for rest in rests)
