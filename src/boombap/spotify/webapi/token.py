"""The access token: asked for with the app's credentials, shared by all requests in flight, renewed once when it ends.

Source: Spotify, "Client Credentials Flow" (RFC 6749, section 4.4): POST /api/token with Basic authentication; a token
lives 3,600 s and there is no refresh token.
"""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import orjson

from boombap.clients.http.errors import refusal
from boombap.clients.http.exchange import Failure, Request
from boombap.errors import AccessDenied, ConfigError, Unavailable
from boombap.spotify.webapi.rate_limit import TOO_MANY, limited

if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.clients.http.exchange import Response
    from boombap.config.secret import Secret
    from boombap.spotify.settings import SpotifySettings

_TIMEOUT_S = 10.0
# A request that leaves just before the end arrives after it.
_MARGIN_S = 30.0
_SHORTEST_S = 60.0
_MOST_BYTES = 64 * 1024
_HINT = "check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET against the developer dashboard"
_REFUSED = (400, 401, 403)
# A new token that is refused as the old one was: asking for a third would not help.
_MOST_REFUSED = 2


class AccessToken:
    """The token of one process; use it from one thread.

    The pipeline asks `headers`; while that is None and `is_asking` is not set, it sends `request` and hands the answer
    to `update`.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: Secret,
        accounts_url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_asking = False
        self.renewals = 0
        self._client_id = client_id
        self._client_secret = client_secret
        self._url = f"{accounts_url}/api/token"
        self._clock = clock
        self._headers: tuple[str, ...] | None = None
        self._ends_at_s = 0.0
        self._refused = 0

    @property
    def headers(self) -> tuple[str, ...] | None:
        """Return the headers of a request, the same tuple while the token lives; None when one must be asked for."""
        if self._headers and self._clock() >= self._ends_at_s:
            self._headers = None
        return self._headers

    def request(self) -> Request:
        """Return the request for a new token."""
        self.is_asking = True
        pair = base64.b64encode(f"{self._client_id}:{self._client_secret.reveal()}".encode()).decode()
        headers = (f"Authorization: Basic {pair}", "Content-Type: application/x-www-form-urlencoded")
        body = b"grant_type=client_credentials"
        return Request("POST", self._url, headers, body, _TIMEOUT_S, _MOST_BYTES, tag=self)

    def update(self, answer: Response | Failure) -> None:
        """Take the answer to `request`.

        Raises:
            AccessDenied: when the credentials are wrong.
            Limited: when it was asked too often.
            ExternalError: when no token came; the transient ones may be tried again.
        """
        self.is_asking = False
        if isinstance(answer, Failure):
            raise answer.error
        if answer.status in _REFUSED:
            raise AccessDenied(f"Spotify refused the app's credentials (status {answer.status})", hint=_HINT)
        if answer.status == TOO_MANY:
            raise limited(answer, time.time())
        if not answer.is_success:
            raise refusal(answer, time.time())
        token, lives_s = _read(answer.body)
        self._headers = (f"Authorization: Bearer {token}", "Accept: application/json")
        self._ends_at_s = self._clock() + max(_SHORTEST_S, lives_s - _MARGIN_S)
        self.renewals += 1

    def reject(self, headers: tuple[str, ...]) -> None:
        """Say that a request with these headers was answered with 401.

        The first one ends the token; those that were in flight with it, and come later, are sent again with the new
        one and end nothing.

        Raises:
            AccessDenied: when new tokens are refused too.
        """
        if headers is not self._headers:
            return
        self._headers = None
        self._refused += 1
        if self._refused > _MOST_REFUSED:
            raise AccessDenied("the Web API refuses every token that it is given", hint=_HINT)

    def confirm(self) -> None:
        """Say that a request was not answered with 401."""
        self._refused = 0


def from_settings(settings: SpotifySettings) -> AccessToken:
    """Return the token of the app that the configuration names; nothing is asked for yet.

    Raises:
        ConfigError: when the credentials are not set.
    """
    return AccessToken(*require_credentials(settings), settings.accounts_url)


def require_credentials(settings: SpotifySettings) -> tuple[str, Secret]:
    """Return the app's id and secret.

    Raises:
        ConfigError: when they are not set.
    """
    if not settings.client_id or not settings.client_secret:
        raise ConfigError(
            "no credentials for the Spotify Web API are configured",
            hint="set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET, or try the tool with `boombap spotify emulate`",
        )
    return settings.client_id, settings.client_secret


def _read(body: bytes) -> tuple[str, float]:
    try:
        answer = orjson.loads(body)
        token, lives_s = answer["access_token"], float(answer.get("expires_in", _SHORTEST_S))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        token, lives_s = "", 0.0
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise Unavailable("the answer of the token endpoint holds no token", hint="check spotify.accounts_url")
    return token, lives_s
