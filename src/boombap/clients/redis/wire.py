"""Bytes to and from one server: a socket with time-outs, ended from outside when the run is interrupted.

A plain socket gets its time-outs from the kernel (SO_RCVTIMEO): Python's own cost a poll() before every call.
"""

from __future__ import annotations

import select
import socket
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Wire(Protocol):
        """A connected stream, plain or with TLS. A time-out is a TimeoutError or BlockingIOError."""

        def send(self, data: bytes) -> None:
            """Send everything, waiting up to the time-out."""

        def receive_into(self, buffer: memoryview) -> int:
            """Wait for bytes and return their number; 0 when the other side has closed."""

        def try_send(self, data: memoryview) -> int:
            """Return how many bytes went out without waiting."""

        def try_receive_into(self, buffer: memoryview) -> int | None:
            """Return how many bytes came without waiting; None when there are none now."""

        def wait(self, seconds: float) -> None:
            """Wait until something can be sent or received."""

        def end(self) -> None:
            """Wake the thread that waits on this stream; from any thread."""

        def close(self) -> None:
            """Close the socket."""


class PlainWire:
    """A TCP or UNIX socket."""

    def __init__(self, connected: socket.socket, timeout_s: float) -> None:
        self._socket = connected
        connected.settimeout(None)
        limit = struct.pack("ll", int(timeout_s), int(timeout_s % 1 * 1_000_000))
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self.send = connected.sendall
        self.receive_into = connected.recv_into

    def try_send(self, data: memoryview) -> int:
        """Return how many bytes went out without waiting."""
        try:
            return self._socket.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def try_receive_into(self, buffer: memoryview) -> int | None:
        """Return how many bytes came without waiting; None when there are none now."""
        try:
            return self._socket.recv_into(buffer, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def wait(self, seconds: float) -> None:
        """Wait until something can be sent or received."""
        await_ready(self._socket, seconds)

    def end(self) -> None:
        """Wake the thread that waits on this stream; from any thread."""
        shut_down(self._socket)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def shut_down(connected: socket.socket) -> None:
    """End both directions; harmless when they are ended already."""
    try:
        # Not the method of a TLS socket, which would drop its session under the thread that reads.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        return


def await_ready(connected: socket.socket, seconds: float) -> None:
    """Wait until a socket can be written or read.

    Raises:
        TimeoutError: when it stays stuck.
    """
    poll = select.poll()
    poll.register(connected, select.POLLIN | select.POLLOUT)
    if not poll.poll(seconds * 1000):
        raise TimeoutError
