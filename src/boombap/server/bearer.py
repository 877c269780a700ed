"""A token that clients must send, before an application."""

from __future__ import annotations

from hmac import compare_digest

from boombap.errors import ConfigError
from boombap.server.answer import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def protected(
    app: WSGIApplication, token: str, setting: str, *, kind: str = "application/json", body: bytes = b""
) -> WSGIApplication:
    """Return an application for clients that send a bearer token (RFC 6750); any other one gets 401.

    Args:
        token: compared in constant time.
        setting: where the token is configured, for the error.
        kind: media type of `body`.
        body: what a client without the token gets.

    Raises:
        ConfigError: for a token that does not fit into a header.
    """
    wanted = token_bytes(token, setting)

    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if sends(environ, wanted):
            return app(environ, start)
        return answer(start, 401, body, kind, [("WWW-Authenticate", "Bearer")])

    return serve


def token_bytes(token: str, setting: str) -> bytes:
    """Return a token as `sends` compares it.

    Raises:
        ConfigError: for one that is empty or does not fit into a header.
    """
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(f"{setting} must be printable ASCII without spaces")
    return token.encode()


def sends(environ: WSGIEnvironment, wanted: bytes) -> bool:
    """Tell whether a request has the bearer token; it is compared in constant time."""
    scheme, _, sent = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(sent.strip().encode("utf-8", "surrogateescape"), wanted)
