"""The endpoints: a request of the model to HTTP, and the answer to a response, a rejection or an error.

The errors say what the pipeline does next: `Expired` renews the token, `Limited` stops every process, other transient
ones are tried again after a while.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from boombap.clients.http.errors import refusal
from boombap.clients.http.exchange import Failure, Request
from boombap.errors import Disconnected, TimedOut, Unavailable, Unreachable
from boombap.spotify.model import Endpoint, Rejection
from boombap.spotify.webapi.decode import Decoded, decode
from boombap.spotify.webapi.rate_limit import TOO_MANY, limited

if TYPE_CHECKING:
    from boombap.clients.http.exchange import Response
    from boombap.errors import ExternalError
    from boombap.spotify.model import ApiRequest

_TIMEOUT_S = 20.0
# 50 tracks with the markets of each are 400 kB.
_MOST_BYTES = 8 * 1024 * 1024
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 400, 401, 403, 404
_OK, _SERVER_ERROR = 200, 500
_TIMED_OUT = 408
_ONE_ID = (Endpoint.TRACK, Endpoint.ALBUM_TRACKS, Endpoint.ARTIST_ALBUMS)
_MOST_SAID = 100
_ANY_ID = re.compile(r"\b[0-9A-Za-z]{22}\b")
_WITHOUT_ANSWER = ((TimedOut, "timed out"), (Unreachable, "could not be reached"), (Disconnected, "was cut off"))
# What the Web API says of a service that is not there for a moment; of an id it says "Resource not found".
_NO_SERVICE = "service not found"
_ABOUT_ID = re.compile(r"\bid\b", re.IGNORECASE)


class Expired(Unavailable):
    """The token is no longer valid (401)."""


class Doubtful(Unavailable):
    """A rejection that the Web API also sends at random, so it counts when it is said twice.

    Source: github.com/spotify/web-api/issues/1160

    Attributes:
        rejection: what it means the second time.
    """

    rejection = Rejection.FAILED


class Absent(Doubtful):
    """The Web API does not know the id (404)."""

    rejection = Rejection.NOT_FOUND


def http_request(request: ApiRequest, base_url: str, headers: tuple[str, ...]) -> Request:
    """Return the HTTP request; the request of the model comes back as its tag."""
    return Request("GET", base_url + path(request), headers, None, _TIMEOUT_S, _MOST_BYTES, request)


def path(request: ApiRequest) -> str:
    """Return path and query of a request.

    >>> from boombap.spotify.model import ApiRequest, Endpoint
    >>> path(ApiRequest(Endpoint.SEARCH_TRACKS, query='artist:"E-40"', limit=10))
    '/search?type=track&q=artist%3A%22E-40%22&limit=10'
    """
    ids = ",".join([quote(id_, safe="") for id_ in request.ids])
    place = request.endpoint.replace("{id}", ids)
    words = [f"ids={ids}"] if ids and place == request.endpoint else []
    if request.query:
        words.append(f"q={quote(request.query, safe='')}")
    if request.groups:
        words.append(f"include_groups={quote(request.groups, safe='')}")
    if request.limit:
        words.append(f"limit={request.limit}")
    if request.offset:
        words.append(f"offset={request.offset}")
    joint = "&" if "?" in place else "?"
    return place + joint + "&".join(words) if words else place


def read(request: ApiRequest, answer: Response | Failure, now_s: float) -> Decoded | Rejection | ExternalError:
    """Return what a request was answered with.

    Args:
        now_s: Unix time, for a Retry-After that is a date.
    """
    if isinstance(answer, Failure):
        return answer.error
    if answer.status == _OK:
        try:
            return decode(request, answer.body)
        except Unavailable as error:
            return error
    return _refused(request, answer, now_s)


def _refused(request: ApiRequest, answer: Response, now_s: float) -> Rejection | ExternalError:
    status, text = answer.status, message(answer)
    if status == _UNAUTHORIZED:
        return Expired("the access token is no longer valid")
    if status == TOO_MANY:
        return limited(answer, now_s)
    if status >= _SERVER_ERROR or status == _TIMED_OUT:
        return refusal(answer, now_s)
    if status == _FORBIDDEN:
        return Rejection.FORBIDDEN
    if status == _NOT_FOUND:
        is_about_the_id = request.endpoint in _ONE_ID and text.lower() != _NO_SERVICE
        return Absent("the id is not known") if is_about_the_id else Unavailable(_without_answer(request, answer))
    if status == _BAD_REQUEST and len(request.ids) == 1 and _ABOUT_ID.search(text):
        return Rejection.NOT_FOUND
    if status == _BAD_REQUEST and len(request.ids) <= 1:
        return Doubtful(_without_answer(request, answer))
    return Rejection.FAILED


def _without_answer(request: ApiRequest, answer: Response) -> str:
    return f"the Web API did not answer {reason(request, answer)}"


def message(answer: Response) -> str:
    """Return what the Web API wrote in its rejection, shortened and without ids; empty where it wrote nothing."""
    try:
        text = str(orjson.loads(answer.body)["error"]["message"]).strip()
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return _ANY_ID.sub("…", text)[:_MOST_SAID]


def reason(request: ApiRequest, answer: Response | Failure) -> str:
    """Return why a request has no usable answer, in words that all requests of its kind share.

    Returns:
        The endpoint and the status with what the Web API wrote, as in ``/tracks: status 503``.
    """
    if isinstance(answer, Failure):
        known = (text for kind, text in _WITHOUT_ANSWER if isinstance(answer.error, kind))
        return f"{request.endpoint}: {next(known, 'failed')}"
    if answer.status == _OK:
        return unreadable(request)
    text = message(answer)
    return f"{request.endpoint}: status {answer.status}" + (f" ({text})" if text else "")


def unreadable(request: ApiRequest) -> str:
    """Return the reason of an answer, or of an entry in it, that is not what the Web API sends."""
    return f"{request.endpoint}: not readable"
