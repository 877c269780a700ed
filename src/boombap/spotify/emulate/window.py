"""How much a client has asked: the rolling window that limits it, the ban that follows, and the log of its requests.

The quota of a day is that of the developer account: all clients share it.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_BAN_S = 24 * 3600.0
_LOGGED = 100_000
_DAY_S = 24 * 3600.0


class Entry(NamedTuple):
    """A request that was answered; `at_s` is Unix time."""

    at_s: float
    path: str
    status: int


class Log:
    """The requests of one client.

    Attributes:
        entries: the last ones.
        count: of all.
        most_in_window: the most that fell into any window, whether they were let through or not.
    """

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=_LOGGED)
        self.count = 0
        self.most_in_window = 0
        self.arrivals: deque[float] = deque()
        self.admitted: deque[float] = deque()
        self.banned_until_s = 0.0
        self.ban_s = 0.0


class QuotaExceeded(Exception):
    """The account has used up its requests of the day."""


class EmulatedWindow:
    """The limits of every client.

    Args:
        limit: requests in any window; None for no limit.
        length_s: of the window.
        clock: Unix time.
        quota: requests of all clients on a day of UTC; None for no limit.
    """

    def __init__(
        self, limit: int | None, length_s: float, clock: Callable[[], float], quota: int | None = None
    ) -> None:
        self._limit = limit
        self._length_s = length_s
        self._quota = quota
        self._day = self._used = 0
        self._clock = clock
        self._logs: defaultdict[str, Log] = defaultdict(Log)
        self._lock = threading.Lock()

    def admit(self, client: str) -> int:
        """Count a request, and return 0 or the seconds after which the next one may come.

        Raises:
            QuotaExceeded: it would be one more than the account may ask on this day.
        """
        with self._lock:
            log, now_s = self._logs[client], self._clock()
            log.count += 1
            log.arrivals.append(now_s)
            _forget(log.arrivals, now_s - self._length_s)
            log.most_in_window = max(log.most_in_window, len(log.arrivals))
            if now_s < log.banned_until_s:
                # A client that keeps calling is banned for longer.
                self._ban(log, now_s, 2 * log.ban_s)
                return math.ceil(log.ban_s)
            _forget(log.admitted, now_s - self._length_s)
            if self._limit is not None and len(log.admitted) >= self._limit:
                return max(1, math.ceil(log.admitted[0] + self._length_s - now_s))
            self._use_quota(now_s)
            log.admitted.append(now_s)
            return 0

    def ban(self, client: str, ban_s: float) -> int:
        """Refuse every request of the client for that time, and return it in whole seconds."""
        with self._lock:
            log, now_s = self._logs[client], self._clock()
            self._ban(log, now_s, max(ban_s, 2 * log.ban_s) if now_s < log.banned_until_s else ban_s)
            return math.ceil(log.ban_s)

    def note(self, client: str, path: str, status: int) -> None:
        """Log a request with its answer."""
        with self._lock:
            self._logs[client].entries.append(Entry(self._clock(), path, status))

    def report(self) -> dict[str, dict[str, object]]:
        """Return the log of each client, as JSON can say it."""
        with self._lock:
            return {
                client: {
                    "requests": log.count,
                    "most_in_window": log.most_in_window,
                    "window_s": self._length_s,
                    "log": [entry._asdict() for entry in log.entries],
                }
                for client, log in self._logs.items()
            }

    def _use_quota(self, now_s: float) -> None:
        day = int(now_s // _DAY_S)
        if day != self._day:
            self._day, self._used = day, 0
        if self._quota is not None and self._used >= self._quota:
            raise QuotaExceeded
        self._used += 1

    def _ban(self, log: Log, now_s: float, ban_s: float) -> None:
        log.ban_s = min(ban_s, _LONGEST_BAN_S)
        log.banned_until_s = now_s + log.ban_s


def _forget(times: deque[float], until_s: float) -> None:
    while times and times[0] <= until_s:
        times.popleft()
