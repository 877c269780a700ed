"""The Web API as every command uses it: one HTTP client, one access token and one limiter, from the configuration."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from boombap.clients.http.multi import MAX_IN_FLIGHT, Client
from boombap.spotify.quota.cooldown import Cooldown
from boombap.spotify.quota.limiter import Limiter, RateLimits
from boombap.spotify.quota.shared_window import SharedRateWindow, account_of
from boombap.spotify.webapi.token import from_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boombap.clients.postgres.pool import Pool
    from boombap.clients.redis.pool import Pool as RedisPool
    from boombap.interrupt import Interrupt
    from boombap.resilience.breaker import OnChange
    from boombap.spotify.quota.limiter import Memory
    from boombap.spotify.settings import SpotifySettings
    from boombap.spotify.webapi.token import AccessToken


class ApiSession(NamedTuple):
    """What requests are sent with; for one thread.

    Attributes:
        base_url: of the endpoints, without a slash at the end.
    """

    client: Client
    token: AccessToken
    limiter: Limiter
    base_url: str


@contextmanager
def open_session(
    settings: SpotifySettings,
    interrupt: Interrupt,
    *,
    in_flight: int,
    redis: RedisPool | None,
    pool: Pool | None,
    ca_file: Path | None,
    on_change: OnChange | None = None,
) -> Iterator[ApiSession]:
    """Yield a session; when it ends, what it took from the shared window and did not use is returned.

    Args:
        interrupt: ends the waits of the client.
        in_flight: requests at one time.
        redis: with the window that all processes share; without it the local share counts.
        pool: with the tables of the processor, which remember cool-downs when Redis forgets.
        ca_file: authorities that are trusted instead of the system's.
        on_change: callback of the breaker of the shared window.

    Raises:
        ConfigError: without credentials, or when `ca_file` cannot be used.
        RetryLater: a rate-limit ban from an earlier run is active; no request was made.
    """
    token = from_settings(settings)
    limiter = _limiter(settings, redis, pool, burst=in_flight, on_change=on_change)
    limiter.begin()
    # One more for the token, which must not wait for a free place, where the client has one.
    places = min(in_flight + 1, MAX_IN_FLIGHT)
    with closing(limiter), Client(interrupt, max_in_flight=places, ca_file=ca_file) as client:
        yield ApiSession(client, token, limiter, settings.base_url)


def _limiter(
    settings: SpotifySettings,
    redis: RedisPool | None,
    pool: Pool | None,
    *,
    burst: int,
    on_change: OnChange | None,
) -> Limiter:
    """Return the limiter of one process, with what all processes share and remember."""
    limits = RateLimits(settings.budget, settings.window, burst, settings.local_share / 100)
    account = account_of(settings.client_id or "")
    memories: list[Memory] = []
    window = None
    if redis:
        window = SharedRateWindow(redis, account, budget=settings.budget, length_s=settings.window + limits.hold_s)
        memories.append(window)
    if pool:
        memories.append(Cooldown(pool, account))
    return Limiter(limits, window, memories, on_change=on_change)
