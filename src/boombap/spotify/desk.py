"""What every command of a run works with, and the servers that it talks to."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from boombap.errors import ConfigError, UsageError
from boombap.record import Record
from boombap.spotify.words import DATABASE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from boombap.clients.postgres.pool import Pool
    from boombap.clients.postgres.session import Limits, Session
    from boombap.clients.redis.pool import Pool as RedisPool
    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.output.terminal import Terminal
    from boombap.spotify.cache import Cache
    from boombap.spotify.lines import Skipped
    from boombap.spotify.model import Wanted

_STATEMENT_MS = 30_000
_LOCK_MS = 5_000
_REDIS_CONNECT_S, _REDIS_READ_S = 0.5, 1.0
_STDIN = "-"


class Desk(Record):
    """What a command works with."""

    args: Namespace
    config: Config
    terminal: Terminal
    interrupt: Interrupt

    @property
    def is_json(self) -> bool:
        """Tell whether the answer is for a program."""
        return bool(self.args.format == "json")

    @property
    def limits(self) -> Limits:
        """Give the limits of one statement: a batch may take longer than a diagnosis may."""
        from boombap.clients.postgres.session import Limits

        return Limits(self.config.db.connect_timeout, _STATEMENT_MS, _LOCK_MS)

    def session(self, interrupt: Interrupt | None = None) -> Session:
        """Give a connection to the platform's database."""
        from boombap.clients.postgres.session import Session
        from boombap.local.address import postgres

        return Session(postgres(self.config), self.limits, interrupt or self.interrupt)

    def pool(self, interrupt: Interrupt) -> Pool:
        """Give connections for the writer and for what is kept in PostgreSQL beside the verdicts."""
        from boombap.clients.postgres.pool import Pool
        from boombap.local.address import postgres

        return Pool(postgres(self.config), interrupt, limits=self.limits, size=2)

    @contextmanager
    def redis(self, interrupt: Interrupt) -> Iterator[RedisPool | None]:
        """Give connections to the platform's Redis; None, with a note, when none is configured."""
        from boombap.clients.redis.connection import Limits
        from boombap.clients.redis.pool import Pool
        from boombap.local.address import redis

        try:
            target = redis(self.config)
        except ConfigError as error:
            self.terminal.note(
                f"without a cache, and with {self.config.spotify.local_share:g} % of the budget: {error}"
            )
            yield None
            return
        limits = Limits(_REDIS_CONNECT_S, _REDIS_READ_S)
        with Pool(target, interrupt, limits=limits, size=3) as pool:
            yield pool

    def cache(self, redis: RedisPool) -> Cache:
        """Give the cache that the configuration describes."""
        from boombap.spotify.cache import Cache, Lifetimes
        from boombap.spotify.match import match

        return Cache(redis, match, Lifetimes(self.config.spotify.ttl, self.config.spotify.missing_ttl))


def lines_of(source: str, most: int | None, skip: Callable[[Skipped], object]) -> Iterator[list[Wanted]]:
    """Give the tracks that a file or stdin asks for, in chunks.

    Args:
        source: ``-`` for ids on stdin, else a CSV file.
        most: at most so many.
        skip: told of each line that cannot be used.

    Raises:
        UsageError: for a file that cannot be read.
    """
    import sys
    from itertools import islice

    from boombap.spotify import lines

    try:
        if source == _STDIN:
            found: Iterator[Wanted | Skipped] = lines.read_ids(sys.stdin)
            yield from _chunks(islice(_usable(found, skip), most))
            return
        with Path(source).open(encoding="utf-8", newline="") as file:
            yield from _chunks(islice(_usable(lines.read_csv(file, source), skip), most))
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{source} is not UTF-8") from None


def is_database(source: str) -> bool:
    """Tell whether the tracks come from the table."""
    return source == DATABASE


def _usable(found: Iterator[Wanted | Skipped], skip: Callable[[Skipped], object]) -> Iterator[Wanted]:
    from boombap.spotify.model import Wanted

    for one in found:
        if isinstance(one, Wanted):
            yield one
        else:
            skip(one)


_CHUNK = 1_000


def _chunks(tracks: Iterator[Wanted]) -> Iterator[list[Wanted]]:
    from itertools import islice

    while chunk := list(islice(tracks, _CHUNK)):
        yield chunk
