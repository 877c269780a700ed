"""A recorded run: responses by request, as JSON Lines, and the application that gives them again.

A replay costs a look-up per request, so that a measurement shows the client's cost and not the emulator's. Each line is
``{request, status, headers, body}``; `request` is a request line such as ``GET /v1/tracks?ids=…`` and the body is
Base64 in `body_base64` where it is not UTF-8. Connections that broke are not recorded.
"""

from __future__ import annotations

import base64
import threading
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import orjson

from boombap.errors import ExternalError, UsageError
from boombap.server.answer import status_line
from boombap.spotify.emulate.response import error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_FIELDS = frozenset(("request", "status", "headers", "body", "body_base64"))


class RecordedResponse(NamedTuple):
    """A response as it is sent."""

    status_line: str
    headers: list[tuple[str, str]]
    body: bytes


class Recorder:
    """An application that writes down what another one answers.

    Raises:
        UsageError: when the file cannot be written.
    """

    def __init__(self, app: WSGIApplication, path: str) -> None:
        self._app = app
        self._path = path
        self._lock = threading.Lock()
        self._failure: OSError | None = None
        try:
            self._file = Path(path).open("wb")  # noqa: SIM115 - closed by __exit__
        except OSError as refused:
            raise UsageError(f"{path} cannot be written: {refused.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file.

        Raises:
            ExternalError: when the record is not complete.
        """
        try:
            self._file.close()
        except OSError as refused:
            self._failure = self._failure or refused
        if self._failure:
            raise ExternalError(f"{self._path} is not complete: {self._failure.strerror}") from None

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        """Answer one request and write it down once it is answered."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def note(status: str, headers: list[tuple[str, str]], *_: object) -> object:
            started.append((status, headers))
            return start(status, headers)

        body = []
        for piece in self._app(environ, note):  # type: ignore[arg-type] # the emulator does not use write()
            body.append(piece)
            yield piece
        if not environ["PATH_INFO"].startswith("/_"):
            self._write(_request(environ), RecordedResponse(*started[0], b"".join(body)))

    def _write(self, request: str, response: RecordedResponse) -> None:
        line = orjson.dumps(
            {"request": request, "status": int(response.status_line[:3]), "headers": dict(response.headers)}
            | _text(response.body),
            option=orjson.OPT_APPEND_NEWLINE,
        )
        with self._lock:
            try:
                if not self._failure:
                    self._file.write(line)
            except OSError as refused:
                self._failure = refused


class Replay:
    """The application that gives recorded responses.

    Several responses to one request come in their order, and the last one again after that. A request that was not
    recorded is answered with 501: a 404 would be taken for a track that does not exist.
    """

    def __init__(self, responses: dict[str, list[RecordedResponse]]) -> None:
        self._responses = {request: list(reversed(several)) for request, several in responses.items()}
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        several = self._responses.get(_request(environ))
        if several is None:
            response = _recorded(*error(HTTPStatus.NOT_IMPLEMENTED, "this request was not recorded")[:2], {})
        else:
            with self._lock:
                response = several.pop() if len(several) > 1 else several[0]
        start(response.status_line, response.headers)
        return [response.body]


def read_record(path: str) -> dict[str, list[RecordedResponse]]:
    """Return the responses of a file by request line.

    Raises:
        UsageError: for a file that cannot be read or is not a record.
    """
    responses: dict[str, list[RecordedResponse]] = {}
    try:
        with Path(path).open("rb") as file:
            for number, line in enumerate(file, 1):
                request, response = _entry(line, f"line {number} of {path}")
                responses.setdefault(request, []).append(response)
    except OSError as refused:
        raise UsageError(f"{path} cannot be read: {refused.strerror}") from None
    if not responses:
        raise UsageError(f"{path} holds no response")
    return responses


def _entry(line: bytes, place: str) -> tuple[str, RecordedResponse]:
    try:
        fields = orjson.loads(line)
        unknown = fields.keys() - _FIELDS
        body = base64.b64decode(fields["body_base64"]) if "body_base64" in fields else fields["body"].encode()
        response = _recorded(int(fields["status"]), body, dict(fields["headers"]))
        request = str(fields["request"])
    except (ValueError, KeyError, TypeError, AttributeError) as refused:
        raise UsageError(f"{place} is not a recorded response: {refused}") from None
    if unknown:
        raise UsageError(f"{place} has the unknown field {min(unknown)!r}")
    return request, response


def _recorded(status: int, body: bytes, headers: dict[str, str]) -> RecordedResponse:
    lines = {"Content-Type": "application/json"} | headers | {"Content-Length": str(len(body))}
    return RecordedResponse(status_line(status), list(lines.items()), body)


def _text(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


def _request(environ: WSGIEnvironment) -> str:
    query = environ.get("QUERY_STRING")
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}{f'?{query}' if query else ''}"
