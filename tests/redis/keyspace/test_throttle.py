"""The batch_size: slower as soon as the server's answers take longer, faster again when they do not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.redis.keyspace.throttle import LARGEST, SMALLEST, AdaptiveBatchSize, ServerTime, busy_s
from clocks import Clock

if TYPE_CHECKING:
    from pathlib import Path


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


def test_one_slow_answer_is_chance_and_two_are_not():
    rests: list[float] = []
    batch_size = AdaptiveBatchSize(rests.append)
    for seconds in (0.002, 0.05, 0.002, 0.05, 0.002):
        batch_size.record(seconds, 500)
    assert (batch_size.size, rests) == (LARGEST, [])
    for seconds in (0.05, 0.05):
        batch_size.record(seconds, 500)
    assert (batch_size.size, rests) == (LARGEST // 2, [0.05])


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


@pytest.mark.parametrize(("server_s", "waited_s", "is_slowed"), [(0.005, 0.3, False), (0.3, 0.005, True)])
def test_only_the_server_is_slow_not_this_process(server_s: float, waited_s: float, is_slowed: bool):
    clock, busy = Clock(), Clock()
    server_time = ServerTime(clock, busy)
    batch_size = AdaptiveBatchSize(lambda _: None)
    for _ in range(3):
        batch_size.record(0.005, 1000)
    server_time.start()
    clock.now_s += server_s + waited_s
    busy.now_s += waited_s  # ready to run, and another process has the processor
    batch_size.record(server_time.seconds(), 1000)
    assert (batch_size.slowed > 0) is is_slowed


def test_clocks_that_disagree_give_no_negative_time():
    clock, busy = Clock(), Clock()
    server_time = ServerTime(clock, busy)
    server_time.start()
    busy.now_s += 1
    assert server_time.seconds() == 0


def test_the_kernel_tells_how_long_this_thread_waited(tmp_path: Path):
    told = tmp_path / "schedstat"
    told.write_text("5 2000000000 7\n")
    own_s = time.thread_time()
    assert own_s + 2 <= busy_s(str(told)) < own_s + 3
    assert busy_s(str(tmp_path / "none")) >= own_s


def test_waiting_for_an_answer_is_the_servers_time():
    server_time = ServerTime()
    server_time.start()
    time.sleep(0.05)
    assert 0.02 < server_time.seconds() < 1
