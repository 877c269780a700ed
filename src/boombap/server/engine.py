"""Hardened cheroot server: silent and slow clients, oversized requests, a bounded number of connections.

A connection occupies a thread only while its request is handled. `Connection` reads and writes without waiting; the
selector's thread does it while a request is incomplete (TLS handshake included) or an answer is not read.
"""

from __future__ import annotations

import io
import logging
import selectors
import sys
import time
from typing import TYPE_CHECKING, Any

from cheroot import wsgi

from boombap.log import logger
from boombap.server.connection import Connection

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from boombap.server.limits import Limits

RESET = "boombap.reset"
"""In the environment of a request: a function that breaks the connection with a TCP reset, for emulators of faults."""
# How often waiting connections are checked; also the longest wait of `stop` for the selector.
_TICK_S = 0.1
_BACKLOG = 512
# What a process has open beside its connections. Without a free descriptor no client could be accepted.
_OTHER_DESCRIPTORS = 64


class _Gateway(wsgi.Gateway_10):
    """Runs the application on a complete request."""

    def respond(self) -> None:
        body = self.req.conn.request.body
        self.req.rfile = self.env["wsgi.input"] = io.BytesIO(body)
        self.env["CONTENT_LENGTH"] = str(len(body))
        self.env[RESET] = self.req.conn.reset
        try:
            self._run()
        except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            # cheroot would end the server.
            raise RuntimeError(f"the application raised {error!r}") from error

    def _run(self) -> None:
        response = self.req.server.wsgi_app(self.env, self.start_response)
        try:
            for piece in filter(None, response):
                self.write(piece)
        finally:
            # Headers are not sent here, as cheroot does: an application that fails before is answered with 500.
            getattr(response, "close", bool)()


class Engine(wsgi.Server):
    """A server that is bound by `prepare`, works in `serve` and ends with `stop`, each called once.

    Attributes:
        open: every connection; as many as `limits` allows, so that the queue of the threads is bounded too.
    """

    def __init__(self, app: WSGIApplication, host: str, port: int, limits: Limits) -> None:
        super().__init__(
            (host, port),
            app,
            numthreads=limits.threads,
            server_name="boombap",
            request_queue_size=_BACKLOG,
            timeout=limits.request_s,  # type: ignore[arg-type]
        )
        self.gateway = _Gateway
        self.software = "boombap"
        self.ConnectionClass = Connection
        self.keep_alive_conn_limit = limits.connections
        self.expiration_interval = _TICK_S
        self.limits = limits
        self.open: set[Connection] = set()
        self._ends_s = 0.0
        self._log = logger("boombap.server")

    def process_conn(self, conn: Connection) -> None:
        """Handle a new connection, or one whose client has sent or read something, in the selector's thread."""
        if conn.last_used is None:
            self._admit(conn)
        elif conn.advance():
            self.put_conn(conn)
        else:
            conn.close()

    def put_conn(self, conn: Connection) -> None:
        """Have a thread answer the next request of the connection, or wait for its client."""
        if not self.ready:
            conn.close()
        elif conn.wfile:
            conn.last_used = conn.takes_since_s = time.time()
            self._selector.register(conn.socket.fileno(), selectors.EVENT_WRITE, conn)
        elif conn.has_request():
            self.requests.put(conn)
        else:
            self._connections.put(conn)  # type: ignore[attr-defined]

    def limit_outboxes(self) -> None:
        """Disconnect the clients that have read nothing for longest, while all unread answers exceed the limit."""
        waiting = [connection for connection in list(self.open) if connection.takes_since_s is not None]
        excess = sum(len(connection.wfile) for connection in waiting) - self.limits.outbox_bytes
        for connection in sorted(waiting, key=lambda connection: connection.takes_since_s or 0.0):
            if excess <= 0:
                return
            excess -= len(connection.wfile)
            connection.cut()

    def stop(self) -> None:
        """Refuse new connections and finish the current requests, within the limit."""
        self._ends_s = time.monotonic() + self.limits.drain_s
        super().stop()

    def drain_left_s(self) -> float:
        """Return how long a server that is stopping may go on sending an answer."""
        return max(_TICK_S, self._ends_s - time.monotonic())

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002
        """Log what cheroot reports; a client that disconnects is not worth a warning."""
        self._log.log(level, "%s", msg, exc_info=traceback)

    def _admit(self, conn: Connection) -> None:
        """Register a new connection; when there are too many, the one that has waited longest is closed."""
        self._connections.put(conn)  # type: ignore[attr-defined]
        if len(self.open) <= min(self.limits.connections, _descriptors() - _OTHER_DESCRIPTORS):
            return
        waiting = [connection for _, connection in self._selector.connections if connection in self.open]
        min(waiting, key=lambda connection: connection.last_used).turn_away()

    @property
    def _selector(self) -> Any:  # noqa: ANN401 - cheroot's own
        return self._connections._selector  # type: ignore[attr-defined] # noqa: SLF001


def _descriptors() -> int:
    try:
        import resource
    except ImportError:  # only Unix limits them
        return sys.maxsize
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
