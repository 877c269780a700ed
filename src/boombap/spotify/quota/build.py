"""The limiter of a run, from the configuration and whatever servers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.spotify.quota.cooldown import Cooldown
from boombap.spotify.quota.limiter import Limiter, Limits
from boombap.spotify.quota.shared_window import Window, account_of

if TYPE_CHECKING:
    from boombap.clients.postgres.pool import Pool
    from boombap.clients.redis.pool import Pool as RedisPool
    from boombap.spotify.quota.limiter import Memory
    from boombap.spotify.settings import SpotifySettings


def limiter_of(settings: SpotifySettings, redis: RedisPool | None, pool: Pool | None, *, burst: int) -> Limiter:
    """Return the limiter of one process.

    Args:
        redis: with the window that all processes share; without it the local share counts.
        pool: with the tables of the processor, which remember cool-downs when Redis forgets.
        burst: requests that may leave at once.
    """
    limits = Limits(settings.budget, settings.window, burst, settings.local_share / 100)
    account = account_of(settings.client_id or "")
    memories: list[Memory] = []
    window = None
    if redis:
        window = Window(redis, account, budget=settings.budget, length_s=settings.window + limits.hold_s)
        memories.append(window)
    if pool:
        memories.append(Cooldown(pool, account))
    return Limiter(limits, window, memories)
