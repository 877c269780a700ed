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
from boombap.spotify.emulate.catalogue import other_id
from boombap.spotify.emulate.endpoints import Endpoints, Question, Refused
from boombap.spotify.emulate.window import EmulatedWindow
from boombap.spotify.model import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from boombap.spotify.emulate.catalogue import Catalogue
    from boombap.spotify.emulate.faults import Then

_TOKEN = "/api/token"  # noqa: S105 - a path
_API = "/v1"
_NOBODY = "unknown"
_HTML = "<html><head><title>{0}</title></head><body><h1>{0} Bad Gateway</h1></body></html>"
_OK, _LIMITED = 200, 429


class Settings(NamedTuple):
    """How the emulator behaves.

    Attributes:
        secret: the only one that is accepted; None for any.
        token_s: how long a token lives.
        latency_ms: before each answer.
        window: requests of one client in any window; None for no limit.
        window_s: length of the window.
    """

    mode: Mode = Mode.EXTENDED
    secret: str | None = None
    token_s: float = 3600.0
    latency_ms: float = 0.0
    window: int | None = None
    window_s: float = 30.0


class Said(NamedTuple):
    """An answer before it is sent."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = "application/json; charset=utf-8"


class App:
    """The application.

    Args:
        clock: Unix time.
        pause: waits for seconds.

    Attributes:
        script: the faults; may be set while it serves.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        settings: Settings = Settings(),  # noqa: B008 - frozen
        *,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self.script = faults.Script()
        self._settings = settings
        self._endpoints = Endpoints(catalogue, settings.mode)
        self._window = EmulatedWindow(settings.window, settings.window_s, clock)
        self._clock = clock
        self._pause = pause
        self._tokens: dict[str, tuple[str, float]] = {}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        if path == "/_log":
            return _send(start, Said(_OK, orjson.dumps(self._window.report())))
        if path == "/_faults":
            return _send(start, self._take_script(environ))
        if self._settings.latency_ms:
            self._pause(self._settings.latency_ms / 1000)
        query = environ.get("QUERY_STRING", "")
        whole = f"{path}?{query}" if query else path
        client = _client(environ) if path == _TOKEN else self._holder(environ)
        then = self.script.strike(whole)
        if then and then.delay_ms:
            self._pause(then.delay_ms / 1000)
        said = self._troubled(environ, client or _NOBODY, then) if then else self._said(environ, client)
        self._window.note(client or _NOBODY, whole, said.status)
        if then and then.kind == "reset":
            return _cut_off(environ, start, said)
        return _send(start, said)

    def _said(self, environ: WSGIEnvironment, client: str | None) -> Said:
        path = environ["PATH_INFO"]
        if path == _TOKEN:
            return self._token(environ)
        if not path.startswith(f"{_API}/"):
            return _error(404, "Service not found")
        if client is None:
            is_given = environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer ")
            return _error(401, "The access token expired" if is_given else "No token provided")
        wait_s = self._window.admit(client)
        if wait_s:
            return _error(_LIMITED, "API rate limit exceeded", ("Retry-After", str(wait_s)))
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _error(405, "Method not allowed")
        words = dict(reversed(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)))
        base_url = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', 'localhost')}{_API}"
        try:
            return Said(_OK, self._endpoints.answer(Question(base_url, path.removeprefix(_API), words)))
        except Refused as refused:
            return _error(refused.status, refused.message)

    def _token(self, environ: WSGIEnvironment) -> Said:
        if environ["REQUEST_METHOD"] != "POST":
            return _error(405, "Method not allowed")
        pair = _pair(environ)
        wanted = self._settings.secret
        if not pair or not all(pair) or (wanted is not None and not secrets.compare_digest(pair[1], wanted)):
            return Said(400, b'{"error":"invalid_client","error_description":"Invalid client"}')
        form = dict(parse_qsl(environ["wsgi.input"].read().decode("ascii", "replace")))
        if form.get("grant_type") != "client_credentials":
            return Said(
                400, b'{"error":"unsupported_grant_type","error_description":"grant_type must be client_credentials"}'
            )
        token = secrets.token_urlsafe(64)
        now_s = self._clock()
        self._tokens = {one: held for one, held in self._tokens.items() if held[1] > now_s}
        self._tokens[token] = (pair[0], now_s + self._settings.token_s)
        lives = {"access_token": token, "token_type": "Bearer", "expires_in": int(self._settings.token_s)}
        return Said(_OK, orjson.dumps(lives))

    def _holder(self, environ: WSGIEnvironment) -> str | None:
        """Return the client whose token the request carries; None when it is none of ours or has expired."""
        held = self._tokens.get(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer "))
        return held[0] if held and held[1] > self._clock() else None

    def _troubled(self, environ: WSGIEnvironment, client: str, then: Then) -> Said:
        if then.kind in {"json", "html", "quota", "ban"}:
            said = self._refusal(client, then)
        else:
            known = None if client == _NOBODY else client
            said = _CHANGES.get(then.kind, _as_it_is)(self._said(environ, known), self._settings.mode)
        return said._replace(headers=said.headers + then.headers)

    def _refusal(self, client: str, then: Then) -> Said:
        if then.kind == "html":
            return Said(then.status, _HTML.format(then.status).encode(), kind="text/html")
        if then.kind == "quota":
            message = then.message or "The quota of the developer account is used up"
            error = {"status": then.status, "message": message, "reason": "QUOTA_EXCEEDED"}
            return Said(then.status, orjson.dumps({"error": error}))
        if then.kind == "ban":
            wait_s = self._window.ban(client, then.ban_s)
            return _error(then.status, then.message or "Too many requests", ("Retry-After", str(wait_s)))
        return _error(then.status, then.message or "Something went wrong")

    def _take_script(self, environ: WSGIEnvironment) -> Said:
        if environ["REQUEST_METHOD"] == "POST":
            try:
                self.script.set(faults.parse(orjson.loads(environ["wsgi.input"].read())))
            except (UsageError, orjson.JSONDecodeError) as error:
                return _error(400, str(error))
        return Said(_OK, orjson.dumps(self.script.report()))


def _as_it_is(said: Said, _: Mode) -> Said:
    return said


def _malformed(said: Said, _: Mode) -> Said:
    return said._replace(body=said.body[:-1] + b',"}')


def _truncated(said: Said, _: Mode) -> Said:
    return said._replace(body=said.body[: len(said.body) // 2])


def _nulled(said: Said, _: Mode) -> Said:
    """Return null for every entry of a list; a single thing is not there."""
    found = orjson.loads(said.body)
    if said.status != _OK:
        return said
    for value in found.values():
        entries = value if isinstance(value, list) else value.get("items") if isinstance(value, dict) else None
        if entries and isinstance(entries[0], dict) and "id" not in found:
            entries[:] = [None] * len(entries)
            return said._replace(body=orjson.dumps(found))
    return _error(404, "Resource not found")


def _relinked(said: Said, mode: Mode) -> Said:
    """Return every track under another id; development mode does not say from which one."""
    found = orjson.loads(said.body)
    if said.status != _OK:
        return said
    tracks = found["tracks"] if isinstance(found.get("tracks"), list) else [found]
    for track in tracks:
        if not track or track.get("type") != "track":
            continue
        names = ("external_urls", "href", "id", "type", "uri")
        origin = {name: track[name] for name in names}
        new = other_id(track["id"])
        track.update(orjson.loads(orjson.dumps(origin).replace(origin["id"].encode(), new.encode())))
        track.update({"is_playable": True} | ({} if mode is Mode.DEVELOPMENT else {"linked_from": origin}))
    return said._replace(body=orjson.dumps(found))


_CHANGES: dict[str, Callable[[Said, Mode], Said]] = {
    "malformed": _malformed,
    "truncated": _truncated,
    "null": _nulled,
    "relink": _relinked,
}


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


def _error(status: int, message: str, *headers: tuple[str, str]) -> Said:
    return Said(status, orjson.dumps({"error": {"status": status, "message": message}}), headers)


def _send(start: StartResponse, said: Said) -> list[bytes]:
    return answer(start, said.status, said.body, said.kind, said.headers)


def _cut_off(environ: WSGIEnvironment, start: StartResponse, said: Said) -> Iterator[bytes]:
    """Send half the body, then break the connection."""
    body = _send(start, said)[0]
    yield body[: len(body) // 2]
    environ[RESET]()
    # Else the server would wait for a further request on the closed socket.
    raise ConnectionResetError(errno.ECONNRESET, "reset by the fault script")
