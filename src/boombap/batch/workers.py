"""Threads that take items from a queue until it is drained; the first error ends the work and is raised."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Generic, TypeVar

from boombap.batch.queue import Closed, Queue
from boombap.errors import TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from boombap.interrupt import Interrupt

T = TypeVar("T")
_LOOK_S = 0.05


class Workers(Generic[T]):
    """Calls `work` with each item put in, from several threads.

    Leaving the block waits until all items are processed, unless the block or a worker raised, or the run was
    interrupted; then the items that wait in the queue are dropped.

    Args:
        count: threads.
        work: processes one item; an exception of it or `on_done` ends all threads after their current items.
        interrupt: checked between items.
        size: maximum number of waiting items; `put` waits while it is reached.
        on_done: callback after each item, with the number of waiting items.
        on_depth: callback of the queue, see `Queue`.
    """

    def __init__(
        self,
        count: int,
        work: Callable[[T], None],
        interrupt: Interrupt,
        *,
        size: int,
        name: str = "worker",
        on_done: Callable[[int], None] | None = None,
        on_depth: Callable[[int], None] | None = None,
    ) -> None:
        self.queue: Queue[T] = Queue(size, on_depth=on_depth)
        self._work = work
        self._interrupt = interrupt
        self._on_done = on_done or (lambda _: None)
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, name=f"{name}-{n}", daemon=True) for n in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.queue.close()
        else:
            self.queue.drain()
        for thread in self._threads:
            thread.join()
        if error is None:
            self.check()
            self._interrupt.check()

    def put(self, item: T, *, priority: int = 0) -> None:
        """Hand an item over, waiting while the queue is full.

        Raises:
            Interrupted: when the run was ended.
            Exception: what a worker raised.
        """
        while True:
            self._interrupt.check()
            self.check()
            with suppress(TimedOut):
                try:
                    return self.queue.put(item, priority=priority, timeout_s=_LOOK_S)
                except Closed:
                    self.check()
                    raise

    def check(self) -> None:
        """Raise what a worker raised first, if any did."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while not self._interrupt.is_set:
            try:
                item = self.queue.get(timeout_s=_LOOK_S)
            except TimedOut:
                continue
            except Closed:
                return
            try:
                self._work(item)
                self._on_done(len(self.queue))
            except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that owns the workers
                self._fail(error)
                return

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._error = self._error or error
        self.queue.drain()
