"""The emulator as a WSGI application: the token endpoint, the Web API behind its limits and faults, and two of its own.

``GET /_log`` tells what each client asked; ``GET /_faults`` and ``POST /_faults`` show and replace the fault script.
"""

from __future__ import annotations

import base64
import binascii
import errno
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

import orjson

from boombap.errors import UsageError
from boombap.server.answer import answer
from boombap.server.engine import RESET
from boombap.spotify.emulate import faults
from boombap.spotify.emulate.endpoints import Endpoints, Question, Refused
from boombap.spotify.emulate.response import Response, damaged, error, quota_exceeded, refusal
from boombap.spotify.emulate.window import EmulatedWindow, QuotaExceeded
from boombap.spotify.model import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from boombap.spotify.emulate.catalogue import Catalogue
    from boombap.spotify.emulate.faults import Then
    from boombap.spotify.emulate.quirk import Quirk

_TOKEN = "/api/token"  # noqa: S105 - a path
_API = "/v1"
_NOBODY = "unknown"
_OK, _LIMITED = 200, 429


class Settings(NamedTuple):
    """How the emulator behaves.

    Attributes:
        secret: the only one that is accepted; None for any.
        token_s: how long a token lives.
        latency_ms: before each answer.
        window: requests of one client in any window; None for no limit.
        window_s: length of the window.
        quota: requests of all clients on a day; None for no limit.
        quirks: of every search.
        seed: of the quirks.
    """

    mode: Mode = Mode.EXTENDED
    secret: str | None = None
    token_s: float = 3600.0
    latency_ms: float = 0.0
    window: int | None = None
    window_s: float = 30.0
    quota: int | None = None
    quirks: frozenset[Quirk] = frozenset()
    seed: int = 0


class App:
    """The application.

    Args:
        clock: Unix time.
        sleep: waits for seconds.

    Attributes:
        script: the faults; may be set while it serves.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        settings: Settings = Settings(),  # noqa: B008 - frozen
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.script = faults.Script()
        self._settings = settings
        self._endpoints = Endpoints(catalogue, settings.mode, settings.seed)
        self._window = EmulatedWindow(settings.window, settings.window_s, clock, settings.quota)
        self._clock = clock
        self._sleep = sleep
        self._tokens: dict[str, tuple[str, float]] = {}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        if path == "/_log":
            return _send(start, Response(_OK, orjson.dumps(self._window.report())))
        if path == "/_faults":
            return _send(start, self._take_script(environ))
        if self._settings.latency_ms:
            self._sleep(self._settings.latency_ms / 1000)
        query = environ.get("QUERY_STRING", "")
        whole = f"{path}?{query}" if query else path
        client = _client(environ) if path == _TOKEN else self._holder(environ)
        then, quirks = self.script.strike(whole)
        if then and then.delay_ms and then.kind != "drip":
            self._sleep(then.delay_ms / 1000)
        response = self._troubled(environ, client, then, quirks) if then else self._response(environ, client, quirks)
        self._window.note(client or _NOBODY, whole, response.status)
        if then and then.kind == "reset":
            return _cut_off(environ, start, response)
        if then and then.kind == "drip":
            return self._drip(start, response, then.delay_ms / 1000)
        return _send(start, response)

    def _response(self, environ: WSGIEnvironment, client: str | None, quirks: frozenset[Quirk]) -> Response:
        path = environ["PATH_INFO"]
        if path == _TOKEN:
            return self._token(environ)
        if not path.startswith(f"{_API}/"):
            return error(404, "Service not found")
        if client is None:
            is_given = environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer ")
            return error(401, "The access token expired" if is_given else "No token provided")
        try:
            wait_s = self._window.admit(client)
        except QuotaExceeded:
            return quota_exceeded()
        if wait_s:
            return error(_LIMITED, "API rate limit exceeded", ("Retry-After", str(wait_s)))
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return error(405, "Method not allowed")
        parameters = dict(reversed(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)))
        base_url = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', 'localhost')}{_API}"
        question = Question(base_url, path.removeprefix(_API), parameters, self._settings.quirks | quirks)
        try:
            return Response(_OK, self._endpoints.answer(question))
        except Refused as refused:
            return error(refused.status, refused.message)

    def _token(self, environ: WSGIEnvironment) -> Response:
        if environ["REQUEST_METHOD"] != "POST":
            return error(405, "Method not allowed")
        pair = _pair(environ)
        wanted = self._settings.secret
        if not pair or not all(pair) or (wanted is not None and not secrets.compare_digest(pair[1], wanted)):
            return Response(400, b'{"error":"invalid_client","error_description":"Invalid client"}')
        form = dict(parse_qsl(environ["wsgi.input"].read().decode("ascii", "replace")))
        if form.get("grant_type") != "client_credentials":
            return Response(
                400, b'{"error":"unsupported_grant_type","error_description":"grant_type must be client_credentials"}'
            )
        token = secrets.token_urlsafe(64)
        now_s = self._clock()
        self._tokens = {known: held for known, held in self._tokens.items() if held[1] > now_s}
        self._tokens[token] = (pair[0], now_s + self._settings.token_s)
        lives = {"access_token": token, "token_type": "Bearer", "expires_in": int(self._settings.token_s)}
        return Response(_OK, orjson.dumps(lives))

    def _holder(self, environ: WSGIEnvironment) -> str | None:
        """Return the client whose token the request carries; None when it is none of ours or has expired."""
        held = self._tokens.get(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer "))
        return held[0] if held and held[1] > self._clock() else None

    def _troubled(self, environ: WSGIEnvironment, client: str | None, then: Then, quirks: frozenset[Quirk]) -> Response:
        if then.kind == "ban":
            response = self._banned(client or _NOBODY, then)
        else:
            response = refusal(then) or damaged(self._response(environ, client, quirks), then.kind, self._settings.mode)
        return response._replace(headers=response.headers + then.headers)

    def _banned(self, client: str, then: Then) -> Response:
        wait_s = self._window.ban(client, then.ban_s)
        return error(then.status, then.message or "Too many requests", ("Retry-After", str(wait_s)))

    def _drip(self, start: StartResponse, response: Response, delay_s: float) -> Iterator[bytes]:
        """Send half the body, and the other half after a while."""
        body = _send(start, response)[0]
        yield body[: len(body) // 2]
        self._sleep(delay_s)
        yield body[len(body) // 2 :]

    def _take_script(self, environ: WSGIEnvironment) -> Response:
        if environ["REQUEST_METHOD"] == "POST":
            try:
                self.script.set(faults.parse(orjson.loads(environ["wsgi.input"].read())))
            except (UsageError, orjson.JSONDecodeError) as refused:
                return error(400, str(refused))
        return Response(_OK, orjson.dumps(self.script.report()))


def _client(environ: WSGIEnvironment) -> str | None:
    pair = _pair(environ)
    return pair[0] if pair else None


def _pair(environ: WSGIEnvironment) -> tuple[str, str] | None:
    kind, _, code = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    try:
        id_, _, secret = base64.b64decode(code, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return None
    return (id_, secret) if kind.lower() == "basic" else None


def _send(start: StartResponse, response: Response) -> list[bytes]:
    return answer(start, response.status, response.body, response.kind, response.headers)


def _cut_off(environ: WSGIEnvironment, start: StartResponse, response: Response) -> Iterator[bytes]:
    """Send half the body, then break the connection."""
    body = _send(start, response)[0]
    yield body[: len(body) // 2]
    environ[RESET]()
    # Else the server would wait for a further request on the closed socket.
    raise ConnectionResetError(errno.ECONNRESET, "reset by the fault script")
