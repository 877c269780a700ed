"""The client: many requests in flight on one thread, answers in the order in which they come.

Everything waits in `select` for at most 50 ms, then looks at the interrupt: Ctrl-C ends any wait. libcurl's own timer
is obeyed too: with a fixed wait of a second one HTTP/2 stream delivered 6 answers in 8 s.
"""

from __future__ import annotations

import time
from collections import deque

from boombap.clients.http import authorities
from boombap.clients.http.driver import pycurl
from boombap.clients.http.errors import failed
from boombap.clients.http.exchange import Failure, Request, Response
from boombap.clients.http.transfer import Transfer
from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from boombap.clients.http.transfer import HttpVersion, Sink
    from boombap.interrupt import Interrupt

    Answer = Response | Failure
    Progress = Callable[[int, int | None], object]

_STEP_S = 0.05
# select() takes descriptors below 1,024 only, and the process has others.
MAX_IN_FLIGHT = 900


class Client:
    """Requests in flight, for one thread.

    Args:
        interrupt: ends every wait with `Interrupted`.
        max_in_flight: requests at the same time, up to 900; also the number of connections.
        ca_file: authorities that are trusted instead of the system's.
        connect_s: limit for name look-up, TCP and TLS.
        stall_s: an exchange that moves no data for this long is aborted.
        least_bytes_s: fewer bytes per second than this count as none.
        http: 2 is offered to TLS servers only; 1.1 is faster at loopback and on few connections.

    Raises:
        ConfigError: when `ca_file` cannot be used.
    """

    def __init__(
        self,
        interrupt: Interrupt,
        *,
        max_in_flight: int = 20,
        ca_file: Path | None = None,
        connect_s: float = 5.0,
        stall_s: float = 30.0,
        least_bytes_s: int = 1,
        http: HttpVersion = "1.1",
    ) -> None:
        if not 1 <= max_in_flight <= MAX_IN_FLIGHT:
            raise ValueError(f"max_in_flight is not from 1 to {MAX_IN_FLIGHT}")
        if ca_file:
            authorities.check(ca_file)
        self.max_in_flight = max_in_flight
        self._interrupt = interrupt
        self._options = {"http": http, "ca_file": ca_file or authorities.system_file()}
        self._limits = {"connect_s": connect_s, "stall_s": stall_s, "least_bytes_s": least_bytes_s}
        self._busy: dict[pycurl.Curl, Transfer] = {}
        self._idle: list[Transfer] = []
        self._answers: deque[Answer] = deque()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, max_in_flight)
        self._multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, max_in_flight)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for transfer in list(self._busy.values()):
            self._release(transfer)
        for transfer in self._idle:
            transfer.close()
        self._idle.clear()
        self._multi.close()

    @property
    def in_flight(self) -> int:
        """Return the number of requests that have no answer yet."""
        return len(self._busy)

    @property
    def free_slots(self) -> int:
        """Return how many requests may be submitted now."""
        return self.max_in_flight - len(self._busy)

    def submit(self, request: Request) -> None:
        """Send a request; a later `poll` returns its answer.

        Raises:
            ConfigError: when the request must not be sent.
            ValueError: when `max_in_flight` is reached.
        """
        self._begin(request)

    def poll(self, limit_s: float) -> list[Answer]:
        """Wait for an answer and return those that have come; none after the limit, or when nothing is in flight.

        Raises:
            Interrupted: when the run was asked to end.
        """
        if self._answers:
            answers = list(self._answers)
            self._answers.clear()
            return answers
        deadline = time.monotonic() + limit_s
        while self._busy:
            self._interrupt.check()
            self._multi.perform()
            answers = self._collect()
            left_s = deadline - time.monotonic()
            if answers or left_s <= 0:
                return answers
            self._wait(left_s)
        return []

    def fetch(self, request: Request) -> Response:
        """Send one request and return its answer, whatever its status; others may be in flight meanwhile.

        Raises:
            ExternalError: when no answer came.
            Interrupted: when the run was asked to end.
        """
        return self._finish(self._begin(request), None)

    def download(self, request: Request, sink: Sink, on_progress: Progress | None = None) -> Response:
        """Send one request and hand the body of a success to `sink` piece by piece; another status keeps its body.

        Args:
            request: `max_bytes` bounds the file.
            sink: the `write` of an open file.
            on_progress: called with the bytes so far and those expected, several times a second; what it raises
                ends the download.

        Raises:
            ExternalError: when the answer is incomplete, or the sink cannot take it.
            Interrupted: when the run was asked to end.
        """
        return self._finish(self._begin(request, sink), on_progress)

    def _begin(self, request: Request, sink: Sink | None = None) -> Transfer:
        if len(self._busy) >= self.max_in_flight:
            raise ValueError(f"{self.max_in_flight} requests are in flight already: poll first")
        transfer = self._idle.pop() if self._idle else Transfer(**self._options, **self._limits)  # type: ignore[arg-type]
        try:
            transfer.begin(request, sink)
        except BaseException:
            transfer.close()
            raise
        self._busy[transfer.easy] = transfer
        self._multi.add_handle(transfer.easy)
        return transfer

    def _finish(self, transfer: Transfer, on_progress: Progress | None) -> Response:
        kept: list[Answer] = []
        mine: Answer | None = None
        try:
            while mine is None:
                for answer in self._step():
                    if answer.request is transfer.request and mine is None and transfer.easy not in self._busy:
                        mine = answer
                    else:
                        kept.append(answer)
                if on_progress:
                    on_progress(transfer.received_bytes, transfer.expected_bytes())
        finally:
            self._answers.extend(kept)
            if transfer.easy in self._busy:
                self._release(transfer)
        if isinstance(mine, Failure):
            raise mine.error
        return mine

    def _step(self) -> list[Answer]:
        self._interrupt.check()
        self._multi.perform()
        answers = self._collect()
        if not answers:
            self._wait(_STEP_S)
        return answers

    def _wait(self, limit_s: float) -> None:
        timer_ms = self._multi.timeout()
        wait_s = min(limit_s, _STEP_S) if timer_ms < 0 else min(limit_s, _STEP_S, timer_ms / 1000)
        if wait_s <= 0:
            return
        started_s = time.monotonic()
        # It comes back at once when libcurl has no socket yet, while a name is looked up for example.
        if not self._multi.select(wait_s) and time.monotonic() - started_s < wait_s / 2:
            self._interrupt.sleep(min(wait_s, 0.002))

    def _collect(self) -> list[Answer]:
        answers: list[Answer] = []
        queued = 1
        while queued:
            queued, whole, broken = self._multi.info_read()
            for easy in whole:
                transfer = self._busy[easy]
                answers.append(transfer.response())
                self._release(transfer)
            for easy, code, _ in broken:
                transfer = self._busy[easy]
                answers.append(Failure(transfer.request, _reason(transfer, code)))
                self._release(transfer)
        return answers

    def _release(self, transfer: Transfer) -> None:
        del self._busy[transfer.easy]
        self._multi.remove_handle(transfer.easy)
        transfer.forget()
        self._idle.append(transfer)


def _reason(transfer: Transfer, code: int) -> ExternalError:
    if transfer.trouble:
        return ExternalError(f"cannot write the download: {transfer.trouble.strerror}")
    return failed(transfer.easy, code, transfer.request, is_too_large=transfer.is_too_large, ca_file=transfer.ca_file)
