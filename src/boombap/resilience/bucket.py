"""A token bucket: a rate of calls on average, and a burst of them at once after a pause."""

from __future__ import annotations

import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Tokens come as fractions of seconds; sums of them miss a whole number by rounding.
_ROUNDING = 1e-9


class Bucket:
    """Tokens that come at a rate and are kept up to a number; threads may share it.

    Args:
        rate_per_s: tokens that come in a second; 0 brings none.
        burst: maximum number that is kept; the bucket starts full.
        clock: monotonic seconds.
    """

    def __init__(self, rate_per_s: float, burst: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled_at_s = clock()
        self._lock = threading.Lock()

    @property
    def rate_per_s(self) -> float:
        """Return the tokens that come in a second."""
        return self._rate_per_s

    def set_rate(self, rate_per_s: float) -> None:
        """Change the rate from now on; tokens that have come so far stay."""
        with self._lock:
            self._fill()
            self._rate_per_s = rate_per_s

    def take(self, n: float = 1) -> float:
        """Take `n` tokens and return 0, or take none and return the seconds until they may be available.

        Never waits. More than the burst is never available: the result is infinite.
        """
        with self._lock:
            self._fill()
            missing = n - self._tokens
            if missing <= _ROUNDING:
                self._tokens = max(0.0, self._tokens - n)
                return 0.0
            if n > self._burst or self._rate_per_s <= 0:
                return float("inf")
            return missing / self._rate_per_s

    def give_back(self, n: float = 1) -> None:
        """Return tokens that were taken and not used."""
        with self._lock:
            self._tokens = min(self._burst, self._tokens + n)

    def empty(self) -> None:
        """Drop what is kept, so that a pause is not followed by a burst."""
        with self._lock:
            self._fill()
            self._tokens = 0.0

    def _fill(self) -> None:
        now_s = self._clock()
        self._tokens = min(self._burst, self._tokens + max(0.0, now_s - self._filled_at_s) * self._rate_per_s)
        self._filled_at_s = now_s
