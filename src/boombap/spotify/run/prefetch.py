"""Brings wanted tracks to the pipeline: a thread reads the source and looks into the cache, chunk by chunk."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from boombap import log
from boombap.batch.queue import Closed, Queue
from boombap.errors import ExternalError, TimedOut
from boombap.spotify.model import Mode
from boombap.spotify.scheduling.scheduler import PROBE_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from boombap.spotify.model import Match, TrackQuery
    from boombap.spotify.run.source import Source

    LookUp = Callable[[Sequence[TrackQuery]], tuple[list[Match], list[TrackQuery]]]

_CHUNKS = 1
_ALIVE_EVERY_S = 120.0


class Chunk(NamedTuple):
    """A part of the source.

    Attributes:
        hits: the verdicts that were known.
        misses: what must be asked for.
    """

    hits: list[Match]
    misses: list[TrackQuery]


class Prefetcher:
    """Reads ahead of the pipeline, no more than two chunks, and one until the mode of the app is known.

    Args:
        source: read to the end in a thread of this object; it must not touch what other threads use.
        look_ups: each gives the verdicts that it knows, and the tracks for the next one; the first is the fastest.
        on_depth: called with the number of chunks that wait.
    """

    def __init__(
        self, source: Source, look_ups: Sequence[LookUp], *, on_depth: Callable[[int], None] | None = None
    ) -> None:
        self._source = source
        self._look_ups = look_ups
        self._mode: Mode | None = None
        self._has_mode = threading.Event()
        self._ended = threading.Event()
        self._queue: Queue[Chunk] = Queue(_CHUNKS, on_depth=on_depth)
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
        self._has_mode.set()
        self._queue.drain()
        self._thread.join()

    def learn(self, mode: Mode) -> None:
        """Say how the app may ask; the order of what is read from now on depends on it."""
        self._mode = mode
        self._has_mode.set()

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
                for chunk in self._ordered():
                    self._put(chunk)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that owns the prefetcher
            self._error = error
        finally:
            self._queue.close()
            self._stay()

    def _ordered(self) -> Iterator[Chunk]:
        """Yield the chunks: in the order of the source until the mode is known, then in the order that suits it."""
        rest = self._source.chunks
        while not self._has_mode.is_set() and (given := next(rest, None)):
            chunk = self._look_up(given)
            yield chunk
            if len(chunk.misses) >= PROBE_FROM:
                self._wait_for_mode()
        if self._mode is Mode.DEVELOPMENT:
            rest = self._source.by_artist(rest)
        for given in rest:
            yield self._look_up(given)

    def _look_up(self, misses: list[TrackQuery]) -> Chunk:
        hits: list[Match] = []
        for look_up in self._look_ups:
            known, misses = look_up(misses)
            hits += known
        return Chunk(hits, misses)

    def _wait_for_mode(self) -> None:
        while not self._has_mode.wait(_ALIVE_EVERY_S):
            self._source.keep_alive()

    def _put(self, chunk: Chunk) -> None:
        while True:
            try:
                return self._queue.put(chunk, timeout_s=_ALIVE_EVERY_S)
            except TimedOut:
                self._source.keep_alive()

    def _stay(self) -> None:
        """Keep what was taken ours until the run has ended."""
        while self._error is None and not self._ended.wait(_ALIVE_EVERY_S):
            try:
                self._source.keep_alive()
            except ExternalError as error:
                log.logger(__name__).warning("the leases cannot be renewed: %s", error)
                return
