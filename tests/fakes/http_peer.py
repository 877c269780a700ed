"""A loopback HTTP server whose every byte a test writes: it may stall, lie about lengths, cut off, or speak garbage."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    Answer = Callable[["Guest", bytes], None]
    """Called with each request, body included; what it sends is the response."""

_HEAD_END = b"\r\n\r\n"


class Guest:
    """One connection of a client."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def close(self) -> None:
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def request(self) -> bytes:
        """Return the next request; empty when the client has left."""
        while _HEAD_END not in self._unread:
            if not self._more():
                return b""
        head, _, self._unread = self._unread.partition(_HEAD_END)
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(self._unread) < length:
            if not self._more():
                return b""
        body, self._unread = self._unread[:length], self._unread[length:]
        return head + _HEAD_END + body

    def wait_until_left(self) -> None:
        """Block until the client has closed the connection."""
        while self._more():
            pass

    def _more(self) -> bool:
        part = self._connection.recv(65_536)
        self._unread += part
        return bool(part)


class Peer:
    """A port of 127.0.0.1, and what came in.

    Attributes:
        requests: in the order in which they came, as they came.
        connections: how many were made, TLS handshakes that failed included.
        arrived: set with the first request.
    """

    def __init__(self, answer: Answer, context: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.arrived = threading.Event()
        self._answer, self._context = answer, context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._guests: list[Guest | socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self._threads[0].start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._threads[0].join()
        for guest in self._guests:
            with suppress(OSError):
                if isinstance(guest, socket.socket):
                    guest.shutdown(socket.SHUT_RDWR)
            guest.close()
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(20)
            self._guests.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that refuses our certificate ends the handshake, one that has enough ends the sending.
        with suppress(OSError, ValueError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            guest = Guest(connection)
            self._guests.append(guest)
            try:
                while request := guest.request():
                    self.requests.append(request)
                    self.arrived.set()
                    self._answer(guest, request)
            finally:
                guest.close()


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """Serve while the block runs, with TLS when a context is given."""
    peer = Peer(answer, context)
    try:
        yield peer
    finally:
        peer.close()


def response(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole response with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + _HEAD_END + body


def always(data: bytes) -> Answer:
    """Answer every request with the same bytes."""

    def answer(guest: Guest, _: bytes) -> None:
        guest.send(data)

    return answer


def once(data: bytes) -> Answer:
    """Answer with these bytes, then hang up."""

    def answer(guest: Guest, _: bytes) -> None:
        guest.send(data)
        guest.close()

    return answer


def silent(guest: Guest, _: bytes) -> None:
    """Take the request and never answer."""
    guest.wait_until_left()
