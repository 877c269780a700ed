"""Progress of the catalogue and any active rate-limit ban; makes no request to Spotify."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from boombap.errors import ExternalError
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.runs import read_runs
from boombap.spotify.queries.load import query
from boombap.spotify.quota.shared_window import SharedRateWindow, account_of
from boombap.spotify.settings import SpotifySettings

if TYPE_CHECKING:
    from boombap.clients.postgres.session import Session
    from boombap.clients.redis.pool import Pool as RedisPool
    from boombap.command.context import RunContext
    from boombap.spotify.catalogue.runs import RunProgress


class Status(NamedTuple):
    """Where the catalogue stands.

    Attributes:
        tracks: rows of the table.
        outcomes: rows by verdict.
        unjudged: rows with legacy metadata that no verdict confirms.
        empty: rows without any result.
        stale: matches older than the TTL of the cache.
        leased: rows that a process works on now.
        dead: rows that PostgreSQL refused.
        cooldown_s: seconds until the next request is allowed; 0 when none stands.
        runs: the latest ones and those that are running, the newest first.
    """

    tracks: int
    outcomes: dict[str, int]
    unjudged: int
    empty: int
    stale: int
    leased: int
    dead: int
    cooldown_s: float
    runs: tuple[RunProgress, ...] = ()


def status(context: RunContext, redis: RedisPool | None) -> Status:
    """Look into the database, and into Redis for a ban.

    Raises:
        ExternalError: the database does not answer.
    """
    with closing(environment.session(context)) as session:
        if not schema.is_installed(session):
            (bare,) = session.read(query("status_bare"))
            cooldown_s = _cooldown_s(context, None, redis)
            return Status(bare["tracks"], {}, bare["unjudged"], bare["empty"], 0, 0, 0, cooldown_s)
        values = {"ttl_s": context.config.of(SpotifySettings).ttl, "space": schema.LOCK_SPACE}
        (row,) = session.read(query("status"), values)
        outcomes = {row["outcome"]: row["n"] for row in session.read(query("status_outcomes"))}
        return _status(row, outcomes, _cooldown_s(context, session, redis), read_runs(session))


def _status(row: dict[str, Any], outcomes: dict[str, int], cooldown_s: float, runs: tuple[RunProgress, ...]) -> Status:
    counts = (row["unjudged"], row["empty"], row["stale"], row["leased"], row["dead"])
    return Status(row["tracks"], outcomes, *counts, cooldown_s, runs)


def _cooldown_s(context: RunContext, session: Session | None, redis: RedisPool | None) -> float:
    """Return the seconds of the ban that ends last: a dry run keeps its own in Redis only, and Redis may forget."""
    settings = context.config.of(SpotifySettings)
    if not settings.client_id:
        return 0.0
    account = account_of(settings.client_id)
    left_s = [row["left_s"] for row in session.read(query("cooldown"), {"account": account})] if session else []
    if redis:
        # By its own clock at zero the answer is what is left.
        window = SharedRateWindow(redis, account, budget=0, length_s=0.0, now=lambda: 0.0)
        try:
            left_s.append(window.cooldown_until_s())
        except ExternalError as error:
            context.terminal.note(f"a ban that only Redis knows is not seen: {error}")
    return max(0.0, *left_s) if left_s else 0.0
