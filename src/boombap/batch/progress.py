"""How far a run has come: its rate over the last seconds, when it will end, and how a person sees that.

A bar where stderr is a terminal, a line every ten seconds elsewhere, nothing when the run is quiet.
"""

from __future__ import annotations

import sys
import time
from collections import deque

from boombap.record import Record
from boombap.units import format_duration, format_rate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Protocol, Self, TextIO

    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    class View(Protocol):
        """Shows how far the run has come."""

        def show(self, at: Position) -> None:
            """Show a position."""

        def close(self) -> None:
            """Leave the screen in order."""


_WINDOW_S = 10.0
_STEP_S = 0.25
_LINE_EVERY_S = 10.0
_BAR_EVERY_S = 0.2


class Position(Record):
    """Where the run stands.

    Attributes:
        done: items that are finished.
        total: all items; None when nobody knows.
        rate_per_s: over the window.
        left_s: until the end at this rate; None when that cannot be said.
        note: what the tool adds, for example the hit ratio.
    """

    done: int
    total: int | None
    rate_per_s: float
    left_s: float | None
    note: str = ""


class Rate:
    """Counts over a sliding window, so that a pause or a warm cache at the start does not colour the figure for long.

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
        """Return the items a second over the window, 0 before any time has passed."""
        now_s = self._clock()
        self._forget(now_s)
        begun_s, before = self._marks[0]
        return (self._count - before) / (now_s - begun_s) if now_s > begun_s else 0.0

    def _forget(self, now_s: float) -> None:
        # The last mark before the window stays: from it on the count is known.
        while len(self._marks) > 1 and self._marks[1][0] <= now_s - self._window_s:
            self._marks.popleft()


class Progress:
    """Follows one run and shows it; use it from one thread.

    Args:
        total: all items; None when nobody knows.
        stream: where it is shown, stderr when not given.
        quiet: show nothing.
        note: gives what the tool adds to each position.
    """

    def __init__(
        self,
        what: str,
        total: int | None,
        *,
        stream: TextIO | None = None,
        quiet: bool = False,
        note: Callable[[], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.done = 0
        self.total = total
        self._note = note or (lambda: "")
        self._clock = clock
        self._rate = Rate(clock=clock)
        self._view, self._every_s = _view(what, total, stream or sys.stderr, quiet=quiet)
        self._shown_at_s = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._view:
            self._view.close()

    def advance(self, n: int = 1) -> None:
        """Count `n` items as done, and show it when it is time."""
        self.done += n
        self._rate.add(n)
        self.refresh()

    def refresh(self) -> None:
        """Show the position when it is time; call it while nothing advances, too."""
        now_s = self._clock()
        if self._view and now_s - self._shown_at_s >= self._every_s:
            self._shown_at_s = now_s
            self._view.show(self.position())

    def position(self) -> Position:
        """Return where the run stands."""
        rate = self._rate.per_s()
        left = None if self.total is None else max(0, self.total - self.done)
        left_s = 0.0 if left == 0 else left / rate if left and rate > 0 else None
        return Position(self.done, self.total, rate, left_s, self._note())


def line(what: str, at: Position) -> str:
    """Return a position as one line.

    >>> line("tracks", Position(1200, 57718, 400.0, 141.3, "hits 12 %"))
    'tracks: 1,200 of 57,718 (2 %), 400.0/s, 2 min 21 s left, hits 12 %'
    """
    share = f" of {at.total:,} ({100 * at.done / at.total:.0f} %)" if at.total else ""
    left = f"{format_duration(at.left_s)} left" if at.left_s else ""
    return ", ".join(
        part for part in (f"{what}: {at.done:,}{share}", format_rate(at.rate_per_s), left, at.note) if part
    )


def _view(what: str, total: int | None, stream: TextIO, *, quiet: bool) -> tuple[View | None, float]:
    if quiet:
        return None, 0.0
    return (_Bar(what, total, stream), _BAR_EVERY_S) if stream.isatty() else (_Lines(what, stream), _LINE_EVERY_S)


class _Lines:
    """One line at a time, for logs and pipes."""

    def __init__(self, what: str, stream: TextIO) -> None:
        self._what = what
        self._stream = stream

    def show(self, at: Position) -> None:
        self._stream.write(line(self._what, at) + "\n")
        self._stream.flush()

    def close(self) -> None:
        # The report that follows says the last position.
        return


class _Bar:
    """A bar that stays in its line; rich is imported here only (50 ms, 8 MB)."""

    def __init__(self, what: str, total: int | None, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Rich

        # Without rich's own thread: the run shows its position when it has one.
        self._rich: RichProgress = Rich(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[text]}"),
            console=Console(file=stream),
            auto_refresh=False,
            transient=True,
        )
        self._what = what
        self._task: TaskID = self._rich.add_task(what, total=total, text="")
        self._rich.start()

    def show(self, at: Position) -> None:
        text = line("", at).removeprefix(": ")
        self._rich.update(self._task, completed=at.done, text=text, refresh=True)

    def close(self) -> None:
        self._rich.stop()
