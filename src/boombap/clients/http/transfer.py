"""One easy handle: set up once, then used for one request after the other, so that only what differs is set again."""

from __future__ import annotations

import os
import re

from boombap import __version__
from boombap.clients.http.driver import pycurl
from boombap.clients.http.exchange import Request, Response, check_headers, check_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Literal

    HttpVersion = Literal["1.1", "2"]
    Sink = Callable[[bytes], object]

# The whole host: 127.0.0.1.example.org is not this machine.
_LOOPBACK = re.compile(r"https?://(?:[^/?#]*@)?(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d*)?(?![^/?#])", re.ASCII)
# Without these two libcurl sends Expect: 100-continue before a body, and waits a second for servers that ignore it.
_EVERY_TIME = ["Expect:"]
# libcurl sends a request again when a kept connection ends without an answer; these may be worked on twice
# (RFC 9110, 9.2.2). The others get a connection of their own, on which it does not.
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
_BUFFER_BYTES = 256 * 1024
_NONE = Request("", "")


class Transfer:
    """An easy handle with its request, and what has been received so far.

    Args:
        ca_file: with the authorities that are trusted; None for libcurl's own.
        connect_s: limit for name look-up, TCP and TLS.
        stall_s: a transfer that moves too little for this long is aborted.
        least_bytes_s: how many bytes per second are enough.
    """

    __slots__ = (
        "_chunks",
        "_is_direct",
        "_lines",
        "ca_file",
        "easy",
        "is_too_large",
        "received_bytes",
        "request",
        "sink",
        "trouble",
    )

    def __init__(
        self, *, http: HttpVersion, ca_file: Path | None, connect_s: float, stall_s: float, least_bytes_s: int
    ) -> None:
        self.request = _NONE
        self.ca_file = ca_file
        self.received_bytes = 0
        self.is_too_large = False
        self.sink: Sink | None = None
        self.trouble: OSError | None = None
        self._lines: list[bytes] = []
        self._chunks: list[bytes] = []
        self._is_direct = False
        self.easy = easy = pycurl.Curl()
        for option, value in _fixed_options(http, connect_s, stall_s, least_bytes_s).items():
            easy.setopt(option, value)
        if ca_file:
            easy.setopt(pycurl.CAINFO, os.fsencode(ca_file))
        easy.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        easy.setopt(pycurl.WRITEFUNCTION, self._take)

    def begin(self, request: Request, sink: Sink | None = None) -> None:
        """Set the handle up for a request; `sink` takes the body of a success in pieces, instead of memory.

        Raises:
            ConfigError: when the request must not be sent.
        """
        before, easy = self.request, self.easy
        self.received_bytes = 0
        # A batch shares one tuple of headers: it is looked at once.
        if request.headers is not before.headers or before is _NONE:
            check_headers(request.headers)
        check_target(request)
        self.request, self.sink = request, sink
        easy.setopt(pycurl.URL, request.url)
        if request.headers is not before.headers or before is _NONE:
            easy.setopt(pycurl.HTTPHEADER, [*request.headers, *_EVERY_TIME])
        if request.method != before.method or request.body is not None or before.body is not None:
            self._set_method(request)
        if request.timeout_s != before.timeout_s or before is _NONE:
            easy.setopt(pycurl.TIMEOUT_MS, max(1, round(1000 * request.timeout_s)))
        if request.max_bytes != before.max_bytes or before is _NONE:
            easy.setopt(pycurl.MAXFILESIZE_LARGE, request.max_bytes)
        if request.max_redirects != before.max_redirects or before is _NONE:
            easy.setopt(pycurl.FOLLOWLOCATION, request.max_redirects > 0)
            easy.setopt(pycurl.MAXREDIRS, request.max_redirects)
        self._set_proxy(request)

    def response(self) -> Response:
        """Return the answer once the transfer has ended well."""
        chunks, easy, request = self._chunks, self.easy, self.request
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        url = easy.getinfo(pycurl.EFFECTIVE_URL) if request.max_redirects else request.url
        status = easy.getinfo(pycurl.RESPONSE_CODE)
        return Response(request, status, self._lines[:], body, easy.getinfo(pycurl.TOTAL_TIME), url)

    def expected_bytes(self) -> int | None:
        """Return the size that the server announced; None when it did not."""
        length = int(self.easy.getinfo(pycurl.CONTENT_LENGTH_DOWNLOAD_T))
        return length if length >= 0 else None

    def forget(self) -> None:
        """Make room for the next request; the handle keeps its settings."""
        self._lines.clear()
        self._chunks.clear()
        self.is_too_large = False
        self.sink = self.trouble = None

    def close(self) -> None:
        """Free the handle."""
        self.easy.close()

    def _take(self, chunk: bytes) -> int:
        # Called from C: an exception here would be printed and lost. Giving back another length ends the transfer.
        self.received_bytes += len(chunk)
        if self.received_bytes > self.request.max_bytes:
            self.is_too_large = True
            return 0
        if self.sink is None or not self._is_success():
            self._chunks.append(chunk)
            return len(chunk)
        try:
            self.sink(chunk)
        except OSError as error:
            self.trouble = error
            return 0
        return len(chunk)

    def _is_success(self) -> bool:
        lines = (line for line in reversed(self._lines) if line.startswith(b"HTTP/"))
        return next(lines, b"").partition(b" ")[2].startswith(b"2")

    def _set_method(self, request: Request) -> None:
        easy = self.easy
        easy.setopt(pycurl.HTTPGET, 1)
        easy.setopt(pycurl.NOBODY, request.method == "HEAD")
        easy.setopt(pycurl.FRESH_CONNECT, request.method not in _IDEMPOTENT)
        if request.body is not None:
            easy.setopt(pycurl.POST, 1)
            easy.setopt(pycurl.POSTFIELDS, request.body)
        if request.method in {"GET", "HEAD"} and request.body is None:
            easy.unsetopt(pycurl.CUSTOMREQUEST)
        else:
            easy.setopt(pycurl.CUSTOMREQUEST, request.method)

    def _set_proxy(self, request: Request) -> None:
        # Not NOPROXY, which would replace no_proxy of the environment: that one holds for all other hosts.
        is_direct = _LOOPBACK.match(request.url) is not None
        if is_direct == self._is_direct:
            return
        self._is_direct = is_direct
        if is_direct:
            self.easy.setopt(pycurl.PROXY, "")
        else:
            self.easy.unsetopt(pycurl.PROXY)


def _fixed_options(http: HttpVersion, connect_s: float, stall_s: float, least_bytes_s: int) -> dict[int, object]:
    web = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
    return {
        pycurl.NOSIGNAL: 1,
        pycurl.PROTOCOLS: web,
        pycurl.REDIR_PROTOCOLS: web,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_2TLS if http == "2" else pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.SSL_VERIFYPEER: 1,
        pycurl.SSL_VERIFYHOST: 2,
        pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
        pycurl.ACCEPT_ENCODING: "gzip",
        pycurl.USERAGENT: f"boombap/{__version__}",
        pycurl.CONNECTTIMEOUT_MS: max(1, round(1000 * connect_s)),
        pycurl.LOW_SPEED_LIMIT: least_bytes_s,
        pycurl.LOW_SPEED_TIME: max(1, round(stall_s)),
        pycurl.TCP_NODELAY: 1,
        pycurl.BUFFERSIZE: _BUFFER_BYTES,
        pycurl.MAXAGE_CONN: 60,
    }
