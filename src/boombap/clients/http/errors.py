"""What libcurl and HTTP statuses report, turned into our errors, without libcurl's own text.

libcurl's messages hold addresses, and these hold keys; the reason is looked up by its number
(https://curl.se/libcurl/c/libcurl-errors.html). A message names the origin, `url` of the error the path as well;
queries, passwords and headers are in neither.
"""

from __future__ import annotations

from boombap.clients.http.driver import pycurl
from boombap.clients.http.exchange import origin, shown_url
from boombap.clients.http.retry_after import delay_s
from boombap.errors import AccessDenied, Disconnected, ExternalError, NotFound, TimedOut, Unavailable, Unreachable
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from boombap.clients.http.exchange import Request, Response

_CA_HINT = "name a file with the authority's certificate in http.ca_file"
_BROKE = (Disconnected, "{origin} broke the connection", "try again; if it persists, look at the server's log")
_NO_TLS = (AccessDenied, "the TLS handshake with {origin} failed", "check that it speaks TLS 1.2 or later on this port")
_BAD_HTTP2 = (
    Disconnected,
    "{origin} broke the HTTP/2 connection",
    "try again; if it persists, look at the server's log",
)

# By libcurl's number: the class of the error, what happened, what to do.
_BY_CODE: dict[int, tuple[type[ExternalError], str, str]] = {
    1: (ExternalError, "{origin} does not answer in HTTP, or redirects to another protocol", "check host and port"),
    3: (ExternalError, "an address at {origin} is malformed", "check the URL"),
    5: (Unreachable, "the proxy's host name is not known", "check https_proxy and http_proxy"),
    6: (Unreachable, "the host of {origin} is not known", "check the host name and the network"),
    7: (Unreachable, "{origin} refused the connection", "check host and port, and that the server runs"),
    8: (Disconnected, "{origin} does not answer in HTTP", "check host and port"),
    16: _BAD_HTTP2,
    18: (Disconnected, "{origin} broke off in the middle of an answer", "try again"),
    35: _NO_TLS,
    47: (ExternalError, "{origin} redirects more than {redirects} times", "check the URL"),
    52: (Disconnected, "{origin} closed the connection without an answer", "try again"),
    53: _NO_TLS,
    54: _NO_TLS,
    55: _BROKE,
    56: _BROKE,
    58: (AccessDenied, "the client certificate for {origin} cannot be used", "check its file"),
    59: _NO_TLS,
    60: (AccessDenied, "the certificate of {origin} cannot be verified", _CA_HINT),
    61: (Disconnected, "{origin} sent an answer that cannot be decompressed", "try again"),
    63: (ExternalError, "{origin} sent an answer above the limit of {limit}", "check the URL, or raise the limit"),
    77: (AccessDenied, "no certificates of authorities can be read from {ca_file}", _CA_HINT),
    83: _NO_TLS,
    92: _BAD_HTTP2,
    95: _BAD_HTTP2,
    97: (Unreachable, "the proxy refused to connect to {origin}", "check https_proxy and http_proxy"),
    100: (ExternalError, "{origin} sent more headers than libcurl takes (300 KiB, 5,000 lines)", "check the URL"),
}
_UNKNOWN = (ExternalError, "the request to {origin} failed (libcurl error {code})", "")
_TIMED_OUT = 28
_WRITE_FAILED = 23
_TOO_LARGE = 63
# libcurl has two numbers for too many headers: one of their own, and for their sum the one of a broken connection.
_RECEIVE_FAILED = 56
_TOO_MANY_HEADERS = 100
_HEADER_BYTES = 200 * 1024
# A server that hangs up during the handshake, because it is overloaded, is not a TLS mismatch.
_HANDSHAKE = 35

_BY_STATUS: dict[int, tuple[type[ExternalError], str]] = {
    401: (AccessDenied, "check the credentials"),
    403: (AccessDenied, "check the rights of these credentials"),
    404: (NotFound, "check the URL"),
    407: (AccessDenied, "check the proxy's credentials"),
    408: (Unavailable, "try again later"),
    410: (NotFound, "check the URL"),
    429: (Unavailable, "send fewer requests"),
}
_FIRST_SERVER_ERROR = 500


def failed(
    easy: pycurl.Curl, code: int, request: Request, *, is_too_large: bool = False, ca_file: Path | None = None
) -> ExternalError:
    """Return the error for a transfer that libcurl ended with `code`."""
    if code == _TIMED_OUT:
        return _about(request, _late(easy, request))
    if code == _WRITE_FAILED and is_too_large:
        code = _TOO_LARGE
    if code == _RECEIVE_FAILED and easy.getinfo(pycurl.HEADER_SIZE) > _HEADER_BYTES:
        code = _TOO_MANY_HEADERS
    known = _BROKE if code == _HANDSHAKE and easy.getinfo(pycurl.OS_ERRNO) else _BY_CODE.get(code, _UNKNOWN)
    kind, message, hint = known
    values = {"origin": origin(request.url), "code": code, "redirects": request.max_redirects}
    text = message.format(**values, limit=format_size(request.max_bytes), ca_file=ca_file or "the system's files")
    return _about(request, kind(text, hint=hint))


def refusal(response: Response, now_s: float) -> ExternalError:
    """Return the error for an answer whose status is not a success.

    Args:
        response: any whose status is not among the 200s.
        now_s: Unix time, for a Retry-After that is a date.
    """
    request, status = response.request, response.status
    default = (Unavailable, "try again later") if status >= _FIRST_SERVER_ERROR else (ExternalError, "")
    kind, hint = _BY_STATUS.get(status, default)
    error = kind(f"{shown_url(request.url)} answered with status {status}", hint=hint)
    if isinstance(error, Unavailable):
        error.retry_after_s = delay_s(response.headers, now_s)
    error.status = status
    return _about(request, error)


def _late(easy: pycurl.Curl, request: Request) -> ExternalError:
    place, waited = origin(request.url), format_duration(easy.getinfo(pycurl.TOTAL_TIME))
    if not easy.getinfo(pycurl.CONNECT_TIME):
        return Unreachable(f"{place} did not accept a connection within {waited}", hint="check network and firewall")
    return TimedOut(f"{place} did not finish its answer within {waited}", hint="try again, or raise the time limit")


def _about(request: Request, error: ExternalError) -> ExternalError:
    error.url = shown_url(request.url)
    return error
