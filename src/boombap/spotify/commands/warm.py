"""Puts what the tables know already into the cache, the most popular first, and says how well the cache works."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from boombap.batch.progress import Progress
from boombap.errors import ConfigError, ExternalError, UsageError
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.known_tracks import read_known
from boombap.spotify.settings import SpotifySettings

if TYPE_CHECKING:
    from boombap.clients.redis.pool import Pool
    from boombap.command.context import RunContext
    from boombap.spotify.cache.redis_cache import HitCounts


def warm(context: RunContext) -> tuple[int, float]:
    """Return how many tracks the cache took, and the seconds that took.

    Raises:
        ConfigError: without a Redis.
        ExternalError: Redis took nothing at all.
    """
    args, started_s, taken, seen = context.args, time.monotonic(), 0, 0
    artists = _artists(args.artists) if args.artists else ()
    with environment.redis(context, context.interrupt) as redis, closing(environment.session(context)) as session:
        if redis is None:
            raise ConfigError("no cache to warm: no Redis is configured", hint="set REDIS_URL")
        cache = environment.cache(context, redis)
        if not schema.is_installed(session):
            return 0, time.monotonic() - started_s
        with Progress("tracks", args.tracks, context.terminal) as progress:
            for chunk in read_known(
                session, ttl_s=context.config.of(SpotifySettings).ttl, max_tracks=args.tracks, artists=artists
            ):
                context.interrupt.check()
                taken += cache.warm(chunk)
                seen += len(chunk)
                progress.advance(len(chunk))
    if seen and not taken:
        raise ExternalError("Redis took none of the tracks", hint="see `boombap redis info`, or the warning above")
    return taken, time.monotonic() - started_s


def counts(context: RunContext, redis: Pool | None) -> HitCounts | None:
    """Return the hits and misses of all processes; None where no Redis answers."""
    if redis is None:
        return None
    try:
        return environment.cache(context, redis).read_counts()
    except ExternalError as error:
        context.terminal.note(f"the cache does not answer: {error}")
        return None


def _artists(file: str) -> tuple[str, ...]:
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8") from None
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not names:
        raise UsageError(f"{file} names no artist", hint="write one per line")
    return names
