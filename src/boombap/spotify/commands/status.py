"""Progress of the catalogue and any active rate-limit ban; makes no request to Spotify."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from boombap.errors import ExternalError
from boombap.interrupt import Interrupt
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.queries.load import query
from boombap.spotify.quota.cooldown import Cooldown
from boombap.spotify.quota.shared_window import account_of
from boombap.spotify.settings import SpotifySettings

if TYPE_CHECKING:
    from boombap.command.context import RunContext


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
    """

    tracks: int
    outcomes: dict[str, int]
    unjudged: int
    empty: int
    stale: int
    leased: int
    dead: int
    cooldown_s: float


def status(context: RunContext) -> Status:
    """Look into the database.

    Raises:
        ExternalError: the database does not answer.
    """
    with closing(environment.session(context)) as session:
        if not schema.version(session):
            (bare,) = session.read(query("status_bare"))
            return Status(bare["tracks"], {}, bare["unjudged"], bare["empty"], 0, 0, 0, 0.0)
        (row,) = session.read(query("status"), {"ttl_s": context.config.of(SpotifySettings).ttl})
        outcomes = {row["outcome"]: row["n"] for row in session.read(query("status_outcomes"))}
    return _status(row, outcomes, _cooldown_s(context))


def _status(row: dict[str, Any], outcomes: dict[str, int], cooldown_s: float) -> Status:
    counts = (row["unjudged"], row["empty"], row["stale"], row["leased"], row["dead"])
    return Status(row["tracks"], outcomes, *counts, cooldown_s)


def _cooldown_s(context: RunContext) -> float:
    client_id = context.config.of(SpotifySettings).client_id
    if not client_id:
        return 0.0
    with environment.pool(context, Interrupt()) as pool:
        # By its own clock at zero the answer is what is left.
        try:
            return Cooldown(pool, account_of(client_id), now=lambda: 0.0).cooldown_until_s()
        except ExternalError:
            return 0.0
