"""How much to ask of a server at once: less, and after a rest, as soon as its answers take longer than before."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# 1M mixed keys on loopback: SCAN and MEMORY USAGE in 3.7 s with COUNT 1000 (longest batch on the server 9.5 ms), in
# 4.2 s with COUNT 200 (5.1 ms). No script in benchmarks/ repeats this.
SMALLEST = 50
LARGEST = 1000
_SLOW_FACTOR = 4.0
# Below this an answer is fast, whatever came before.
_FAST_S = 0.02
# A single slow answer below this is chance: on a busy machine the server itself waits for a processor now and then.
_CHANCE_S = 0.1
_LONGEST_REST_S = 2.0


class AdaptiveBatchSize:
    """The size of the next batch, from how long the last ones took.

    A batch that takes four times what the best ones took halves the next one, and is followed by a rest as long as
    itself, so that others have at least half of the server's time; one alone that took less than 100 ms does not count.
    Fast ones let the size grow again.

    Args:
        rest: waits; give `Interrupt.sleep`.

    Attributes:
        size: keys in the next batch.
        slowed: how often it had to slow down.
    """

    def __init__(self, rest: Callable[[float], None], *, size: int = LARGEST) -> None:
        self.size = size
        self.slowed = 0
        self._rest = rest
        self._best_s = float("inf")
        self._was_slow = False

    def record(self, seconds: float, items: int) -> None:
        """Take note of a batch, and rest when it was slow."""
        each_s = seconds / max(items, SMALLEST)
        self._best_s = min(self._best_s, each_s)
        is_slow = seconds > _FAST_S and each_s > _SLOW_FACTOR * self._best_s
        is_chance = not self._was_slow and seconds < _CHANCE_S
        self._was_slow = is_slow
        if is_slow and is_chance:
            return
        if is_slow:
            self.size = max(SMALLEST, self.size // 2)
            self.slowed += 1
            self._rest(min(seconds, _LONGEST_REST_S))
        else:
            self.size = min(LARGEST, self.size + SMALLEST)


class ServerTime:
    """How long a server takes to answer: not counted is what this thread does meanwhile, or waits for a processor.

    On a busy machine an answer may be there for long before this thread runs again: the server was not slow then.

    Args:
        clock: seconds that pass.
        busy: seconds that the calling thread has run so far, or was ready to run and had no processor.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter, busy: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._busy = busy or busy_s
        self._began = (0.0, 0.0)

    def start(self) -> None:
        """Begin to wait for an answer."""
        self._began = self._clock(), self._busy()

    def seconds(self) -> float:
        """Return the seconds since the start that the server took."""
        began_s, began_busy_s = self._began
        return max(0.0, self._clock() - began_s - (self._busy() - began_busy_s))


def busy_s(schedstat: str = "/proc/thread-self/schedstat") -> float:
    """Return how long this thread has run, and waited for a processor as far as the kernel tells.

    Args:
        schedstat: nanoseconds on a processor, nanoseconds ready without one, time slices.
    """
    try:
        descriptor = os.open(schedstat, os.O_RDONLY)
    except OSError:  # not Linux, or a kernel without it
        return time.thread_time()
    try:
        # The first number is as old as the last tick; the clock of the thread is exact.
        return time.thread_time() + int(os.read(descriptor, 100).split()[1]) / 1e9
    finally:
        os.close(descriptor)
