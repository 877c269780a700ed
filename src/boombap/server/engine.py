"""cheroot with what it leaves open closed: silent and slow clients, endless bodies, a version in the headers.

A connection costs a thread only while a request is on its way: new ones wait in the selector as idle ones do, the TLS
handshake is part of reading, and a request that has not arrived whole within the limit is cut off, however steadily it
drips.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

from cheroot import errors, wsgi
from cheroot.server import HTTPConnection

from boombap.log import logger

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from boombap.server.limits import Limits

RESET = "boombap.reset"
"""In the environment of a request: a function that breaks the connection with a TCP reset, for emulators of faults."""
_NO_LINGER = struct.pack("ii", 1, 0)
# How often idle connections are looked at; also the longest wait of `stop` for the selector.
_TICK_S = 0.1
_BACKLOG = 512


class _Connection(HTTPConnection):
    reading_since_s: float | None = None

    def communicate(self) -> bool:
        self.reading_since_s = time.monotonic()
        self.server.reading.add(self)
        try:
            return bool(super().communicate())  # type: ignore[no-untyped-call]
        finally:
            self.has_arrived()

    def has_arrived(self) -> None:
        self.server.reading.discard(self)

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.socket.close()

    def _close_kernel_socket(self) -> None:
        # cheroot would shut down what `reset` has closed, and end the server over it.
        if self.socket.fileno() >= 0:
            super()._close_kernel_socket()  # type: ignore[misc]


class _Gateway(wsgi.Gateway_10):
    """Reads the whole body before the application runs, so that no application waits for a slow client."""

    def respond(self) -> None:
        try:
            body = self.req.rfile.read() if self._has_body() else b""
        except errors.MaxSizeExceeded:
            self._refuse("413 Request Entity Too Large")
            return
        finally:
            self.req.conn.has_arrived()
        if getattr(self.req.rfile, "remaining", 0):
            self._refuse("400 Bad Request")
            return
        self.env["wsgi.input"] = io.BytesIO(body)
        self.env["CONTENT_LENGTH"] = str(len(body))
        self.env[RESET] = self.req.conn.reset
        super().respond()

    def _has_body(self) -> bool:
        return bool(self.req.chunked_read or self.req.inheaders.get(b"Content-Length", b"0") != b"0")

    def _refuse(self, status: str) -> None:
        self.req.simple_response(status)
        self.req.sent_headers = True
        self.req.close_connection = True


class Engine(wsgi.Server):
    """A server that is bound by `prepare`, works in `serve` and ends with `stop`, each called once.

    Attributes:
        reading: the connections whose request is on its way.
    """

    def __init__(self, app: WSGIApplication, host: str, port: int, limits: Limits) -> None:
        super().__init__(
            (host, port),
            app,
            numthreads=limits.threads,
            server_name="boombap",
            request_queue_size=_BACKLOG,
            timeout=limits.request_s,  # type: ignore[arg-type]
            shutdown_timeout=limits.drain_s,  # type: ignore[arg-type]
            accepted_queue_size=limits.connections,
        )
        self.gateway = _Gateway
        self.software = "boombap"
        self.ConnectionClass = _Connection
        self.max_request_header_size = limits.header_bytes
        self.max_request_body_size = limits.body_bytes
        self.keep_alive_conn_limit = limits.connections
        self.expiration_interval = _TICK_S
        self.reading: set[_Connection] = set()
        self._request_s = limits.request_s
        self._log = logger("boombap.server")

    def process_conn(self, conn: Any) -> None:  # noqa: ANN401 - cheroot has no types for it
        """Have a thread serve a connection on which something has come, and a new one wait until something does."""
        if conn.last_used is None:
            self._connections.put(conn)  # type: ignore[attr-defined]
        else:
            super().process_conn(conn)

    def end_late(self) -> None:
        """Cut off the requests that have not arrived within the limit."""
        latest_s = time.monotonic() - self._request_s
        for connection in list(self.reading):
            if (connection.reading_since_s or 0.0) < latest_s:
                connection.cut()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002
        """Log what cheroot reports; a client that breaks off is nothing to warn of."""
        self._log.log(level, "%s", msg, exc_info=traceback)
