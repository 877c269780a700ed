"""What is to be sent on one connection: what the client reads at once, the rest when it reads more.

So a client that does not read its answer holds no thread.
"""

from __future__ import annotations

import contextlib
import errno
import ssl  # cheroot has it anyway
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a non-blocking socket raises when it would block."""


class Outbox:
    """The writing side of a connection, whose socket never waits.

    Args:
        on_wait: called when something has to wait for the client.
    """

    def __init__(self, sock: socket.socket, on_wait: Callable[[], None]) -> None:
        self._socket = sock
        self._on_wait = on_wait
        self._waiting = bytearray()

    def __len__(self) -> int:
        return len(self._waiting)

    def write(self, piece: bytes) -> int:
        """Send the piece, or keep what the client does not take now.

        Raises:
            OSError: when the connection is broken.
        """
        self._waiting += piece
        self.flush()
        if self._waiting:
            self._on_wait()
        return len(piece)

    def flush(self) -> None:
        """Send what the client takes now.

        Raises:
            OSError: when the connection is broken.
        """
        try:
            while self._waiting:
                sent = self._socket.send(self._waiting)
                del self._waiting[:sent]
        except NOT_NOW:
            pass
        except OSError as error:
            self.clear()
            # cheroot knows the numbers of sockets, not those of TLS, and warns of what it does not know.
            raise BrokenPipeError(errno.EPIPE, "the client has gone") from error

    def drain(self, limit_s: float) -> None:
        """Send what waits, for as long as the limit; for a server that ends."""
        with contextlib.suppress(OSError):
            self._socket.settimeout(limit_s)
            self._socket.sendall(self._waiting)
        self.clear()

    def clear(self) -> None:
        """Drop what waits, because it cannot be sent."""
        self._waiting.clear()
