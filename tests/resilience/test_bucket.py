from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.resilience.bucket import Bucket
from clocks import Clock


def test_a_full_bucket_gives_its_burst_at_once_and_no_more():
    bucket = Bucket(2, 3, clock=Clock())
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]


def test_the_wait_is_long_enough():
    clock = Clock()
    bucket = Bucket(4, 8, clock=clock)
    bucket.take(8)
    clock.sleep(bucket.take(6))
    assert clock.now_s == 1001.5
    assert bucket.take(6) == 0


def test_more_than_the_burst_never_comes():
    assert Bucket(100, 5, clock=Clock()).take(6) == math.inf


def test_without_a_rate_nothing_comes():
    bucket = Bucket(0, 1, clock=Clock())
    assert [bucket.take(), bucket.take()] == [0, math.inf]


def test_a_new_rate_counts_from_now():
    clock = Clock()
    bucket = Bucket(1, 100, clock=clock)
    bucket.take(100)
    clock.sleep(10)
    bucket.set_rate(10)
    clock.sleep(1)
    assert bucket.take(20) == 0
    assert bucket.take(1) == pytest.approx(0.1)


def test_what_was_not_used_comes_back_up_to_the_burst():
    bucket = Bucket(0, 5, clock=Clock())
    bucket.take(2)
    bucket.give_back(4)
    assert bucket.take(5) == 0
    assert bucket.take(1) == math.inf


def left_in(bucket: Bucket) -> int:
    """Return how many tokens a bucket holds now."""
    bucket.set_rate(0)
    count = 0
    while bucket.take() == 0:
        count += 1
    return count


@pytest.mark.parametrize(
    "change",
    [
        lambda bucket, clock: clock.sleep(1e9),
        lambda bucket, clock: bucket.give_back(1000),
        lambda bucket, clock: (bucket.take(2), bucket.give_back(1000)),
        lambda bucket, clock: (clock.sleep(3600), bucket.set_rate(1000)),
        lambda bucket, clock: (bucket.empty(), bucket.set_rate(1e6), clock.sleep(1e6)),
        lambda bucket, clock: (bucket.take(5), clock.sleep(100), bucket.give_back(5)),
        lambda bucket, clock: (bucket.take(5), bucket.give_back(5), clock.sleep(100)),
    ],
)
def test_it_never_holds_more_than_its_burst(change):
    """A pause, however long, and tokens given back may not let more calls out at once than the server was promised."""
    clock = Clock()
    bucket = Bucket(10, 5, clock=clock)
    change(bucket, clock)
    assert left_in(bucket) == 5


@pytest.mark.parametrize("rate", [0.001, 1, 1e9])
def test_more_than_the_burst_takes_nothing(rate: float):
    clock = Clock()
    bucket = Bucket(rate, 5, clock=clock)
    assert bucket.take(5.5) == math.inf
    clock.sleep(1e6)
    assert bucket.take(6) == math.inf
    assert bucket.take(5) == 0


def test_time_before_a_new_rate_counts_at_the_old_one():
    clock = Clock()
    bucket = Bucket(1, 100, clock=clock)
    bucket.empty()
    clock.sleep(10)
    bucket.set_rate(1000)
    assert bucket.take(10) == 0
    assert bucket.take(1) == pytest.approx(0.001)


def test_an_emptied_bucket_begins_anew():
    clock = Clock()
    bucket = Bucket(1, 5, clock=clock)
    bucket.empty()
    assert bucket.take() == 1


def test_a_clock_that_goes_back_takes_nothing_away():
    clock = Clock()
    bucket = Bucket(1, 5, clock=clock)
    clock.now_s -= 100
    assert bucket.take(5) == 0


@given(
    st.floats(0.1, 1000),
    st.integers(1, 50),
    st.lists(st.tuples(st.integers(1, 50), st.floats(0, 10)), max_size=60),
)
def test_no_span_gives_more_than_burst_and_rate(rate: float, burst: int, takes: list[tuple[int, float]]):
    clock = Clock(0)
    bucket, given_out = Bucket(rate, burst, clock=clock), 0
    for n, wait in takes:
        clock.sleep(wait)
        given_out += n if bucket.take(n) == 0 else 0
        assert given_out <= burst + rate * clock.now_s + 1e-6


@given(st.floats(0.1, 1000), st.integers(1, 50), st.data())
def test_who_waits_as_told_is_served(rate: float, burst: int, data: st.DataObject):
    clock = Clock(0)
    bucket = Bucket(rate, burst, clock=clock)
    for _ in range(10):
        n = data.draw(st.integers(1, burst))
        wait = bucket.take(n)
        if wait:
            clock.sleep(wait)
            assert bucket.take(n) == 0
