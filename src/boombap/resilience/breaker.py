"""A circuit breaker: after enough failures in a row it opens and rejects calls, then a few trial calls decide.

Source: M. Nygard, "Release It!", chapter "Circuit Breaker".
"""

from __future__ import annotations

import threading
import time
from enum import StrEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    OnChange = Callable[["State", "State"], None]
    """Takes the state before and after."""


class State(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Counts failures in a row; threads may share it.

    Ask `allow` before each call, and call `succeed`, `fail` or `cancel` after it.

    Args:
        threshold: failures in a row that open it.
        recovery_s: how long it stays open.
        trials: calls that may run at once while half-open; this many must succeed to close it.
        on_change: callback with the state before and after; it runs outside the lock.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        threshold: int = 5,
        recovery_s: float = 10.0,
        trials: int = 1,
        on_change: OnChange | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._recovery_s = recovery_s
        self._trials = trials
        self._on_change = on_change
        self._clock = clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._failures = 0
        self._opened_at_s = 0.0
        self._under_way = 0
        self._successes = 0

    @property
    def state(self) -> State:
        """Return the state now; an open breaker whose recovery time is over counts as half-open."""
        with self._lock:
            is_over = self._state is State.OPEN and self._left_s() <= 0
            return State.HALF_OPEN if is_over else self._state

    @property
    def wait_s(self) -> float:
        """Return the seconds until a call may pass again, 0 when one may try now."""
        with self._lock:
            return max(0.0, self._left_s()) if self._state is State.OPEN else 0.0

    def allow(self) -> bool:
        """Tell whether a call may pass, and count it when it may."""
        with self._lock:
            before = self._state
            if self._state is State.OPEN and self._left_s() <= 0:
                self._enter(State.HALF_OPEN)
            after = self._state
            is_admitted = after is State.CLOSED or (after is State.HALF_OPEN and self._under_way < self._trials)
            self._under_way += is_admitted and after is State.HALF_OPEN
        self._tell(before, after)
        return is_admitted

    def succeed(self) -> None:
        """Record a call that succeeded."""
        with self._lock:
            before = self._state
            self._failures = 0
            if before is State.HALF_OPEN:
                self._under_way = max(0, self._under_way - 1)
                self._successes += 1
                if self._successes >= self._trials:
                    self._enter(State.CLOSED)
            after = self._state
        self._tell(before, after)

    def fail(self) -> None:
        """Record a call that failed; one failed trial call opens the breaker again."""
        with self._lock:
            before = self._state
            self._failures += 1
            if before is State.HALF_OPEN or (before is State.CLOSED and self._failures >= self._threshold):
                self._enter(State.OPEN)
            after = self._state
        self._tell(before, after)

    def cancel(self) -> None:
        """Record a call that ended without a verdict, for example because the run was interrupted.

        Not for a call that was admitted while closed and ends when half-open: it would release another call's trial.
        """
        with self._lock:
            self._under_way = max(0, self._under_way - 1)

    def _left_s(self) -> float:
        return self._opened_at_s + self._recovery_s - self._clock()

    def _enter(self, state: State) -> None:
        self._state = state
        self._failures = self._under_way = self._successes = 0
        self._opened_at_s = self._clock()

    def _tell(self, before: State, after: State) -> None:
        if self._on_change and before is not after:
            self._on_change(before, after)
