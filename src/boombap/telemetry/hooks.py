"""The callbacks of `resilience` and `batch` as metrics: breakers that open, retries by reason, depths of queues."""

from __future__ import annotations

from boombap.errors import Conflict, Disconnected, TimedOut, Unavailable, Unreachable
from boombap.resilience.breaker import State
from boombap.telemetry.catalogue import BREAKER_OPEN, BREAKER_OPENED, QUEUE_PEAK, RETRIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.errors import BoombapError
    from boombap.resilience.retry import Retry
    from boombap.telemetry.instruments import Meter

# Counted with 0 from the start: a series that comes with its first retry has no rate before.
_TRANSIENT = (Unreachable, TimedOut, Disconnected, Unavailable, Conflict)


def on_change(meter: Meter, breaker: str) -> Callable[[State, State], None]:
    """Return the callback of a circuit breaker; one that never opens is closed on the page.

    Args:
        breaker: its name, a label.
    """
    meter.set(BREAKER_OPEN, 0, breaker=breaker)
    meter.add(BREAKER_OPENED, 0, breaker=breaker)

    def change(_: State, after: State) -> None:
        meter.set(BREAKER_OPEN, after is not State.CLOSED, breaker=breaker)
        if after is State.OPEN:
            meter.add(BREAKER_OPENED, breaker=breaker)

    return change


def on_retry(meter: Meter, operation: str) -> Callable[[Retry], None]:
    """Return the callback of `resilience.retry`.

    Args:
        operation: what is tried again, a label.
    """
    count = retry_counter(meter, operation)
    return lambda retry: count(retry.error)


def retry_counter(meter: Meter, operation: str) -> Callable[[BoombapError], None]:
    """Return what counts a retry after an error, for loops that keep many requests in flight."""
    for kind in _TRANSIENT:
        meter.add(RETRIES, 0, operation=operation, reason=kind.__name__)

    def count(error: BoombapError) -> None:
        kind = next((kind for kind in _TRANSIENT if isinstance(error, kind)), type(error))
        meter.add(RETRIES, operation=operation, reason=kind.__name__)

    return count


def on_depth(meter: Meter, queue: str) -> Callable[[int], None]:
    """Return the callback of a queue: it keeps the highest depth of the run.

    Args:
        queue: its name, a label.
    """
    peak = 0
    meter.set(QUEUE_PEAK, peak, queue=queue)

    def change(depth: int) -> None:
        # With the lock of the queue held: almost every call ends at this comparison.
        nonlocal peak
        if depth > peak:
            peak = depth
            meter.set(QUEUE_PEAK, peak, queue=queue)

    return change
