"""Who may call a hook: senders with the token, and senders that sign what they send with it.

A signature is the header ``X-Boombap-Signature: sha256=HEX``, the HMAC-SHA256 of the value of ``X-Boombap-Timestamp``
(Unix seconds), a full stop and the body. A signed request counts once, and only near its time. Argo CD cannot sign.
"""

from __future__ import annotations

import hashlib
import hmac
import threading

from boombap.server import bearer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

WINDOW_S = 300
"""How far the clock of a sender may be off."""
# Each is 32 bytes, and only who knows the token adds one.
_MOST_SEEN = 100_000


class Senders:
    """Checks requests against one token; threads may share it."""

    def __init__(self, token: str) -> None:
        """Take the token.

        Raises:
            ConfigError: for one that does not fit into a header.
        """
        self._token = bearer.token_bytes(token, "deps.hook_token")
        self._seen: dict[bytes, float] = {}
        self._lock = threading.Lock()

    def refusal(self, environ: WSGIEnvironment, body: bytes, now_s: float) -> str:
        """Return why a request is refused; empty when it may be answered.

        Args:
            environ: of the request.
            body: all of it.
            now_s: Unix time.
        """
        # A sender that signs is held to it, whatever else it sends.
        if "HTTP_X_BOOMBAP_SIGNATURE" in environ:
            return self._unsigned(environ, body, now_s)
        return "" if bearer.sends(environ, self._token) else "the hook needs its token"

    def _unsigned(self, environ: WSGIEnvironment, body: bytes, now_s: float) -> str:
        sent_at = environ.get("HTTP_X_BOOMBAP_TIMESTAMP", "")
        signed = sent_at.encode("utf-8", "surrogateescape") + b"." + body
        wanted = hmac.new(self._token, signed, hashlib.sha256)
        sent = environ["HTTP_X_BOOMBAP_SIGNATURE"].encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(sent, b"sha256=" + wanted.hexdigest().encode()):
            return "the signature does not fit"
        if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) <= len("18446744073709551615")):
            return "X-Boombap-Timestamp must be Unix seconds"
        if abs(now_s - int(sent_at)) > WINDOW_S:
            return f"the signature is not of the last {WINDOW_S} s; check the clocks"
        return self._replayed(wanted.digest(), int(sent_at) + WINDOW_S, now_s)

    def _replayed(self, signature: bytes, ends_s: float, now_s: float) -> str:
        with self._lock:
            if signature in self._seen:
                return "the request was sent before"
            if len(self._seen) >= _MOST_SEEN:
                self._seen = {seen: until_s for seen, until_s in self._seen.items() if until_s >= now_s}
            if len(self._seen) >= _MOST_SEEN:
                return "too many signed requests; try again later"
            self._seen[signature] = ends_s
            return ""
