"""Brings wanted tracks to the pipeline: a thread reads the source and looks into the cache, chunk by chunk."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from boombap.batch.queue import Closed, Queue
from boombap.errors import TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType
    from typing import Self

    from boombap.spotify.model import Match, Wanted

    LookUp = Callable[[Sequence[Wanted]], tuple[list[Match], list[Wanted]]]

_CHUNKS = 2


class Chunk(NamedTuple):
    """A part of the source.

    Attributes:
        hits: the verdicts that the cache answered.
        misses: what must be asked for.
    """

    hits: list[Match]
    misses: list[Wanted]


class Feed:
    """Reads ahead of the pipeline, no more than two chunks.

    Args:
        chunks: read to the end in a thread of this object; it must not touch what other threads use.
        look_up: gives what the cache knows and what it does not; it never raises.
    """

    def __init__(self, chunks: Iterable[list[Wanted]], look_up: LookUp) -> None:
        self._chunks = chunks
        self._look_up = look_up
        self._queue: Queue[Chunk] = Queue(_CHUNKS)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.is_over = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._queue.drain()
        self._thread.join()

    def get(self, timeout_s: float) -> Chunk | None:
        """Give the next chunk, None when none came in time or none will come (`is_over`).

        Raises:
            BoombapError: what reading the source raised.
        """
        try:
            return self._queue.get(timeout_s=timeout_s)
        except TimedOut:
            return None
        except Closed:
            self.is_over = True
            if self._error is not None:
                raise self._error from None
            return None

    def _run(self) -> None:
        try:
            with suppress(Closed):
                for chunk in self._chunks:
                    self._queue.put(Chunk(*self._look_up(chunk)))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that owns the feed
            self._error = error
        finally:
            self._queue.close()
