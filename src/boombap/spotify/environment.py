"""What an action of `spotify` works with, from its context: the database, the platform's Redis, the cache in it."""

from __future__ import annotations

from contextlib import contextmanager

from boombap.errors import ConfigError
from boombap.spotify.settings import SpotifySettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.postgres.pool import Pool
    from boombap.clients.postgres.session import Limits, Session
    from boombap.clients.redis.pool import Pool as RedisPool
    from boombap.command.context import RunContext
    from boombap.interrupt import Interrupt
    from boombap.spotify.cache.redis_cache import Cache

_STATEMENT_MS = 30_000
_LOCK_MS = 5_000
_REDIS_CONNECT_S, _REDIS_READ_S = 0.5, 1.0


def session(context: RunContext, interrupt: Interrupt | None = None) -> Session:
    """Return a connection to the platform's database.

    Args:
        interrupt: what cancels its statements; the run's unless another is given.
    """
    from boombap.clients.postgres.session import Session
    from boombap.local.address import postgres

    return Session(postgres(context.config), _limits(context), interrupt or context.interrupt)


def pool(context: RunContext, interrupt: Interrupt) -> Pool:
    """Return connections for the writer and for what is kept in PostgreSQL beside the verdicts."""
    from boombap.clients.postgres.pool import Pool
    from boombap.local.address import postgres

    return Pool(postgres(context.config), interrupt, limits=_limits(context), size=3)


@contextmanager
def redis(context: RunContext, interrupt: Interrupt) -> Iterator[RedisPool | None]:
    """Yield connections to the platform's Redis; None, with a note, when none is configured."""
    from boombap.clients.redis.connection import Limits
    from boombap.clients.redis.pool import Pool
    from boombap.local import address

    try:
        target = address.redis(context.config)
    except ConfigError as error:
        share = context.config.of(SpotifySettings).local_share
        context.terminal.note(f"without a cache, and with {share:g} % of the budget: {error}")
        yield None
        return
    limits = Limits(_REDIS_CONNECT_S, _REDIS_READ_S)
    with Pool(target, interrupt, limits=limits, size=3) as made:
        yield made


def cache(context: RunContext, connections: RedisPool) -> Cache:
    """Return the cache that the configuration describes."""
    from boombap.spotify.cache.redis_cache import Cache, Lifetimes

    settings = context.config.of(SpotifySettings)
    return Cache(connections, Lifetimes(settings.ttl, settings.missing_ttl))


def _limits(context: RunContext) -> Limits:
    """Return the limits of one statement: a batch may take longer than a diagnosis may."""
    from boombap.clients.postgres.session import Limits

    return Limits(context.config.postgres.connect_timeout, _STATEMENT_MS, _LOCK_MS)
