"""A bounded queue between threads: urgent items first, back-pressure when full, a close that wakes all who wait."""

from __future__ import annotations

import heapq
import threading
import time
from itertools import count
from typing import Generic, TypeVar

from boombap.errors import TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class Closed(Exception):
    """The queue takes no more items, or has been emptied after it was closed."""


class Queue(Generic[T]):
    """Items by priority, the lowest number first, and in order of arrival within one.

    Args:
        size: maximum number of items; `put` waits while it is full.
        on_depth: callback with the number of items after each change; it runs with the lock held, so it must be quick.
    """

    def __init__(self, size: int, *, on_depth: Callable[[int], None] | None = None) -> None:
        self.size = size
        self._on_depth = on_depth or (lambda _: None)
        self._items: list[tuple[int, int, T]] = []
        self._arrivals = count()
        self._is_closed = False
        lock = threading.Lock()
        self._has_room = threading.Condition(lock)
        self._has_items = threading.Condition(lock)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        """Yield items as they come, until the queue is closed and empty."""
        while True:
            try:
                yield self.get()
            except Closed:
                return

    @property
    def is_closed(self) -> bool:
        """Tell whether it takes no more items."""
        return self._is_closed

    def put(self, item: T, *, priority: int = 0, timeout_s: float | None = None) -> None:
        """Add an item, waiting while the queue is full.

        Raises:
            TimedOut: when the queue stays full.
            Closed: when the queue is closed, also while waiting.
        """
        with self._has_room:
            has_room = self._wait(self._has_room, lambda: len(self._items) < self.size, timeout_s)
            if self._is_closed:
                raise Closed
            if not has_room:
                raise TimedOut(f"a queue of {self.size} items stayed full for {timeout_s:g} s")
            heapq.heappush(self._items, (priority, next(self._arrivals), item))
            self._on_depth(len(self._items))
            self._has_items.notify()

    def get(self, *, timeout_s: float | None = None) -> T:
        """Take the most urgent item, waiting for one.

        Raises:
            TimedOut: when none came in time.
            Closed: when the queue is closed and empty.
        """
        with self._has_items:
            if not self._wait(self._has_items, lambda: bool(self._items), timeout_s):
                if self._is_closed:
                    raise Closed
                raise TimedOut(f"nothing came into a queue within {timeout_s:g} s")
            item = heapq.heappop(self._items)[2]
            self._on_depth(len(self._items))
            self._has_room.notify()
            return item

    def close(self) -> None:
        """Take no more items; those inside can still be taken. Wakes all waiting threads."""
        with self._has_items:
            self._is_closed = True
            self._has_items.notify_all()
            self._has_room.notify_all()

    def drain(self) -> list[T]:
        """Close the queue and return what is left in it, the most urgent first."""
        self.close()
        with self._has_items:
            left, self._items = sorted(self._items, key=lambda entry: entry[:2]), []
            self._on_depth(0)
        return [item for _, _, item in left]

    def _wait(self, condition: threading.Condition, is_met: Callable[[], bool], timeout_s: float | None) -> bool:
        """Wait until the condition holds or the queue is closed; tell whether it holds."""
        end_s = None if timeout_s is None else time.monotonic() + timeout_s
        while not is_met() and not self._is_closed:
            left_s = None if end_s is None else end_s - time.monotonic()
            if left_s is not None and left_s <= 0:
                break
            condition.wait(left_s)
        return is_met()
