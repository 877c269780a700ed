"""Progress of a run: the rate over the last seconds, the time left, and its display.

A bar where stderr is a terminal, a line every ten seconds elsewhere, nothing when the run is quiet.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Lock

from boombap.record import Record
from boombap.units import format_duration, format_rate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Protocol, Self

    class Screen(Protocol):
        """Where progress is shown; `output.terminal.Terminal` is one."""

        quiet: bool

        @property
        def is_live(self) -> bool:
            """Tell whether a line can be replaced."""

        def progress(self, text: str) -> None:
            """Replace the line of progress; empty ends it."""

        def note(self, text: str) -> None:
            """Write a line."""


_WINDOW_S = 10.0
_STEP_S = 0.25
_LINE_EVERY_S = 10.0
_BAR_EVERY_S = 0.2
_BAR_COLUMNS = 20


class Position(Record):
    """How far a run has come.

    Attributes:
        done: items that are finished.
        total: all items; None when unknown.
        rate_per_s: over the window.
        left_s: until the end at this rate; None when unknown.
        note: what the tool adds, for example the hit ratio.
    """

    done: int
    total: int | None
    rate_per_s: float
    left_s: float | None
    note: str = ""


class Rate:
    """Counts over a sliding window, so that a pause or a warm cache at the start does not distort the rate for long.

    Args:
        window_s: how far back it looks.
        clock: monotonic seconds.
    """

    def __init__(self, window_s: float = _WINDOW_S, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_s = window_s
        self._clock = clock
        self._count = 0
        self._marks: deque[tuple[float, int]] = deque([(clock(), 0)])

    def add(self, n: int = 1) -> None:
        """Count `n` items as done now."""
        self._count += n
        now_s = self._clock()
        if now_s - self._marks[-1][0] >= _STEP_S:
            self._marks.append((now_s, self._count))
            self._forget(now_s)

    def per_s(self) -> float:
        """Return the items per second over the window, 0 before any time has passed."""
        now_s = self._clock()
        self._forget(now_s)
        mark_s, before = self._marks[0]
        return (self._count - before) / (now_s - mark_s) if now_s > mark_s else 0.0

    def _forget(self, now_s: float) -> None:
        # The last mark before the window stays: from it on the count is known.
        while len(self._marks) > 1 and self._marks[1][0] <= now_s - self._window_s:
            self._marks.popleft()


class Progress:
    """Follows one run and shows it; several threads may count.

    Args:
        what: the noun of what is counted.
        total: all items; None when unknown.
        screen: where it is shown.
        note: callback that returns what the tool adds to each position.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        what: str,
        total: int | None,
        screen: Screen,
        *,
        note: Callable[[], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._screen = screen
        self._note = note or (lambda: "")
        self._clock = clock
        self._lock = Lock()
        self._every_s = _BAR_EVERY_S if screen.is_live else _LINE_EVERY_S
        self.begin(what, total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._screen.progress("")

    def begin(self, what: str, total: int | None = None) -> None:
        """Count something else from now on, from 0."""
        self.what = what
        self.done = 0
        self.total = total
        self._rate = Rate(clock=self._clock)
        self._shown_at_s = self._clock()

    def advance(self, n: int = 1) -> None:
        """Count `n` items as done, and show it when it is time."""
        with self._lock:
            self._count(n)

    def reach(self, done: int, total: int | None = None) -> None:
        """Set how many items are done, where the work counts them itself; a lower number changes nothing."""
        with self._lock:
            self.total = total or self.total
            self._count(max(0, done - self.done))

    def refresh(self) -> None:
        """Show the position when it is time; call it while nothing advances, too."""
        with self._lock:
            self._count(0)

    def position(self) -> Position:
        """Return how far the run has come."""
        rate = self._rate.per_s()
        left = None if self.total is None else max(0, self.total - self.done)
        left_s = 0.0 if left == 0 else left / rate if left and rate > 0 else None
        return Position(self.done, self.total, rate, left_s, self._note())

    def _count(self, n: int) -> None:
        self.done += n
        self._rate.add(n)
        now_s = self._clock()
        if not self._screen.quiet and now_s - self._shown_at_s >= self._every_s:
            self._shown_at_s = now_s
            text = line(self.what, self.position())
            if self._screen.is_live:
                self._screen.progress(f"{bar(self.done, self.total)}{text}")
            else:
                self._screen.note(text)


def line(what: str, position: Position) -> str:
    """Return a position as one line.

    >>> line("tracks", Position(1200, 57718, 400.0, 141.3, "hits 12 %"))
    'tracks: 1,200 of 57,718 (2 %), 400.0/s, 2 min 21 s left, hits 12 %'
    """
    share = f" of {position.total:,} ({100 * position.done / position.total:.0f} %)" if position.total else ""
    left = f"{format_duration(position.left_s)} left" if position.left_s else ""
    return ", ".join(
        part
        for part in (f"{what}: {position.done:,}{share}", format_rate(position.rate_per_s), left, position.note)
        if part
    )


def bar(done: int, total: int | None) -> str:
    """Return a bar and a space; empty when the total is unknown.

    >>> bar(5, 10)
    '━━━━━━━━━━           '
    """
    if not total:
        return ""
    full = round(_BAR_COLUMNS * min(1, done / total))
    return "━" * full + " " * (_BAR_COLUMNS - full) + " "
