"""What Spotify offers for one track: a search as a batch would make it, within the same quota."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from boombap.clients.http.multi import Client
from boombap.errors import ExternalError
from boombap.resilience.retry import Policy, retry
from boombap.spotify import environment
from boombap.spotify.model import Mode, Refusal
from boombap.spotify.quota.build import limiter_of
from boombap.spotify.scheduling.scheduler import Planner
from boombap.spotify.settings import SpotifySettings
from boombap.spotify.webapi import endpoints
from boombap.spotify.webapi.decode import Decoded
from boombap.spotify.webapi.token import from_settings

if TYPE_CHECKING:
    from boombap.command.context import RunContext
    from boombap.spotify.model import Ask, Track, Wanted
    from boombap.spotify.quota.limiter import Limiter
    from boombap.spotify.webapi.token import Access

_POLICY = Policy(attempts=4, deadline_s=20.0)


def find(context: RunContext, wanted: Wanted) -> tuple[Track, ...]:
    """Return the candidates for a track.

    Raises:
        RetryLater: a rate-limit ban is active.
        AccessDenied: the credentials are wrong.
        ExternalError: the Web API does not answer.
    """
    settings = context.config.of(SpotifySettings)
    access = from_settings(settings)
    planner = Planner(Mode.EXTENDED)
    planner.add([wanted], 0.0)
    planner.finish()
    found: list[Track] = []
    with ExitStack() as stack:
        redis = stack.enter_context(environment.redis(context, context.interrupt))
        limiter = limiter_of(settings, redis, None, burst=1)
        limiter.begin()
        client = stack.enter_context(Client(context.interrupt, ca_file=context.config.http.ca_file))
        stack.callback(limiter.close)
        sleep = context.interrupt.sleep
        for ask in planner.next_requests(1, 0.0):
            found += retry(lambda: _fetch(context, client, access, limiter, ask), _POLICY, sleep=sleep)  # noqa: B023
    return tuple(found)


def _fetch(context: RunContext, client: Client, access: Access, limiter: Limiter, ask: Ask) -> list[Track]:
    if not access.headers:
        access.take(client.fetch(access.request()))
    while not limiter.take(1):
        context.interrupt.sleep(limiter.wait_s)
    headers = access.headers
    assert headers is not None, "just taken"
    base_url = context.config.of(SpotifySettings).base_url
    found = endpoints.read(ask, client.fetch(endpoints.request(ask, base_url, headers)), time.time())
    if isinstance(found, Decoded):
        return [track for track in found.reply.tracks if track]
    if isinstance(found, Refusal):
        raise ExternalError(f"the Web API refused the search: {found.value.replace('_', ' ')}")
    if isinstance(found, endpoints.Expired):
        access.refuse(headers)
    if isinstance(found, endpoints.Limited):
        limiter.refuse(found)
    raise found
