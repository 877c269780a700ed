"""What the collector may ask PostgreSQL at each scrape: the catalogue only, so that nothing grows with the rows."""

from __future__ import annotations

from boombap.clients.postgres.pool import Pool
from boombap.clients.postgres.session import Limits
from boombap.db.collect import Request, diagnose
from boombap.db.model import QUICK, Connections, Tracks
from boombap.local.address import postgres
from boombap.telemetry import catalogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.config.model import Config
    from boombap.db.model import Diagnosis
    from boombap.interrupt import Interrupt
    from boombap.telemetry.catalogue import Figure

# 0 from the start: a series that comes with the first session has no rate before.
_STATES = ("active", "idle", "idle in transaction")
_LIMITS = Limits(connect_s=2.0, statement_ms=2000)


def probe(config: Config, interrupt: Interrupt) -> Iterator[Figure]:
    """Yield the figures of the configured database.

    Raises:
        ConfigError: when none is configured.
        ExternalError: when it does not answer.
    """
    with Pool(postgres(config), interrupt, limits=_LIMITS, size=1) as pool:
        yield from figures(diagnose(pool, Request(QUICK, is_fast=True)))


def figures(diagnosis: Diagnosis) -> Iterator[Figure]:
    """Yield what a diagnosis by estimates says; what it does not know is left out."""
    server, tracks, connections = diagnosis.server, diagnosis.tracks, diagnosis.connections
    if server.size_bytes is not None:
        yield catalogue.DB_SIZE, (), server.size_bytes
    if isinstance(tracks, Tracks) and tracks.total is not None:
        yield catalogue.DB_TRACKS, (), tracks.total
        filled = {"lyrics": tracks.with_lyrics, "spotify_data": tracks.with_spotify}
        yield from ((catalogue.DB_TRACKS_FILLED, (name,), count) for name, count in filled.items() if count is not None)
    if isinstance(diagnosis.analyzers, tuple):
        yield from ((catalogue.DB_ANALYZER_RESULTS, (one.name,), one.rows) for one in diagnosis.analyzers)
    if isinstance(connections, Connections):
        yield catalogue.DB_CONNECTIONS_MAX, (), connections.limit
        states = dict.fromkeys(_STATES, 0) | dict(connections.by_state)
        yield from ((catalogue.DB_CONNECTIONS, (state,), count) for state, count in states.items())
