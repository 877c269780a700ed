"""Collects items until there are enough of them, or the first one has waited long enough."""

from __future__ import annotations

import time
from typing import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Flush(Generic[T]):
    """A batch that grows; use it from one thread.

    Args:
        size: items at which a batch is full.
        age_s: how long the first item of a batch waits at most.
        clock: monotonic seconds.
    """

    def __init__(self, size: int, age_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.size = size
        self.age_s = age_s
        self._clock = clock
        self._items: list[T] = []
        self._since_s = 0.0

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: T) -> list[T]:
        """Add an item; return the batch when it is full, otherwise an empty list."""
        if not self._items:
            self._since_s = self._clock()
        self._items.append(item)
        return self.take() if len(self._items) >= self.size else []

    def due(self) -> list[T]:
        """Return the batch when its first item has waited long enough, otherwise an empty list."""
        return self.take() if self.wait_s() == 0 else []

    def wait_s(self) -> float | None:
        """Return the seconds until the batch is due, `age_s` at most; None while it is empty."""
        if not self._items:
            return None
        # Floating point: 1.2 + 1.0 - 1.2 is more than 1.0.
        return min(self.age_s, max(0.0, self._since_s + self.age_s - self._clock()))

    def take(self) -> list[T]:
        """Return the batch, full or not."""
        items, self._items = self._items, []
        return items
