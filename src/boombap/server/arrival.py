"""The bytes of one connection, cut into whole requests, so that a thread is used only for what has arrived.

The framing is strict, because a proxy that reads the same bytes otherwise would let a request be smuggled: two lengths,
a length beside a transfer coding, or a space before a colon are refused (RFC 9112, sections 5.1 and 6.3).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from boombap.server.body import BAD_REQUEST, FIELDS_TOO_LARGE, TOO_LARGE, Chunked, Refused, Sized

NOT_IMPLEMENTED = "501 Not Implemented"
_END = re.compile(rb"\n\r?\n")
_STRAY = re.compile(rb"(?<!\r)\n|\r(?!\n)|\0")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# More digits than any limit has; int() of thousands would take long.
_LENGTH_DIGITS = 18


class Request(NamedTuple):
    """A complete request.

    Attributes:
        head: the request line and the headers, with the empty line.
        body: without chunks.
    """

    head: bytes
    body: bytes


class Arrival:
    """What has arrived on one connection and is not answered yet.

    Args:
        header_bytes: the largest head.
        body_bytes: the largest body.
    """

    def __init__(self, header_bytes: int, body_bytes: int) -> None:
        self._header_bytes = header_bytes
        self._body_bytes = body_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._head = b""
        self._body: Sized | Chunked | None = None
        self._awaits_continue = False

    @property
    def is_begun(self) -> bool:
        """Tell whether a part of a request has arrived."""
        return bool(self._buffer or self._head)

    def feed(self, piece: bytes) -> None:
        """Add what has been read."""
        self._buffer += piece

    def take(self) -> Request | None:
        """Return the next request; None while it is incomplete.

        Raises:
            Refused: when it is malformed or too large; the bytes after it cannot be parsed.
        """
        if self._body is None:
            self._take_head()
        body = self._body.take(self._buffer) if self._body else None
        if body is None:
            return None
        request = Request(self._head, body)
        self._head, self._body, self._awaits_continue = b"", None, False
        return request

    def wants_continue(self) -> bool:
        """Tell, once for each request, whether the client waits for "100 Continue" before it sends the body."""
        awaits, self._awaits_continue = self._awaits_continue, False
        return awaits

    def _take_head(self) -> None:
        while self._buffer.startswith(b"\r\n"):  # some clients send an empty line after a body
            del self._buffer[:2]
        match = _END.search(self._buffer, self._searched)
        size = match.end() if match else len(self._buffer)
        if size > self._header_bytes:
            raise Refused(FIELDS_TOO_LARGE)
        if not match:
            self._searched = max(0, size - 2)
            return
        self._searched = 0
        self._head = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._read_head()

    def _read_head(self) -> None:
        if _STRAY.search(self._head):
            raise Refused(BAD_REQUEST)
        request_line, *lines = self._head[:-4].split(b"\r\n")
        fields = [_field(line) for line in lines]
        is_old = not request_line.endswith(b"HTTP/1.1")
        self._body = self._framing(fields, is_old=is_old)
        self._awaits_continue = not is_old and (b"expect", b"100-continue") in fields

    def _framing(self, fields: list[tuple[bytes, bytes]], *, is_old: bool) -> Sized | Chunked:
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value for name, value in fields if name == b"transfer-encoding"]
        if len(lengths) + len(codings) > 1 or (codings and is_old):
            raise Refused(BAD_REQUEST)
        if codings:
            if codings != [b"chunked"]:
                raise Refused(NOT_IMPLEMENTED)
            return Chunked(self._body_bytes, self._header_bytes)
        length = lengths[0] if lengths else b"0"
        if not length.isdigit():
            raise Refused(BAD_REQUEST)
        if len(length) > _LENGTH_DIGITS or int(length) > self._body_bytes:
            raise Refused(TOO_LARGE)
        return Sized(int(length))


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not _NAME.fullmatch(name):
        raise Refused(BAD_REQUEST)
    name = name.lower()
    value = value.strip(b" \t")
    # Only of these two is the value compared.
    return name, value.lower() if name in {b"transfer-encoding", b"expect"} else value
