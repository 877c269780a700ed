"""Loopback servers where PostgreSQL was expected: silent, HTTP, one that hangs up, and a PostgreSQL too old."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = Callable[[socket.socket], None]

_HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_REQUESTS_BEFORE_START = (80877103, 80877104)  # SSLRequest and GSSENCRequest; source: PostgreSQL documentation, 54.7


class Listener:
    """A port of 127.0.0.1; `accepted` is set once somebody has come."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.accepted = threading.Event()
        self.guests: list[socket.socket] = []

    def serve(self, answer: Answer) -> None:
        while True:
            try:
                guest, _ = self.socket.accept()
            except OSError:
                return
            self.guests.append(guest)
            self.accepted.set()
            with suppress(OSError):
                answer(guest)


@contextmanager
def listening(answer: Answer) -> Iterator[Listener]:
    listener = Listener()
    thread = threading.Thread(target=listener.serve, args=(answer,))
    thread.start()
    try:
        yield listener
    finally:
        with suppress(OSError):
            listener.socket.shutdown(socket.SHUT_RDWR)
        listener.socket.close()
        for guest in listener.guests:
            guest.close()
        thread.join()


def silent(guest: socket.socket) -> None:
    """Accept and never say a word."""


def http(guest: socket.socket) -> None:
    guest.recv(1024)
    guest.sendall(_HTTP)
    guest.close()


def hangs_up(guest: socket.socket) -> None:
    guest.close()


def too_old(guest: socket.socket) -> None:
    """Greet as PostgreSQL 9.6."""
    while _read_start(guest) in _REQUESTS_BEFORE_START:
        guest.sendall(b"N")
    guest.sendall(_message(b"R", struct.pack("!i", 0)))
    for name, value in (
        ("server_version", "9.6.24"),
        ("client_encoding", "UTF8"),
        ("DateStyle", "ISO, MDY"),
        ("integer_datetimes", "on"),
        ("standard_conforming_strings", "on"),
    ):
        guest.sendall(_message(b"S", f"{name}\0{value}\0".encode()))
    guest.sendall(_message(b"K", struct.pack("!ii", 4711, 1)) + _message(b"Z", b"I"))


def _read_start(guest: socket.socket) -> int:
    length, code = struct.unpack("!ii", guest.recv(8, socket.MSG_WAITALL))
    if length > 8:
        guest.recv(length - 8, socket.MSG_WAITALL)
    return int(code)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body
