"""A loopback HTTP/2 server that holds its answers back and then sends them all at once, many streams in one record.

Only what one client needs (RFC 9113): it reads frames, not their headers, and answers every stream alike.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

_PREFACE_BYTES = 24
_DATA, _HEADERS, _SETTINGS, _PING = 0, 1, 4, 6
_ACK, _END_STREAM, _END_HEADERS = 1, 1, 4
_MAX_STREAMS = struct.pack("!HI", 3, 1000)
_STATUS_200 = b"\x88"  # of the static table, RFC 7541, appendix A


class Http2Peer:
    """One connection at a time.

    Attributes:
        streams: how many requests came.
        connections: how many were made.
    """

    def __init__(self, context: ssl.SSLContext, body: bytes, batches: tuple[int, ...]) -> None:
        self.streams = 0
        self.connections = 0
        self._context, self._body, self._batches = context, body, list(batches)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._guest: socket.socket | None = None
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        for end in (self._socket, self._guest):
            if end:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._thread.join()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                connection.settimeout(20)
                with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as self._guest:
                    self._serve(self._guest)

    def _serve(self, guest: ssl.SSLSocket) -> None:
        _read(guest, _PREFACE_BYTES)
        guest.sendall(_frame(_SETTINGS, 0, 0, _MAX_STREAMS))
        waiting: list[int] = []
        while True:
            frame = _read_frame(guest)
            if frame.kind in (_SETTINGS, _PING) and not frame.flags & _ACK:
                guest.sendall(_frame(frame.kind, _ACK, 0, frame.payload if frame.kind == _PING else b""))
            if frame.kind == _HEADERS:
                self.streams += 1
                waiting.append(frame.stream)
                if len(waiting) == self._batches[0]:
                    guest.sendall(b"".join(map(self._response, waiting)))
                    del self._batches[0], waiting[:]

    def _response(self, stream: int) -> bytes:
        head = _frame(_HEADERS, _END_HEADERS, stream, _STATUS_200)
        return head + _frame(_DATA, _END_STREAM, stream, self._body)


class _Frame(NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes


@contextmanager
def serving_http2(context: ssl.SSLContext, body: bytes, *batches: int) -> Iterator[Http2Peer]:
    """Serve while the block runs; each batch is so many requests that are answered together."""
    peer = Http2Peer(context, body, batches)
    try:
        yield peer
    finally:
        peer.close()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + struct.pack("!BBI", kind, flags, stream) + payload


def _read_frame(guest: ssl.SSLSocket) -> _Frame:
    head = _read(guest, 9)
    kind, flags, stream = struct.unpack("!BBI", head[3:])
    return _Frame(kind, flags, stream, _read(guest, int.from_bytes(head[:3], "big")))


def _read(guest: ssl.SSLSocket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = guest.recv(size - len(data))
        if not part:
            raise OSError("the client has left")
        data += part
    return data
