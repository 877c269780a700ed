"""The Model Context Protocol on stdin and stdout: one message a line; nothing else reaches stdout.

Source: modelcontextprotocol.io, specification 2025-06-18: Transports (stdio).
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from contextlib import suppress

from boombap.ctx.counts import count_call
from boombap.ctx.mcp.session import Session
from boombap.errors import EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boombap.ctx.mcp.session import Place
    from boombap.ctx.mcp.tools import Tool
    from boombap.interrupt import Interrupt
    from boombap.telemetry.instruments import Meter

_LONGEST_LINE = 4_000_000
_LAST_ANSWERS_S = 0.7
"""How long calls may take after stdin was closed: a client expects the end soon, and kills what does not end."""


def serve(place: Place, interrupt: Interrupt, meter: Meter) -> int:
    """Answer requests until stdin ends or the run is interrupted.

    Args:
        place: where it searches.
        interrupt: ends the session.
        meter: takes the calls that search.
    """

    def count(tool: Tool, report: dict[str, Any], seconds: float) -> None:
        if tool.name != "status":
            count_call(meter, report, tool.rows, seconds)

    session, lines = Session(place, _send, count), _Lines(sys.stdin.fileno())
    waiting = _Waiting(interrupt)
    with interrupt.cancel_with(waiting.end):
        try:
            while lines.is_open:
                waiting.wait([lines.descriptor, *session.descriptors], session.patience_s)
                for line in lines.arrived():
                    session.take(line)
                session.work()
            _finish(session, waiting)
        finally:
            session.abandon()
    return EXIT_OK


def _finish(session: Session, waiting: _Waiting) -> None:
    session.stop_waiting()
    session.work()
    until_s = time.monotonic() + _LAST_ANSWERS_S
    while not session.is_idle and (left_s := until_s - time.monotonic()) > 0:
        waiting.wait(session.descriptors, left_s)
        session.work()
    session.end()


class _Waiting:
    """Sleeps until something arrives or the run is interrupted: a server that waits uses no processor time."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt
        # Never closed: another thread may write to it until the process ends, soon after the session.
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)

    def wait(self, descriptors: list[int], at_most_s: float | None) -> None:
        """Wait until one of the descriptors can be read; None for as long as that takes.

        Raises:
            Interrupted: when the run has been asked to end.
        """
        select.select([self._woken, *descriptors], [], [], at_most_s)
        self._interrupt.check()

    def end(self) -> None:
        """End the wait that runs, and every later one; from any thread."""
        with suppress(BlockingIOError):  # it is full: the wait has ended
            os.write(self._wake, b"\0")


def _send(message: object) -> None:
    sys.stdout.write(json.dumps(message, ensure_ascii=True, separators=(",", ":")) + "\n")
    sys.stdout.flush()


class _Lines:
    """The lines of a descriptor, as they arrive.

    Attributes:
        descriptor: what is read.
        is_open: whether more may come.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.is_open = True
        self._held = b""

    def arrived(self) -> list[bytes]:
        """Return the whole lines that have arrived, as many as there are: what waits may have been cancelled since."""
        while self.is_open and len(self._held) <= _LONGEST_LINE and select.select([self.descriptor], [], [], 0)[0]:
            part = os.read(self.descriptor, 65_536)
            self.is_open = bool(part)
            self._held += part
        *whole, self._held = self._held.split(b"\n")
        if self._held and (len(self._held) > _LONGEST_LINE or not self.is_open):
            whole.append(self._held)
            self._held = b""
        return whole
