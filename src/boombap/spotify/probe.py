"""What the collector may ask about the processor at each scrape: estimates, the latest run, and any ban."""

from __future__ import annotations

from contextlib import closing

from boombap.clients.postgres.session import Limits, Session
from boombap.errors import NoVerdict
from boombap.local.address import postgres
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.runs import read_runs
from boombap.spotify.queries.load import query
from boombap.telemetry import catalogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.spotify.catalogue.runs import RunProgress
    from boombap.telemetry.catalogue import Figure

_LIMITS = Limits(connect_s=2.0, statement_ms=2000)


def probe(config: Config, interrupt: Interrupt) -> Iterator[Figure]:
    """Yield the figures of the processor's tables.

    Raises:
        ConfigError: when no database is configured.
        NoVerdict: when it has no tables of the processor.
        ExternalError: when it does not answer.
    """
    with closing(Session(postgres(config), _LIMITS, interrupt)) as session:
        if not schema.is_installed(session):
            raise NoVerdict(f"no spotify tables at {session.target.label}", hint="`boombap spotify batch` makes them")
        for row in session.read(query("probe")):
            yield catalogue.SPOTIFY_RESULTS, (row["outcome"],), row["tracks"]
        (ban,) = session.read(query("longest_cooldown"))
        yield catalogue.SPOTIFY_COOLDOWN, (), ban["left_s"] or 0.0
        if runs := read_runs(session):
            yield from _latest(runs[0])


def _latest(run: RunProgress) -> Iterator[Figure]:
    states = {
        "running": run.running,
        "ended": run.ended,
        "failed": run.failed,
        "interrupted": run.interrupted,
        "missing": run.missing,
    }
    yield from ((catalogue.SPOTIFY_SHARDS, (state,), len(shards)) for state, shards in states.items())
    yield catalogue.SPOTIFY_RUN_TRACKS, (), run.tracks
    yield catalogue.SPOTIFY_RUN_REQUESTS, (), run.requests
