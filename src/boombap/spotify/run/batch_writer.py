"""Where verdicts go: collected by size or age, written by two threads of its own, tried again when that may help.

The pipeline never waits for a write unless two batches wait already. An interrupt of the run does not reach the writer:
what was paid for with quota is written before the process ends.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from boombap import log
from boombap.batch.flush import Flush
from boombap.batch.workers import Workers
from boombap.errors import ExternalError
from boombap.interrupt import Interrupt
from boombap.resilience.backoff import Backoff
from boombap.resilience.retry import Policy, retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from boombap.resilience.retry import Retry
    from boombap.spotify.model import Match, Track

    Write = Callable[[Sequence[Match]], object]
    Keep = Callable[[Sequence[Track], Sequence[str], Sequence[Match]], object]

# A batch of 500 to 2,000 rows costs 50 us a row less than one of 50; benchmarks/spotify.py.
BATCH_ROWS = 500
BATCH_AGE_S = 1.0
# PostgreSQL works on one batch while the next one is encoded and sent.
_WRITERS = 2
_WAITING = 1
_POLICY = Policy(attempts=8, deadline_s=30.0, backoff=Backoff(base_s=0.1, cap_s=5.0))


class Batch(NamedTuple):
    """What is written together.

    Attributes:
        matches: for the store, and for the cache where they answer a name.
        tracks: of these matches and others, for the cache.
        extra_tracks: nobody's answer yet, for both.
        missing: ids that Spotify does not know; for the cache.
    """

    matches: tuple[Match, ...]
    tracks: tuple[Track, ...]
    extra_tracks: tuple[Track, ...]
    missing: tuple[str, ...]


class BatchWriter:
    """Collects verdicts and writes them; leaving the block writes the rest.

    Args:
        write: takes verdicts into the store, all or none; called from several threads.
        keep: takes tracks, unknown ids and verdicts into the cache; one that fails costs the next run's hits.
        write_tracks: takes tracks into the store that no verdict is about, before the verdicts of the batch.
        on_written: called with the number of rows of each batch that is in the store.
        on_retry: called before every further attempt to write.
        on_depth: called with the number of batches that wait.
    """

    def __init__(
        self,
        write: Write,
        keep: Keep | None = None,
        *,
        write_tracks: Callable[[Sequence[Track]], object] | None = None,
        size: int = BATCH_ROWS,
        age_s: float = BATCH_AGE_S,
        policy: Policy = _POLICY,
        on_written: Callable[[int], None] | None = None,
        on_retry: Callable[[Retry], None] | None = None,
        on_depth: Callable[[int], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._keep = keep
        self._write_tracks = write_tracks or (lambda _: None)
        self._policy = policy
        self._on_written = on_written or (lambda _: None)
        self._on_retry = on_retry
        self._matches: Flush[Match] = Flush(size, age_s, clock=clock)
        self._tracks: list[Track] = []
        self._extra_tracks: list[Track] = []
        self._missing: list[str] = []
        self._interrupt = Interrupt()
        self._workers: Workers[Batch] = Workers(
            _WRITERS, self._work, self._interrupt, size=_WAITING, name="writer", on_depth=on_depth
        )

    def __enter__(self) -> Self:
        self._workers.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._hand_over(self._matches.take())
        finally:
            self._workers.__exit__(kind, error, traceback)

    def put(self, matches: Sequence[Match]) -> None:
        """Take verdicts; waits while two batches are being written.

        Raises:
            ExternalError: when an earlier batch could not be written.
        """
        for match in matches:
            if full := self._matches.add(match):
                self._hand_over(full)

    def keep_later(self, tracks: Sequence[Track], extra_tracks: Sequence[Track], missing: Sequence[str]) -> None:
        """Take what came beside verdicts; it goes with the next ones."""
        self._extra_tracks += extra_tracks
        if self._keep:
            self._tracks += tracks
            self._missing += missing

    def flush_due(self) -> None:
        """Write what has waited long enough, and raise what a write raised."""
        self._workers.check()
        if due := self._matches.due():
            self._hand_over(due)

    def _hand_over(self, matches: list[Match]) -> None:
        tracks, self._tracks = self._tracks, []
        missing, self._missing = self._missing, []
        extra_tracks, self._extra_tracks = self._extra_tracks, []
        if matches or tracks or extra_tracks or missing:
            self._workers.put(Batch(tuple(matches), tuple(tracks), tuple(extra_tracks), tuple(missing)))

    def _work(self, batch: Batch) -> None:
        if batch.extra_tracks:
            self._try(lambda: self._write_tracks(batch.extra_tracks))
        if batch.matches:
            self._try(lambda: self._write(batch.matches))
            self._on_written(len(batch.matches))
        if self._keep:
            try:
                self._keep([*batch.tracks, *batch.extra_tracks], batch.missing, batch.matches)
            except ExternalError as error:
                log.logger(__name__).warning("the cache cannot be written: %s", error)

    def _try(self, write: Callable[[], object]) -> None:
        retry(write, self._policy, sleep=self._interrupt.sleep, on_retry=self._on_retry)
