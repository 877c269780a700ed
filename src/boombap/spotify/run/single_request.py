"""One request outside of a batch: within the same quota, with the same token, and sent again where that may help."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from boombap.resilience.retry import Policy, retry
from boombap.spotify.model import Rejection
from boombap.spotify.webapi import endpoints
from boombap.spotify.webapi.decode import Decoded
from boombap.spotify.webapi.rate_limit import Limited

if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.interrupt import Interrupt
    from boombap.spotify.model import ApiRequest
    from boombap.spotify.run.api_session import ApiSession

_POLICY = Policy(attempts=4, deadline_s=20.0)
# The Web API answers 400 and 404 at random too (`endpoints.Doubtful`).
_MOST_DOUBTS = 2


def ask(
    api: ApiSession, request: ApiRequest, interrupt: Interrupt, *, on_request: Callable[[], None] = lambda: None
) -> Decoded | Rejection:
    """Return what the Web API answers; a rejection that may be a random one counts the second time.

    Args:
        on_request: is called before each time that the request is sent.

    Raises:
        RetryLater: a rate-limit ban is active.
        AccessDenied: the credentials are wrong.
        ExternalError: the Web API does not answer.
    """
    doubts = 0

    def fetch() -> Decoded | Rejection:
        nonlocal doubts
        try:
            return _fetch(api, request, interrupt, on_request)
        except endpoints.Doubtful as error:
            doubts += 1
            if doubts < _MOST_DOUBTS:
                raise
            return error.rejection

    return retry(fetch, _POLICY, sleep=interrupt.sleep)


def _fetch(
    api: ApiSession, request: ApiRequest, interrupt: Interrupt, on_request: Callable[[], None]
) -> Decoded | Rejection:
    token, limiter = api.token, api.limiter
    if not token.headers:
        _renew(api)
    while not limiter.take(1):
        interrupt.sleep(limiter.wait_s)
    headers = token.headers
    assert headers is not None, "just taken"
    on_request()
    result = endpoints.read(
        request, api.client.fetch(endpoints.http_request(request, api.base_url, headers)), time.time()
    )
    if isinstance(result, Decoded | Rejection):
        return result
    if isinstance(result, endpoints.Expired):
        token.reject(headers)
    if isinstance(result, Limited):
        limiter.refuse(result)
    raise result


def _renew(api: ApiSession) -> None:
    try:
        api.token.update(api.client.fetch(api.token.request()))
    except Limited as error:
        api.limiter.refuse(error)
        raise
