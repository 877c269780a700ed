"""Brings wanted tracks to the pipeline: a thread reads the source and looks into the cache, chunk by chunk."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from boombap import log
from boombap.batch.queue import Closed, Queue
from boombap.errors import ExternalError, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType
    from typing import Self

    from boombap.spotify.model import Match, TrackQuery

    LookUp = Callable[[Sequence[TrackQuery]], tuple[list[Match], list[TrackQuery]]]

_CHUNKS = 2
_ALIVE_EVERY_S = 120.0


class Chunk(NamedTuple):
    """A part of the source.

    Attributes:
        hits: the verdicts that the cache answered.
        misses: what must be asked for.
    """

    hits: list[Match]
    misses: list[TrackQuery]


class Prefetcher:
    """Reads ahead of the pipeline, no more than two chunks.

    Args:
        chunks: read to the end in a thread of this object; it must not touch what other threads use.
        look_up: gives what the cache knows and what it does not; it never raises.
        keep_alive: called in the same thread every two minutes, as long as the run lasts.
    """

    def __init__(
        self, chunks: Iterable[list[TrackQuery]], look_up: LookUp, keep_alive: Callable[[], object] | None = None
    ) -> None:
        self._chunks = chunks
        self._look_up = look_up
        self._keep_alive = keep_alive or (lambda: None)
        self._ended = threading.Event()
        self._queue: Queue[Chunk] = Queue(_CHUNKS)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="prefetch", daemon=True)
        self.is_over = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._queue.drain()
        self._thread.join()

    def get(self, timeout_s: float) -> Chunk | None:
        """Return the next chunk, None when none came in time or none will come (`is_over`).

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
                    self._put(Chunk(*self._look_up(chunk)))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that owns the prefetcher
            self._error = error
        finally:
            self._queue.close()
            self._stay()

    def _put(self, chunk: Chunk) -> None:
        while True:
            try:
                return self._queue.put(chunk, timeout_s=_ALIVE_EVERY_S)
            except TimedOut:
                self._keep_alive()

    def _stay(self) -> None:
        """Keep what was taken ours until the run has ended."""
        while self._error is None and not self._ended.wait(_ALIVE_EVERY_S):
            try:
                self._keep_alive()
            except ExternalError as error:
                log.logger(__name__).warning("the leases cannot be renewed: %s", error)
                return
