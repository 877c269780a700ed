"""One run put together: source > cache > scheduler > limiter > http > decode > match > batch > writer."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, NamedTuple

from boombap.batch.progress import Progress
from boombap.clients.postgres.steady import SteadySession
from boombap.errors import BoombapError, ExternalError, RetryLater
from boombap.interrupt import Interrupt
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.leases import Leases, Selection, Unserved, peek
from boombap.spotify.catalogue.runs import ShardRecord
from boombap.spotify.catalogue.writer import NOBODY, CatalogueWriter
from boombap.spotify.matching.name_hash import hash_of_track
from boombap.spotify.model import Mode
from boombap.spotify.options import is_database
from boombap.spotify.run import source
from boombap.spotify.run.api_session import open_session
from boombap.spotify.run.batch_writer import BatchWriter
from boombap.spotify.run.heartbeat import Heartbeat
from boombap.spotify.run.pipeline import Pipeline, RunParts
from boombap.spotify.run.prefetch import Prefetcher
from boombap.spotify.run.statistics import RunStatistics
from boombap.spotify.run.stored_tracks import StoredTracks, hash_names
from boombap.spotify.scheduling.scheduler import RequestScheduler
from boombap.spotify.settings import SpotifySettings
from boombap.spotify.webapi.token import require_credentials
from boombap.telemetry import hooks
from boombap.telemetry.catalogue import SPOTIFY_WRITE_SECONDS
from boombap.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.clients.postgres.pool import Pool
    from boombap.clients.postgres.session import Session
    from boombap.command.context import RunContext
    from boombap.spotify.catalogue.file_input import Skipped
    from boombap.spotify.model import Match
    from boombap.spotify.quota.limiter import Limiter
    from boombap.spotify.run.api_session import ApiSession
    from boombap.spotify.run.source import Source

# What is in flight, and the last batches, are waited for.
_GRACE_S = 10.0
_MOST_COUNTED = 200_000


class Order(NamedTuple):
    """What a run is to do.

    Attributes:
        action: `batch` or `refresh`.
        selection: of the table's rows.
        source: ``db``, a CSV file, or ``-`` for ids on stdin.
        is_dry: judge, and store nothing.
        in_flight: requests at one time.
    """

    action: str
    selection: Selection
    source: str
    is_dry: bool
    in_flight: int


class Done(NamedTuple):
    """What a run came to.

    Attributes:
        action: ``batch`` or ``refresh``.
        source: ``db``, a CSV file, or ``-`` for ids on stdin.
        mode: how the app may ask, as far as the run has learned.
        stored: rows written.
        refilled: matched rows that had lost their metadata and got it back from `spotify_tracks`.
        refused: rows that PostgreSQL refused; they are in `spotify_dead_letters`.
        renewals: tokens that were asked for.
        limited: answers with status 429.
        skipped: lines of the file that could not be used.
        matches: the verdicts, where they come from a file.
        unserved: rows that are not for this process now; of a table only.
        error: what ended the run before its end, if anything did.
    """

    action: str
    source: str
    statistics: RunStatistics
    seconds: float
    mode: Mode
    stored: int
    refilled: int
    refused: int
    renewals: int
    limited: int
    skipped: tuple[Skipped, ...]
    matches: tuple[Match, ...]
    unserved: Unserved
    error: BoombapError | None

    def verdict(self) -> BoombapError | None:
        """Return what the run ends with: what stopped it, or that a part of it failed; None when all is done."""
        failure = self._failure()
        if failure and isinstance(self.error, RetryLater):
            return ExternalError(failure, hint=str(self.error))
        if self.error or not failure:
            return self.error
        return ExternalError(failure, hint=self._advice())

    def _failure(self) -> str:
        """Return how many tracks have no stored result, and why; empty when all have one."""
        statistics, parts = self.statistics, []
        if statistics.failed:
            reasons = [reason for reason, _ in statistics.failures.most_common(1)]
            why = f" ({reasons[0]})" if reasons else ""
            parts.append(f"{statistics.failed:,} of {statistics.tracks:,} tracks failed{why}")
        if self.refused:
            parts.append(f"PostgreSQL refused the results of {self.refused:,}")
        return ", and ".join(parts)

    def _advice(self) -> str:
        if self.refused:
            return "see the table spotify_dead_letters"
        return "run the same command again: it asks only for what has no result"


def work(context: RunContext, order: Order) -> Done:
    """Work off what was ordered, as far as it goes; what stopped it early is in the answer.

    Raises:
        ConfigError: without credentials, or a server that is needed.
        RetryLater: a rate-limit ban from an earlier run is active; no request was made.
        ExternalError: the database could not be prepared.
    """
    context.interrupt.grace_s = max(context.interrupt.grace_s, _GRACE_S)
    # Before a server is asked, and before tables are made.
    require_credentials(context.config.of(SpotifySettings))
    with ExitStack() as stack:
        return _Run(context, order, stack).work()


class _Run:
    """The parts of one run, and what they report."""

    def __init__(self, context: RunContext, order: Order, stack: ExitStack) -> None:
        self._context = context
        self._meter = context.meter
        self._settings = context.config.of(SpotifySettings)
        self._order = order
        # The writer and the requests in flight do not get the signal: the pipeline ends them when it is done.
        self._own = Interrupt()
        self._lock = threading.Lock()
        self._open: Callable[[], Session] | None = None
        self._stored = self._refilled = self._refused = 0
        self._skipped: list[Skipped] = []
        self._matches: list[Match] = []
        self._redis = stack.enter_context(environment.redis(context, self._own))
        self._cache = environment.cache(context, self._redis) if self._redis else None
        if self._cache:
            stack.callback(self._cache.close)
        self._has_database = is_database(order.source) or not order.is_dry
        self._pool = stack.enter_context(environment.pool(context, self._own)) if self._has_database else None
        if not order.is_dry:
            with closing(self._session()) as session:
                schema.prepare(session)

    def work(self) -> Done:
        session = open_session(
            self._settings,
            self._own,
            in_flight=self._order.in_flight,
            redis=self._redis,
            # A dry run does not make the tables that remember cool-downs.
            pool=None if self._order.is_dry else self._pool,
            ca_file=self._context.config.http.ca_file,
            on_change=hooks.on_change(self._meter, "spotify shared window") if self._redis else None,
        )
        with session as api:
            return self._process(api)

    def _process(self, api: ApiSession) -> Done:
        scheduler, started_s = self._scheduler(), time.monotonic()
        statistics, error, unserved = RunStatistics(), None, Unserved()
        try:
            self._bring_up_to_date()
            with ExitStack() as stack:
                leases = self._leases(stack)
                heartbeat = self._heartbeat(stack, leases)
                prefetcher = stack.enter_context(self._prefetcher(stack, leases))
                writer = stack.enter_context(self._writer(leases))
                progress = stack.enter_context(self._progress(statistics, api.limiter))
                parts = RunParts(api, scheduler, prefetcher, writer)
                show = _shown_by(progress, heartbeat, statistics)
                pipeline = self._pipeline(parts, statistics, show)
                error = _end_of(pipeline, heartbeat)
                unserved = leases.unserved() if leases and not error else Unserved()
        except ExternalError as failure:
            error = error or failure
        seconds = time.monotonic() - started_s
        matches = tuple(sorted(self._matches, key=lambda match: match.wanted.key))
        kept = (tuple(self._skipped), matches, unserved, error)
        counts = (self._stored, self._refilled, self._refused, api.token.renewals, api.limiter.refusals)
        order = self._order
        return Done(order.action, order.source, statistics, seconds, scheduler.mode, *counts, *kept)

    def _pipeline(self, parts: RunParts, statistics: RunStatistics, show: Callable[[int], None]) -> Pipeline:
        counters = {what: hooks.retry_counter(self._meter, f"spotify {what}") for what in ("request", "token")}
        return Pipeline(
            parts,
            self._context.interrupt,
            statistics=statistics,
            on_progress=show,
            on_change=hooks.on_change(self._meter, "spotify web api"),
            on_retry=lambda what, error: counters[what](error),
        )

    def _scheduler(self) -> RequestScheduler:
        mode = Mode.DEVELOPMENT if self._settings.mode == Mode.DEVELOPMENT else Mode.EXTENDED
        return RequestScheduler(mode, is_sure=self._settings.mode == mode)

    def _session(self) -> Session:
        self._open = self._open or environment.sessions(self._context, self._own)
        return self._open()

    def _leases(self, stack: ExitStack) -> Leases | None:
        if self._order.is_dry or not is_database(self._order.source):
            return None
        return stack.enter_context(Leases(self._session(), self._order.selection, reopen=self._session))

    def _heartbeat(self, stack: ExitStack, leases: Leases | None) -> Heartbeat | None:
        if not leases or not self._pool:
            return None
        shard = self._order.selection.shard
        return stack.enter_context(Heartbeat(ShardRecord(self._pool, self._order.action, shard, leases.holder)))

    def _prefetcher(self, stack: ExitStack, leases: Leases | None) -> Prefetcher:
        look_ups = [self._cache.look_up] if self._cache else []
        if self._has_database:
            # A session of its own, for the thread of the prefetcher.
            steady = stack.enter_context(closing(SteadySession(self._session(), self._session)))
            if schema.is_installed(steady.session):
                look_ups.append(StoredTracks(steady).look_up)
        on_depth = hooks.on_depth(self._meter, "spotify chunks")
        return Prefetcher(self._source(stack, leases), look_ups, on_depth=on_depth)

    def _source(self, stack: ExitStack, leases: Leases | None) -> Source:
        if leases:
            return source.leased(leases)
        if is_database(self._order.source):
            return source.peeked(stack.enter_context(closing(self._session())), self._order.selection)
        # Only here: a run over the table does without the csv module.
        from boombap.spotify.catalogue.file_input import read_tracks

        tracks = read_tracks(self._order.source, self._order.selection.max_tracks, self._skipped.append)
        return source.read(tracks)

    def _writer(self, leases: Leases | None) -> BatchWriter:
        if self._order.is_dry:
            return BatchWriter(self._note)
        keep = self._cache.keep if self._cache else None
        if not self._pool:
            return BatchWriter(self._note, keep)
        store = self._store(self._pool, leases.holder if leases else NOBODY)
        return BatchWriter(
            lambda matches: self._write(store, matches),
            keep,
            write_tracks=store.write_tracks,
            on_retry=hooks.on_retry(self._meter, "spotify write"),
            on_depth=hooks.on_depth(self._meter, "spotify batches"),
        )

    def _store(self, pool: Pool, holder: int) -> CatalogueWriter:
        keyed = is_database(self._order.source)
        return CatalogueWriter(pool, fields=self._settings.fields, holder=holder, keyed=keyed, name_hash=hash_of_track)

    def _bring_up_to_date(self) -> None:
        """Fill in what earlier versions, or a restored table, have left out."""
        if not self._order.is_dry:
            with closing(self._session()) as session:
                for _ in hash_names(session):
                    self._context.interrupt.check()
        if self._pool and not self._order.is_dry and is_database(self._order.source):
            for rows in self._store(self._pool, NOBODY).refill():
                self._refilled += rows
                self._context.interrupt.check()

    def _write(self, store: CatalogueWriter, matches: Sequence[Match]) -> None:
        started_s = time.monotonic()
        written = store.write(matches)
        self._meter.observe(SPOTIFY_WRITE_SECONDS, time.monotonic() - started_s)
        with self._lock:  # several threads write
            self._stored += written.rows
            self._refused += written.refused
            self._note(matches)

    def _note(self, matches: Sequence[Match]) -> None:
        # The table's verdicts are in the table; those about a file are nowhere else.
        if not is_database(self._order.source):
            self._matches += matches

    def _progress(self, statistics: RunStatistics, limiter: Limiter) -> Progress:
        def note() -> str:
            hits = f"hits {100 * statistics.hits / statistics.tracks:.0f} %" if statistics.tracks else ""
            wait = f"waiting {format_duration(limiter.wait_s)} for the quota" if limiter.wait_s >= 1 else ""
            return ", ".join(part for part in (hits, f"{statistics.requests.total():,} requests", wait) if part)

        return Progress("tracks", self._total(), self._context.terminal, note=note)

    def _total(self) -> int | None:
        """Return the tracks to come; None where counting them would take as long as the work."""
        if self._context.terminal.quiet or not is_database(self._order.source):
            return None
        max_tracks = min(self._order.selection.max_tracks or _MOST_COUNTED, _MOST_COUNTED)
        with closing(self._session()) as session:
            total = sum(len(chunk) for chunk in peek(session, self._order.selection._replace(max_tracks=max_tracks)))
        return total if total < _MOST_COUNTED else None


def _shown_by(progress: Progress, heartbeat: Heartbeat | None, statistics: RunStatistics) -> Callable[[int], None]:
    """Return what the pipeline calls with the number of further tracks."""
    if heartbeat is None:
        return progress.advance
    heartbeat.total = progress.total

    def show(tracks: int) -> None:
        progress.advance(tracks)
        heartbeat.count(statistics)

    return show


def _end_of(pipeline: Pipeline, heartbeat: Heartbeat | None) -> BoombapError | None:
    """Return what ended a run before its end; the writer then still writes what is done."""
    try:
        pipeline.run()
    except BoombapError as error:
        if heartbeat:
            heartbeat.error = error
        return error
    return None
