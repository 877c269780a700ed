"""The Model Context Protocol on stdin and stdout: one message a line; nothing else reaches stdout.

Source: modelcontextprotocol.io, specification 2025-06-18: Transports (stdio).
"""

from __future__ import annotations

import json
import os
import select
import sys
import time

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
_STEP_S = 0.05
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
    try:
        while lines.is_open:
            interrupt.check()
            _wait([lines.descriptor, *session.descriptors])
            for line in lines.arrived():
                session.take(line)
            session.work()
        _finish(session, interrupt)
    finally:
        session.abandon()
    return EXIT_OK


def _finish(session: Session, interrupt: Interrupt) -> None:
    session.stop_waiting()
    session.work()
    until_s = time.monotonic() + _LAST_ANSWERS_S
    while not session.is_idle and time.monotonic() < until_s:
        interrupt.check()
        _wait(session.descriptors)
        session.work()
    session.end()


def _wait(descriptors: list[int]) -> None:
    """Wait until something arrives, 50 ms at most: the run may be interrupted, or a client may not name its roots."""
    select.select(descriptors, [], [], _STEP_S)


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
