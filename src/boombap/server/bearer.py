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
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(f"{setting} must be printable ASCII without spaces")
    wanted = token.encode()

    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        scheme, _, sent = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer" and compare_digest(sent.strip().encode("utf-8", "surrogateescape"), wanted):
            return app(environ, start)
        return answer(start, 401, body, kind, [("WWW-Authenticate", "Bearer")])

    return serve
