"""Whether the run has been asked to end, and the callbacks that end its waits.

`cli/run` creates one `Interrupt` per run and sets it on SIGINT or SIGTERM. Work looks at `is_set` between steps;
a client that waits inside C (a PostgreSQL query) registers a function that ends the wait from another thread.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager

from boombap.errors import Interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


GRACE_S = 0.6
"""How long a run may take to return after the signal, unless it asks for longer; then the process exits."""


class Interrupt:
    """One flag for one run, and the callbacks that end waits inside C code.

    Attributes:
        signum: the signal that ended the run, 0 while none has come.
        grace_s: how long the run may take to return after the signal; work that drains asks for more.
    """

    def __init__(self) -> None:
        self.signum = 0
        self.grace_s = GRACE_S
        self._event = threading.Event()
        self._cancels: set[Callable[[], None]] = set()
        self._lock = threading.Lock()

    @property
    def is_set(self) -> bool:
        """Tell whether the run has been asked to end."""
        return self._event.is_set()

    def set(self, signum: int) -> None:
        """Record the first signal; never from a signal handler, because the event has a lock."""
        self.signum = self.signum or signum
        self._event.set()

    def check(self) -> None:
        """Raise `Interrupted` when the run has been asked to end."""
        if self.is_set:
            raise Interrupted(self.signum)

    def sleep(self, seconds: float) -> None:
        """Wait, at most until the run is asked to end.

        Raises:
            Interrupted: when it was.
        """
        self._event.wait(seconds)
        self.check()

    def wait(self) -> None:
        """Wait until the run is asked to end."""
        self._event.wait()

    @contextmanager
    def cancel_with(self, end: Callable[[], None]) -> Iterator[None]:
        """Have `end` called when the run is interrupted while the block runs; it may be called more than once."""
        self.check()
        with self._lock:
            self._cancels.add(end)
        try:
            yield
        finally:
            with self._lock:
                self._cancels.discard(end)

    def end_waits(self) -> None:
        """Call every registered function once; the caller repeats this until the work has ended.

        Repeating closes the gap between a check of the flag and the statement that follows it: a cancel that
        arrives between the two finds nothing to cancel.
        """
        with self._lock:
            cancels = list(self._cancels)
        for end in cancels:
            end()
