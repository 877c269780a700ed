"""What Spotify offers for one track: a search as a batch would make it, within the same quota.

The flag `spotify-engine` chooses which engine searches; the same code judges what is found. Classic makes one search
for the names; a code of the recording, and `http.ca_file`, are native's alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from boombap.errors import ExternalError, RetryLater
from boombap.flags.engine import run
from boombap.spotify import environment
from boombap.spotify.model import Mode, Rejection
from boombap.spotify.run.api_session import open_session
from boombap.spotify.run.single_request import ask
from boombap.spotify.scheduling.scheduler import RequestScheduler
from boombap.spotify.settings import SpotifySettings
from boombap.spotify.webapi.rate_limit import Limited
from boombap.spotify.webapi.token import require_credentials

if TYPE_CHECKING:
    from boombap.command.context import RunContext
    from boombap.interrupt import Interrupt
    from boombap.spotify.model import Track, TrackQuery
    from boombap.spotify.run.api_session import ApiSession

_FLAG = "spotify-engine"


class Candidates(NamedTuple):
    """What was found for a track.

    Attributes:
        engine: ``native`` or ``classic``.
    """

    tracks: tuple[Track, ...]
    engine: str = "native"


def search_one(context: RunContext, wanted: TrackQuery) -> Candidates:
    """Return the candidates for a track, of each search that a batch would make; classic makes one.

    Raises:
        RetryLater: a rate-limit ban is active.
        AccessDenied: the credentials are wrong.
        ExternalError: the Web API does not answer.
        UsageError: classic is to search and is not installed.
    """
    settings = context.config.of(SpotifySettings)
    require_credentials(settings)
    interrupt, ca_file = context.interrupt, context.config.http.ca_file
    with (
        environment.redis(context, interrupt) as redis,
        open_session(settings, interrupt, in_flight=1, redis=redis, pool=None, ca_file=ca_file) as api,
    ):

        def native() -> Candidates:
            return _native(api, wanted, interrupt)

        def classic() -> Candidates:
            return _classic(settings, api, wanted, interrupt)

        if wanted.isrc or ca_file:
            return native()
        return run(
            context,
            _FLAG,
            f"{wanted.artist} - {wanted.title}",
            native,
            classic,
            may_fall_back=True,
            differ=_differences,
            work="search",
        )


def _differences(classic: Candidates, native: Candidates) -> list[str]:
    """Return the candidates of classic's one search that native's searches did not find."""
    known = {track.id for track in native.tracks}
    return [f"native does not have {track.id}, {track.name}" for track in classic.tracks if track.id not in known]


def _native(api: ApiSession, wanted: TrackQuery, interrupt: Interrupt) -> Candidates:
    scheduler = RequestScheduler(Mode.EXTENDED)
    scheduler.add([wanted], 0.0)
    scheduler.finish()
    tracks: list[Track] = []
    while requests := scheduler.next_requests(1, 0.0):
        result = ask(api, requests[0], interrupt)
        if isinstance(result, Rejection):
            raise ExternalError(f"the Web API refused the search: {result.value.replace('_', ' ')}")
        tracks += [track for track in result.response.tracks if track and track not in tracks]
        scheduler.answer(requests[0], result.response, result.broken)
    return Candidates(tuple(tracks))


def _classic(settings: SpotifySettings, api: ApiSession, wanted: TrackQuery, interrupt: Interrupt) -> Candidates:
    """Return what one search finds, within the quota that all processes share; a ban is remembered for all."""
    from boombap.spotify.classic import access_token, candidates

    client_id, client_secret = require_credentials(settings)
    while not api.limiter.take(1):
        interrupt.sleep(api.limiter.wait_s)
    try:
        token = access_token(settings.accounts_url, client_id, client_secret)
        return Candidates(candidates(settings.base_url, token, wanted), "classic")
    except RetryLater as error:
        limited = Limited(str(error))
        limited.retry_after_s = error.retry_after_s
        api.limiter.refuse(limited)
        raise
