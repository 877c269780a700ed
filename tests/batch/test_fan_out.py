"""Jobs on a few threads: all of them are done, or the caller gets the first error."""

from __future__ import annotations

import threading

import pytest

from boombap.batch.fan_out import fan_out
from boombap.errors import Interrupted, Unreachable
from boombap.interrupt import Interrupt

AT_ONCE = 8


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_every_job_is_done_once(count: int):
    done: list[int] = []
    jobs = [lambda number=number: done.append(number) or number for number in range(count)]
    assert fan_out(jobs, AT_ONCE) == sorted(done) == list(range(count))


@pytest.mark.parametrize("error", [Unreachable("gone"), IndexError("a bug"), KeyError("a bug"), SystemExit(1)])
@pytest.mark.parametrize("others", [0, 1, 20])
def test_no_error_of_a_job_is_swallowed(error: BaseException, others: int):
    """A purge that broke off must not look finished: its journal would be thrown away."""

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        fan_out([fail, *[lambda: None] * others], AT_ONCE)
    assert caught.value is error


def test_jobs_that_have_not_begun_are_left_after_an_error():
    failed, started = threading.Event(), []

    def fail() -> None:
        failed.set()
        raise Unreachable("gone")

    def work() -> None:
        started.append(1)
        failed.wait(5)

    with pytest.raises(Unreachable):
        fan_out([*[work] * (AT_ONCE - 1), fail, *[work] * 1000], AT_ONCE)
    assert len(started) < 1000


def test_an_interrupt_is_told_though_every_job_came_back():
    interrupt = Interrupt()
    with pytest.raises(Interrupted):
        fan_out([lambda: interrupt.set(15), lambda: None], AT_ONCE, interrupt=interrupt)
