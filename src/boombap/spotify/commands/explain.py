"""What Spotify offers for one track: a search as a batch would make it, within the same quota."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from boombap.errors import ExternalError
from boombap.resilience.retry import Policy, retry
from boombap.spotify import environment
from boombap.spotify.model import Mode, Rejection
from boombap.spotify.run.api_session import open_session
from boombap.spotify.scheduling.scheduler import RequestScheduler
from boombap.spotify.settings import SpotifySettings
from boombap.spotify.webapi import endpoints
from boombap.spotify.webapi.decode import Decoded
from boombap.spotify.webapi.rate_limit import Limited
from boombap.spotify.webapi.token import require_credentials

if TYPE_CHECKING:
    from boombap.command.context import RunContext
    from boombap.interrupt import Interrupt
    from boombap.spotify.model import ApiRequest, Track, TrackQuery
    from boombap.spotify.run.api_session import ApiSession

_POLICY = Policy(attempts=4, deadline_s=20.0)


def search_one(context: RunContext, wanted: TrackQuery) -> tuple[Track, ...]:
    """Return the candidates for a track.

    Raises:
        RetryLater: a rate-limit ban is active.
        AccessDenied: the credentials are wrong.
        ExternalError: the Web API does not answer.
    """
    settings = context.config.of(SpotifySettings)
    require_credentials(settings)
    scheduler = RequestScheduler(Mode.EXTENDED)
    scheduler.add([wanted], 0.0)
    scheduler.finish()
    tracks: list[Track] = []
    interrupt, ca_file = context.interrupt, context.config.http.ca_file
    with (
        environment.redis(context, interrupt) as redis,
        open_session(settings, interrupt, in_flight=1, redis=redis, pool=None, ca_file=ca_file) as api,
    ):
        for request in scheduler.next_requests(1, 0.0):
            tracks += retry(lambda: _fetch(api, request, interrupt), _POLICY, sleep=interrupt.sleep)  # noqa: B023
    return tuple(tracks)


def _fetch(api: ApiSession, request: ApiRequest, interrupt: Interrupt) -> list[Track]:
    token, limiter = api.token, api.limiter
    if not token.headers:
        _renew(api)
    while not limiter.take(1):
        interrupt.sleep(limiter.wait_s)
    headers = token.headers
    assert headers is not None, "just taken"
    result = endpoints.read(
        request, api.client.fetch(endpoints.http_request(request, api.base_url, headers)), time.time()
    )
    if isinstance(result, Decoded):
        return [track for track in result.response.tracks if track]
    if isinstance(result, Rejection):
        raise ExternalError(f"the Web API refused the search: {result.value.replace('_', ' ')}")
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
