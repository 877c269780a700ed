"""Callbacks of breakers, retries and queues as metrics."""

from __future__ import annotations

import pytest

from boombap.batch.queue import Queue
from boombap.errors import BoombapError, Conflict, QueryFailed, TimedOut
from boombap.resilience.backoff import Backoff
from boombap.resilience.breaker import Breaker
from boombap.resilience.retry import Policy, retry
from boombap.telemetry import hooks
from boombap.telemetry.instruments import Meter, Value


def values(meter: Meter) -> dict[tuple[str, ...], Value]:
    return {(metric.name, *labels): value for metric, labels, value in meter}


def test_a_breaker_is_on_the_page_from_its_start_to_its_last_state() -> None:
    meter, now = Meter(), [0.0]
    breaker = Breaker(threshold=2, recovery_s=1.0, on_change=hooks.on_change(meter, "x"), clock=lambda: now[0])
    seen = []
    for step in (lambda: None, breaker.fail, breaker.fail):
        step()
        seen.append((values(meter)["boombap_breaker_open", "x"], values(meter)["boombap_breaker_opened_total", "x"]))
    assert seen == [(0, 0), (0, 0), (1, 1)]
    now[0] = 2.0
    assert breaker.allow()
    assert values(meter)["boombap_breaker_open", "x"] == 1, "half open is not closed"
    breaker.succeed()
    assert values(meter)["boombap_breaker_open", "x"] == 0
    assert values(meter)["boombap_breaker_opened_total", "x"] == 1


class Deadlock(Conflict):
    """A kind of conflict."""


@pytest.mark.parametrize(
    ("error", "reason"),
    [(TimedOut("late"), "TimedOut"), (Deadlock("d"), "Conflict"), (QueryFailed("q"), "QueryFailed")],
)
def test_a_retry_is_counted_by_the_kind_of_its_error(error: BoombapError, reason: str) -> None:
    meter = Meter()
    count = hooks.retry_counter(meter, "write")
    before = values(meter)
    assert {value for name, value in before.items() if name[0] == "boombap_retries_total"} == {0.0}
    count(error)
    assert values(meter)["boombap_retries_total", "write", reason] == 1
    assert sum(v for v in values(meter).values() if isinstance(v, float)) == 1


def test_retries_of_the_kernel_are_counted() -> None:
    meter, failures = Meter(), [TimedOut("late"), TimedOut("late")]

    def work() -> str:
        if failures:
            raise failures.pop()
        return "done"

    policy = Policy(backoff=Backoff(base_s=0.0))
    assert retry(work, policy, sleep=lambda _: None, on_retry=hooks.on_retry(meter, "write")) == "done"
    assert values(meter)["boombap_retries_total", "write", "TimedOut"] == 2


def test_a_queue_keeps_its_highest_depth() -> None:
    meter = Meter()
    queue: Queue[int] = Queue(5, on_depth=hooks.on_depth(meter, "x"))
    assert values(meter)["boombap_queue_depth_max", "x"] == 0
    for number in range(3):
        queue.put(number)
    queue.get()
    queue.drain()
    assert values(meter)["boombap_queue_depth_max", "x"] == 3
