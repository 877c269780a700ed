"""The body of a request, taken from the bytes as they arrive: of a declared length, or in chunks.

Source: RFC 9112, sections 6 (message body) and 7.1 (chunked transfer coding).
"""

from __future__ import annotations

import re

BAD_REQUEST = "400 Bad Request"
TOO_LARGE = "413 Content Too Large"
FIELDS_TOO_LARGE = "431 Request Header Fields Too Large"
# 16 digits are more bytes than any limit; an extension after the size is allowed, and ignored.
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?", re.DOTALL)
# Of the line before a chunk, and of a trailer.
_LINE_BYTES = 4096


class Refused(Exception):
    """A request that is not answered by the application.

    Attributes:
        status: the code and the reason.
    """

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Sized:
    """A body of a declared length."""

    def __init__(self, length: int) -> None:
        self._length = length

    def take(self, buffer: bytearray) -> bytes | None:
        """Remove the body from the buffer and return it; None while it is incomplete."""
        if len(buffer) < self._length:
            return None
        body = bytes(buffer[: self._length])
        del buffer[: self._length]
        return body


class Chunked:
    """A body in chunks.

    Args:
        body_bytes: the largest body.
        trailer_bytes: the largest trailer; trailers are checked and dropped.
    """

    def __init__(self, body_bytes: int, trailer_bytes: int) -> None:
        self._free_bytes = body_bytes
        self._free_trailer_bytes = trailer_bytes
        self._body = bytearray()
        self._missing = 0
        self._expected = "size"

    def take(self, buffer: bytearray) -> bytes | None:
        """Remove what has arrived from the buffer, and return the body; None while it is incomplete.

        Raises:
            Refused: when a chunk is malformed, or the body too large.
        """
        while self._expected != "nothing":
            if not (self._take_data(buffer) if self._expected == "data" else self._take_line(buffer)):
                return None
        return bytes(self._body)

    def _take_data(self, buffer: bytearray) -> bool:
        piece = buffer[: self._missing]
        del buffer[: self._missing]
        self._body += piece
        self._missing -= len(piece)
        if self._missing == 0:
            self._expected = "end of data"
        return self._missing == 0

    def _take_line(self, buffer: bytearray) -> bool:
        end = buffer.find(b"\n", 0, _LINE_BYTES)
        if end < 0:
            if len(buffer) >= _LINE_BYTES:
                raise Refused(BAD_REQUEST)
            return False
        line = bytes(buffer[: end + 1])
        del buffer[: end + 1]
        if not line.endswith(b"\r\n"):
            raise Refused(BAD_REQUEST)
        self._read_line(line[:-2])
        return True

    def _read_line(self, line: bytes) -> None:
        if self._expected == "size":
            self._begin_chunk(line)
        elif self._expected == "end of data":
            if line:
                raise Refused(BAD_REQUEST)
            self._expected = "size"
        elif line:
            self._free_trailer_bytes -= len(line)
            if self._free_trailer_bytes < 0:
                raise Refused(FIELDS_TOO_LARGE)
        else:
            self._expected = "nothing"

    def _begin_chunk(self, line: bytes) -> None:
        match = _CHUNK_SIZE.fullmatch(line)
        if not match:
            raise Refused(BAD_REQUEST)
        self._missing = int(match[1], 16)
        self._free_bytes -= self._missing
        if self._free_bytes < 0:
            raise Refused(TOO_LARGE)
        self._expected = "data" if self._missing else "trailer"
