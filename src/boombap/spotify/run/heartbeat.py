"""Tells the other processes how far this one is: a thread writes its counts every two seconds, and its end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from boombap import log
from boombap.errors import BoombapError, ExternalError
from boombap.spotify.catalogue.runs import ShardCounts
from boombap.spotify.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from boombap.spotify.catalogue.runs import ShardRecord
    from boombap.spotify.run.statistics import RunStatistics

_EVERY_S = 2.0


class Heartbeat:
    """Writes the record of a shard while a run works on it; a server that does not take it costs the record only.

    Args:
        every_s: between two writes.

    Attributes:
        total: tracks to come; None where they are not counted.
        error: what ended the run before its end, for the record.
    """

    def __init__(self, record: ShardRecord, *, every_s: float = _EVERY_S) -> None:
        self.total: int | None = None
        self.error: BoombapError | None = None
        self._record = record
        self._every_s = every_s
        self._counts = ShardCounts()
        self._ended = threading.Event()
        self._is_silent = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        ended_by = error if isinstance(error, BoombapError) else self.error
        if kind is not None and ended_by is None:
            # A bug of ours: its message may hold anything.
            ended_by = BoombapError(f"unexpected {kind.__name__}")
        self._write(lambda: self._record.end(self._counts, ended_by))

    def count(self, statistics: RunStatistics) -> None:
        """Take what the run has done so far; called by the thread that counts."""
        matched, requests = statistics.outcomes[Outcome.MATCHED], statistics.requests.total()
        self._counts = ShardCounts(self.total, statistics.tracks, matched, requests)

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            self._write(lambda: self._record.update(self._counts))

    def _write(self, write: Callable[[], None]) -> None:
        try:
            write()
        except ExternalError as error:
            if not self._is_silent:
                log.logger(__name__).warning("`spotify status` does not show how far this run is: %s", error)
            self._is_silent = True
        else:
            self._is_silent = False
