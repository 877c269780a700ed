"""Puts what the tables know already into the cache, the most popular first, and says how well the cache works."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from boombap.batch.progress import Progress
from boombap.errors import ConfigError, OutsideError, UsageError
from boombap.spotify import schema
from boombap.spotify.kept import read_kept

if TYPE_CHECKING:
    from boombap.spotify.cache import Counts
    from boombap.spotify.desk import Desk


def warm(desk: Desk) -> tuple[int, float]:
    """Give how many tracks the cache took, and the seconds that took.

    Raises:
        ConfigError: without a Redis.
        OutsideError: Redis took nothing at all.
    """
    begun_s, taken, seen = time.monotonic(), 0, 0
    artists = _artists(desk.args.artists) if desk.args.artists else ()
    with desk.redis(desk.interrupt) as redis, closing(desk.session()) as session:
        if redis is None:
            raise ConfigError("there is no cache to warm: no Redis is configured", hint="set REDIS_URL")
        cache = desk.cache(redis)
        if not schema.version(session):
            return 0, time.monotonic() - begun_s
        with Progress("tracks", desk.args.tracks, quiet=desk.terminal.quiet) as progress:
            for chunk in read_kept(session, ttl_s=desk.config.spotify.ttl, most=desk.args.tracks, artists=artists):
                desk.interrupt.check()
                taken += cache.warm(chunk)
                seen += len(chunk)
                progress.advance(len(chunk))
    if seen and not taken:
        raise OutsideError("Redis took none of the tracks", hint="see `boombap redis info`, or the warning above")
    return taken, time.monotonic() - begun_s


def counts(desk: Desk) -> Counts | None:
    """Give the hits and misses of all processes; None where no Redis answers."""
    with desk.redis(desk.interrupt) as redis:
        if redis is None:
            return None
        try:
            return desk.cache(redis).read_counts()
        except OutsideError as error:
            desk.terminal.note(f"the cache does not answer: {error}")
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
        raise UsageError(f"{file} names no artist", hint="write one a line")
    return names
