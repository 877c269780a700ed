"""Whether and when to retry: within a number of attempts and a deadline, and only after transient errors.

`wait_s` is the decision alone, for loops that keep many requests in flight; `retry` runs one piece of work with it.
"""

from __future__ import annotations

import random
import time

from boombap.errors import BoombapError
from boombap.record import Record
from boombap.resilience.backoff import Backoff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from boombap.resilience.backoff import Random

    T = TypeVar("T")


class Policy(Record):
    """How long to keep trying.

    Attributes:
        attempts: maximum number of calls, the first one included.
        deadline_s: from the first call to the end of the last wait.
        backoff: the waits between the calls.
    """

    attempts: int = 5
    deadline_s: float = 30.0
    backoff: Backoff = Backoff()


class Retry(Record):
    """One retry, as it is passed to callbacks.

    Attributes:
        failures: calls that have failed so far.
        wait_s: until the next call.
        error: what the last call raised.
    """

    failures: int
    wait_s: float
    error: BoombapError


def wait_s(error: BoombapError, failures: int, spent_s: float, policy: Policy, random: Random) -> float | None:
    """Return the seconds to wait before the next attempt; None when the error must be raised.

    An error's `retry_after_s` is the minimum wait: the server that named it would refuse an earlier call. When it is
    after the deadline, waiting for it is the caller's decision.

    Args:
        failures: calls that have failed so far, this one included.
        spent_s: since the first call began.
    """
    if not error.transient or failures >= policy.attempts:
        return None
    minimum_s = getattr(error, "retry_after_s", None) or 0.0
    delay_s = max(minimum_s, policy.backoff.delay_s(failures, random))
    return delay_s if spent_s + delay_s <= policy.deadline_s else None


def retry(
    work: Callable[[], T],
    policy: Policy,
    *,
    sleep: Callable[[float], None],
    on_retry: Callable[[Retry], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    random: Random = random.random,
) -> T:
    """Return the result of `work`, calling it again as long as the policy allows.

    Args:
        sleep: waits, and ends early by raising; `Interrupt.sleep` is one.
        on_retry: callback for every retry, before the wait.

    Raises:
        BoombapError: the last error of `work`.
    """
    started_s, failures = clock(), 0
    while True:
        try:
            return work()
        except BoombapError as error:
            failures += 1
            delay_s = wait_s(error, failures, clock() - started_s, policy, random)
            if delay_s is None:
                raise
            if on_retry:
                on_retry(Retry(failures, delay_s, error))
        sleep(delay_s)
