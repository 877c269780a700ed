from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from boombap.batch.workers import Workers
from boombap.errors import Interrupted, Unreachable
from boombap.interrupt import Interrupt
from databases import until

if TYPE_CHECKING:
    from collections.abc import Callable


def run(workers: Workers[int], items: int, *, then: Callable[[], object] = lambda: None) -> None:
    with workers:
        for item in range(items):
            workers.put(item)
        then()


def test_leaving_the_block_works_everything_off():
    done: list[int] = []
    with Workers(3, done.append, Interrupt(), size=2) as workers:
        for item in range(50):
            workers.put(item)
    assert sorted(done) == list(range(50))


def test_the_first_error_is_raised_and_ends_the_work():
    done: list[int] = []

    def work(item: int) -> None:
        if item == 3:
            raise Unreachable("the third")
        done.append(item)

    with pytest.raises(Unreachable, match="third"):
        run(Workers(1, work, Interrupt(), size=1), 1000)
    assert done == [0, 1, 2]


def test_an_error_after_the_last_put_is_raised_too():
    def work(_: int) -> None:
        raise Unreachable("late")

    with pytest.raises(Unreachable):
        run(Workers(1, work, Interrupt(), size=5), 1)


def test_an_error_in_the_block_leaves_what_waits():
    started, go_on, done = threading.Event(), threading.Event(), []

    def work(item: int) -> None:
        started.set()
        go_on.wait(5)
        done.append(item)

    def fail() -> None:
        started.wait(5)
        threading.Timer(0.01, go_on.set).start()
        raise KeyError("bug")

    with pytest.raises(KeyError):
        run(Workers(1, work, Interrupt(), size=5), 3, then=fail)
    assert done == [0]


def test_an_interrupt_ends_the_work():
    interrupt, done = Interrupt(), []

    def work(item: int) -> None:
        done.append(item)
        interrupt.set(15)

    with pytest.raises(Interrupted):
        run(Workers(1, work, interrupt, size=100), 100, then=lambda: until(lambda: done))
    assert done == [0]


def test_callbacks_hear_of_every_item():
    heard: list[int] = []
    with Workers(1, lambda _: None, Interrupt(), size=5, on_done=heard.append) as workers:
        for item in range(4):
            workers.put(item)
    assert len(heard) == 4
    assert heard[-1] == 0


def test_urgent_items_overtake():
    go_on, done = threading.Event(), []

    def work(item: str) -> None:
        go_on.wait(5)
        done.append(item)

    with Workers(1, work, Interrupt(), size=5) as workers:
        workers.put("first")
        until(lambda: len(workers.queue) == 0)
        workers.put("backfill", priority=2)
        workers.put("asked", priority=0)
        go_on.set()
    assert done == ["first", "asked", "backfill"]


def test_of_two_workers_that_raise_the_first_is_heard():
    """The first error is the cause; what fails after it often only follows from it."""
    both_work, first_failed = threading.Barrier(2), threading.Event()

    def work(item: int) -> None:
        both_work.wait(5)
        if item:
            first_failed.wait(5)
            raise Unreachable("the second")
        raise KeyError("the first")

    with pytest.raises(KeyError, match="the first"):
        run(workers := Workers(2, work, Interrupt(), size=2), 2, then=lambda: _failed(workers, first_failed))


def _failed(workers: Workers[int], first_failed: threading.Event) -> None:
    until(lambda: workers.queue.is_closed)
    first_failed.set()


def test_the_other_workers_stop_after_an_error():
    """Only what they hold is finished: what waits in the queue is left undone."""
    fails, others_go_on, done = threading.Event(), threading.Event(), []

    def work(item: int) -> None:
        if item == 0:
            fails.wait(5)
            raise Unreachable("the first")
        others_go_on.wait(5)
        done.append(item)

    workers = Workers(2, work, Interrupt(), size=10)

    def fail() -> None:
        until(lambda: len(workers.queue) == 4)
        fails.set()
        until(lambda: workers.queue.is_closed)
        others_go_on.set()

    with pytest.raises(Unreachable):
        run(workers, 6, then=fail)
    assert done == [1]


def test_a_worker_that_has_failed_takes_nothing_more():
    tried: list[int] = []

    def work(item: int) -> None:
        tried.append(item)
        raise Unreachable(f"item {item}")

    with pytest.raises(Unreachable, match="item 0"):
        run(Workers(1, work, Interrupt(), size=10), 8)
    assert tried == [0]


@pytest.mark.timeout(10)
def test_a_callback_that_fails_ends_the_work_too():
    """Its error would otherwise be printed by a thread that nobody joins, while `put` waits for ever."""

    def on_done(_: int) -> None:
        raise KeyError("the callback")

    with pytest.raises(KeyError, match="the callback"):
        run(Workers(1, lambda _: None, Interrupt(), size=1, on_done=on_done), 100)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_no_kind_of_error_is_swallowed(error: type[BaseException]):
    def work(_: int) -> None:
        raise error

    with pytest.raises(error):
        run(Workers(3, work, Interrupt(), size=1), 100)
