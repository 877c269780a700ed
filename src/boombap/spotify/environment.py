"""What an action of `spotify` works with, from its context: the database, the platform's Redis, the cache in it."""

from __future__ import annotations

from contextlib import contextmanager

from boombap.errors import ConfigError, UsageError
from boombap.spotify.model import Shard
from boombap.spotify.settings import SpotifySettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    return sessions(context, interrupt)()


def sessions(context: RunContext, interrupt: Interrupt | None = None) -> Callable[[], Session]:
    """Return what opens connections to one database: a local server that stops meanwhile is still that one.

    Args:
        interrupt: as for `session`.
    """
    from boombap.clients.postgres.session import Session
    from boombap.local.address import postgres

    target, limits = postgres(context.config), _limits(context)
    return lambda: Session(target, limits, interrupt or context.interrupt)


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


def shard(context: RunContext, *, is_database: bool) -> Shard:
    """Return the part of the table that `--shard` or an Indexed Job of Kubernetes names; 1/1 is the whole table.

    Args:
        is_database: whether the tracks come from the table.

    Raises:
        UsageError: half of a shard, a number above the count, or a shard of a file.
    """
    words, settings = context.args.shard, context.config.of(SpotifySettings)
    number, count = words or (None, settings.job_shards)
    if count is None:
        # Kubernetes sets the index alone: then the pods share the table by their leases.
        return Shard()
    if number is None:
        number = _job_number(settings, count, "--shard" if words else "JOB_COMPLETIONS")
    if not is_database and count > 1:
        raise UsageError(
            f"shard {number}/{count} is a part of the table tracks, and --from names another source",
            hint="leave out --shard and JOB_COMPLETIONS, or use --from db",
        )
    return Shard(number, count)


def _job_number(settings: SpotifySettings, count: int, origin: str) -> int:
    if settings.job_index is None:
        raise UsageError(
            f"{origin} splits the table into {count} shards, and JOB_COMPLETION_INDEX is not set",
            hint=f"write --shard 1/{count} to --shard {count}/{count}",
        )
    if settings.job_index >= count:
        raise UsageError(
            f"JOB_COMPLETION_INDEX is {settings.job_index}, and {origin} splits the table into {count} shards",
            hint=f"it counts from 0 to {count - 1}",
        )
    return settings.job_index + 1


def cache(context: RunContext, connections: RedisPool) -> Cache:
    """Return the cache that the configuration describes."""
    from functools import partial

    from boombap.spotify.cache.redis_cache import Cache, Lifetimes
    from boombap.telemetry.hooks import on_change

    settings = context.config.of(SpotifySettings)
    lifetimes = Lifetimes(settings.ttl, settings.missing_ttl)
    return Cache(connections, lifetimes, on_change=partial(on_change, context.meter))


def _limits(context: RunContext) -> Limits:
    """Return the limits of one statement: a batch may take longer than a diagnosis may."""
    from boombap.clients.postgres.session import Limits

    return Limits(context.config.postgres.connect_timeout, _STATEMENT_MS, _LOCK_MS)
