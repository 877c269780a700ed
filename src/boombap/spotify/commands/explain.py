"""What Spotify offers for one track: a search as a batch would make it, within the same quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.errors import ExternalError
from boombap.spotify import environment
from boombap.spotify.model import Mode, Rejection
from boombap.spotify.run.api_session import open_session
from boombap.spotify.run.single_request import ask
from boombap.spotify.scheduling.scheduler import RequestScheduler
from boombap.spotify.settings import SpotifySettings
from boombap.spotify.webapi.token import require_credentials

if TYPE_CHECKING:
    from boombap.command.context import RunContext
    from boombap.spotify.model import Track, TrackQuery


def search_one(context: RunContext, wanted: TrackQuery) -> tuple[Track, ...]:
    """Return the candidates for a track, of each search that a batch would make.

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
        while requests := scheduler.next_requests(1, 0.0):
            result = ask(api, requests[0], interrupt)
            if isinstance(result, Rejection):
                raise ExternalError(f"the Web API refused the search: {result.value.replace('_', ' ')}")
            tracks += [track for track in result.response.tracks if track and track not in tracks]
            scheduler.answer(requests[0], result.response, result.broken)
    return tuple(tracks)
