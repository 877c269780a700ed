"""The digests of values: DUMP differs between versions, so they are read by type.

Small ones are read many at a time, large ones window by window.
"""

from __future__ import annotations

from boombap.clients.redis.errors import ServerError
from boombap.record import Record
from boombap.redis.keyspace.scan import is_about_the_key
from boombap.redis.transfer import export_format
from boombap.redis.transfer.value_digest import digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from boombap.clients.redis.deployment import Deployment

SMALL_BYTES = 16 << 10
"""A value that takes at most this much memory in the server is read whole, together with others."""
_WINDOW_BYTES = 128 << 10
_MAX_ELEMENTS = 1024
# Where MEMORY USAGE may not be asked, elements may have any size.
_CAREFUL_ELEMENTS = 16
_ATTEMPTS = 3
_SCANS = {"set": "SSCAN", "hash": "HSCAN", "zset": "ZSCAN"}


class Unread(Exception):
    """A value could not be read; its text says why."""


class Wanted(Record):
    """A key whose value is to be read.

    Attributes:
        length: bytes of a string, elements of anything else.
        size_bytes: MEMORY USAGE; None where that may not be asked.
    """

    key: bytes
    type: str
    length: int
    size_bytes: int | None


def digests(deployment: Deployment, wanted: Sequence[Wanted]) -> dict[bytes, bytes | Unread]:
    """Return the digest of each value, or why it could not be read."""
    small = [item for item in wanted if item.size_bytes is not None and item.size_bytes <= SMALL_BYTES]
    replies = deployment.pipeline([export_format.read_command(item.key, item.type) for item in small])
    results: dict[bytes, bytes | Unread] = {}
    for item, reply in zip(small, replies, strict=True):
        if isinstance(reply, ServerError):
            results[item.key] = Unread(reason_of(reply, export_format.read_command(item.key, item.type)[0]))
        else:
            results[item.key] = digest_of(item.type, [export_format.value_of(item.type, reply or b"")])
    for item in wanted:
        if item.key not in results:
            results[item.key] = _large(deployment, item)
    return results


def _large(deployment: Deployment, item: Wanted) -> bytes | Unread:
    try:
        for _ in range(_ATTEMPTS):
            counted = _Counted(_windows(deployment, item))
            digest = digest_of(item.type, counted)
            # SCAN gives an element twice while the server rehashes a collection; then it is read again.
            if counted.elements == item.length:
                return digest
    except Unread as error:
        return error
    return Unread("its value changed while it was read")


class _Counted:
    """Windows that count the elements that went by."""

    def __init__(self, windows: Iterator[Any]) -> None:
        self._windows = windows
        self.elements = 0

    def __iter__(self) -> Iterator[Any]:
        for window in self._windows:
            self.elements += len(window)
            yield window


def _windows(deployment: Deployment, item: Wanted) -> Iterator[Any]:
    if item.type in _SCANS:
        yield from _scanned(deployment, item)
    elif item.type == "stream":
        start = b"-"
        while entries := _asked(deployment, "XRANGE", item.key, start, "+", "COUNT", _count(item)):
            yield export_format.value_of("stream", entries)
            start = b"(" + entries[-1][0]
    else:
        name, step = ("GETRANGE", _WINDOW_BYTES) if item.type == "string" else ("LRANGE", _count(item))
        place = 0
        while window := _asked(deployment, name, item.key, place, place + step - 1):
            yield window
            place += len(window)


def _scanned(deployment: Deployment, item: Wanted) -> Iterator[list[Any]]:
    cursor: Any = b"0"
    while True:
        cursor, words = _asked(deployment, _SCANS[item.type], item.key, cursor, "COUNT", _count(item))
        yield words if item.type == "set" else list(zip(words[::2], words[1::2], strict=True))
        if cursor == b"0":
            return


def _count(item: Wanted) -> int:
    """Return how many elements make a window."""
    if item.size_bytes is None:
        return _CAREFUL_ELEMENTS
    return max(1, min(_MAX_ELEMENTS, _WINDOW_BYTES * item.length // max(1, item.size_bytes)))


def _asked(deployment: Deployment, *words: Any) -> Any:  # noqa: ANN401 - a command and its reply
    reply = deployment.ask(*words)
    if isinstance(reply, ServerError):
        raise Unread(reason_of(reply, words[0]))
    return reply


def reason_of(error: ServerError, command: object) -> str:
    """Return why a key could not be read, without the server's own text, which may quote what was sent."""
    if error.word == "NOPERM":
        return "this user may not read it" if is_about_the_key(error) else f"{command} is not allowed to this user"
    if error.word == "WRONGTYPE":
        return "its type changed while it was read"
    return f"the server refused a command ({error.word if error.word.isalnum() else 'ERR'})"
