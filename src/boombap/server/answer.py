"""A WSGI response in one call, with its Content-Length, so that connections stay open."""

from __future__ import annotations

from http import HTTPStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def answer(
    start: StartResponse, status: int, body: bytes = b"", kind: str = JSON, headers: Iterable[tuple[str, str]] = ()
) -> list[bytes]:
    """Start the response and return its body.

    Args:
        start: what the server handed to the application.
        kind: the Content-Type.
        headers: further ones.
    """
    start(status_line(status), [("Content-Type", kind), ("Content-Length", str(len(body))), *headers])
    return [body]


def status_line(status: int) -> str:
    """Return the status code with its reason phrase.

    >>> status_line(429), status_line(599)
    ('429 Too Many Requests', '599 Status')
    """
    return _LINES.get(status) or f"{status} Status"
