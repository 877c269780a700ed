"""A connection that occupies a thread only while its request is handled.

It is read and written without waiting; while a request is incomplete, or an answer is not read, the connection
waits in the selector, with the time since when it waits.
"""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import time
from typing import Any

from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest

from boombap.server.arrival import Arrival, Request
from boombap.server.body import BAD_REQUEST, Refused
from boombap.server.outbox import NOT_NOW, Outbox

REQUEST_TIMEOUT = "408 Request Timeout"
UNAVAILABLE = "503 Service Unavailable"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_LINGER = struct.pack("ii", 1, 0)
_PIECE_BYTES = 64 * 1024
# A client that is refused may still be sending; closing at once would reset the connection before it reads why.
_LEAVE_S = 1.0


class _Head(io.BytesIO):
    """The head of a request as cheroot reads it."""

    def has_data(self) -> bool:
        """Tell cheroot that nothing waits here; `Arrival` knows."""
        return False


class _Headers(HeaderReader):
    def _allow_header(self, key_name: bytes) -> bool:
        # It is answered before the body arrives, not again when the request is complete.
        return key_name != b"Expect"


class _Request(HTTPRequest):
    header_reader = _Headers()


class Connection(HTTPConnection):
    """One client.

    Attributes:
        arrival: what has come of its next request.
        request: the current one, or the last.
        wfile: what is to be sent.
        takes_since_s: since when the client has read nothing of it; None when nothing waits for the client.
    """

    RequestHandlerClass = _Request

    def __init__(self, server: Any, sock: socket.socket, _: object) -> None:  # noqa: ANN401 - cheroot's own
        super().__init__(server, sock, self._file)
        sock.setblocking(False)
        self.arrival = Arrival(server.limits.header_bytes, server.limits.body_bytes)
        self.request = Request(b"", b"")
        self.takes_since_s: float | None = None
        self._started_s: float | None = None
        self._waits_since_s: float | None = None
        self._is_leaving = False
        self._is_last = False
        server.open.add(self)

    def _file(self, sock: socket.socket, mode: str, _: int) -> _Head | Outbox:
        return _Head() if "r" in mode else Outbox(sock, self.server.limit_outboxes)

    @property
    def last_used(self) -> float | None:
        """Return since when the connection waits, as cheroot asks: since its request started, if one has."""
        return self._waits_since_s

    @last_used.setter
    def last_used(self, now_s: float) -> None:
        """Start to wait, as cheroot demands; the wait of a request that has started goes on."""
        self._waits_since_s = self._started_s or now_s

    def advance(self) -> bool:
        """Read or send what is possible now, and tell whether the connection stays open."""
        return self._flush() if self.wfile else self._receive()

    def has_request(self) -> bool:
        """Tell whether a complete request has arrived, which is then `request`; refuse one that cannot be answered."""
        if self._is_leaving:
            return False
        try:
            request = self.arrival.take()
        except Refused as refused:
            self.refuse(refused.status)
            return False
        if request:
            self.request, self._started_s = request, None
        elif self.arrival.is_begun:
            self._started_s = self._started_s or time.time()
            if self.arrival.wants_continue():
                self._send(_CONTINUE)
        return request is not None

    def communicate(self) -> bool:
        """Answer `request`, and tell whether the connection stays open, if only until the answer is read."""
        self.rfile = _Head(self.request.head)
        self._is_last = not super().communicate()  # type: ignore[no-untyped-call]
        return self.socket.fileno() >= 0 and (bool(self.wfile) or not self._is_last)

    def refuse(self, status: str) -> None:
        """Answer with the status, and close when the client has closed, at the latest after a second."""
        self._say(status)
        self._is_leaving = True
        self._started_s = time.time() - self.server.timeout + _LEAVE_S
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def turn_away(self) -> None:
        """Answer 503 because there are too many connections, and end this one."""
        self._say(UNAVAILABLE)
        self.server.open.discard(self)
        self.cut()

    def cut(self) -> None:
        """Shut the connection down, so that the selector closes it; called by any thread."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.socket.close()

    def close(self) -> None:
        """Close the socket, after a 408 to a late client, or the rest of an answer when the server stops."""
        if self.wfile and not self.server.ready:
            self.wfile.drain(self.server.drain_left_s())
        if self._is_late():
            self.refuse(REQUEST_TIMEOUT)
            self.server.put_conn(self)
            return
        self.server.open.discard(self)
        super().close()

    def _receive(self) -> bool:
        try:
            is_open = self._read()
        except NOT_NOW:
            return True
        except OSError:
            return False
        if not is_open and self.arrival.is_begun and not self._is_leaving:
            self._say(BAD_REQUEST)
        return is_open

    def _flush(self) -> bool:
        self.takes_since_s = None
        try:
            self.wfile.flush()
        except OSError:
            return False
        return bool(self.wfile) or not self._is_last

    def _is_late(self) -> bool:
        started_s = None if self._is_leaving else self._started_s
        return started_s is not None and time.time() - started_s >= self.server.timeout

    def _read(self) -> bool:
        # Larger than a record of TLS, so that nothing decrypted stays behind, which the selector would not see.
        piece = self.socket.recv(_PIECE_BYTES)
        if not self._is_leaving:
            self.arrival.feed(piece)
        return bool(piece)

    def _say(self, status: str) -> None:
        if self.wfile:  # in the middle of an answer
            return
        self._send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode("ascii"))

    def _send(self, text: bytes) -> None:
        with contextlib.suppress(OSError):
            self.socket.send(text)

    def _close_kernel_socket(self) -> None:
        # cheroot would shut down what `reset` has closed, and end the server over it.
        if self.socket.fileno() >= 0:
            super()._close_kernel_socket()  # type: ignore[misc]
