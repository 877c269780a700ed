"""What wraps every application: /healthz, bodiless answers to HEAD, and the access log."""

from __future__ import annotations

import time

from boombap.server.answer import TEXT, answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    Note = Callable[[str], object]

_HEALTH = "/healthz"


def guard(app: WSGIApplication, note: Note | None) -> WSGIApplication:
    """Return the application, wrapped in what the server answers itself.

    Args:
        note: callback with one line per request, without its query, which may hold keys; None for no access log.
    """

    def guarded(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        healthy = environ["PATH_INFO"] == _HEALTH
        answering = _health if healthy else app
        begin = _noting(environ, start, note) if note else start
        if environ["REQUEST_METHOD"] == "HEAD":
            return _without_body(answering(environ, begin))
        return answering(environ, begin)

    return guarded


def _health(_: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    return answer(start, 200, b"ok\n", TEXT)


def _without_body(chunks: Iterable[bytes]) -> list[bytes]:
    for _ in chunks:
        break  # a generator starts its response with the first piece only
    close = getattr(chunks, "close", None)
    if close:
        close()
    return []


def _noting(environ: WSGIEnvironment, start: StartResponse, note: Note) -> StartResponse:
    started_s = time.monotonic()

    def begin(status: str, headers: list[tuple[str, str]], exc_info: object = None, /) -> Callable[[bytes], object]:
        took_ms = 1000 * (time.monotonic() - started_s)
        # As a literal of ASCII: a path from outside must not control a terminal or start a new line.
        what = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']!a}"
        note(f"{environ['REMOTE_ADDR']} {what} {status[:3]} {took_ms:.1f} ms")
        return start(status, headers, exc_info)  # type: ignore[arg-type]

    return begin
