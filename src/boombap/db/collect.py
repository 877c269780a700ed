"""Asks one database everything at once: parts and checks run on a few connections, and come together in a Diagnosis."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from functools import partial
from types import MappingProxyType

from boombap.batch.fan_out import fan_out
from boombap.db import read
from boombap.db.checks.catalogue import ALL
from boombap.db.checks.check import Context, Expectations
from boombap.db.examine import examine, lacking
from boombap.db.model import FULL, Absent, Analyzer, Diagnosis, Health, Tracks
from boombap.errors import AccessDenied, ExternalError, NotFound, RowsHidden
from boombap.health.finding import Finding, Skipped, by_urgency
from boombap.health.waivers import apply
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from boombap.clients.postgres.pool import Pool
    from boombap.db.model import Part, Server
    from boombap.db.read import Read
    from boombap.health.waivers import Waiver

    Job = Callable[[Read], object]
    """A question with what is made of its rows."""

# What each part cannot do without; other columns may be missing.
_NEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "tracks": {"tracks": ()},
        "artists": {"tracks": ("artist",)},
        "analyzers": {"analysis_results": ("analyzer_type", "track_id", "created_at")},
        "unanalyzed": {"tracks": ("id", "artist", "title"), "analysis_results": ("track_id", "analyzer_type")},
    }
)


class Request(Record):
    """What is wanted of one database.

    Attributes:
        parts: the parts to fill.
        is_fast: whether the planner's estimates will do.
        analyzer: whose missing tracks are listed; None for tracks that no analyzer has seen.
        most: how many of them.
        expected: what the configuration calls healthy.
        waivers: the findings that somebody lives with.
        rows_before: results an analyzer at the last snapshot, for the column of new rows.
        kept_before: bytes of WAL a replication slot kept at the last snapshot, for its growth.
        before_s: seconds since that snapshot.
    """

    parts: frozenset[Part] = FULL
    is_fast: bool = False
    analyzer: str | None = None
    most: int = 10
    expected: Expectations = Expectations()
    waivers: tuple[Waiver, ...] = ()
    rows_before: Mapping[str, int] = MappingProxyType({})
    kept_before: Mapping[str, int] = MappingProxyType({})
    before_s: float = 0.0


def diagnose(pool: Pool, request: Request) -> Diagnosis:
    """Return the answers of one database; a part that fails is an `Absent` among them.

    Raises:
        ExternalError: when no connection can be made.
        Interrupted: when the run was ended.
    """
    begun = time.monotonic()
    # The first connection is made alone: a wrong password is tried once, not once a thread.
    with pool.session() as session:
        facts, pid = read.server(session.read)
        is_pooled = pid != session.backend_pid
    parts = _ask(pool, facts, request)
    return Diagnosis(
        target=pool.target.label,
        name=pool.target.name,
        taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
        elapsed_ms=round((time.monotonic() - begun) * 1000, 1),
        server=facts,
        is_pooled=is_pooled,
        tracks=_with_artists(parts.get("tracks"), parts.get("artists")),
        analyzers=_with_coverage(parts.get("analyzers"), parts.get("tracks"), request.rows_before),
        connections=parts.get("connections"),
        tables=parts.get("tables"),
        unanalyzed=parts.get("unanalyzed"),
        health=_health(parts, request.waivers) if "health" in request.parts else None,
    )


def _ask(pool: Pool, facts: Server, request: Request) -> dict[str, Any]:
    """Ask the catalogue over one connection, and what reads the tables over the others.

    Every connection that asks the catalogue fills caches of its own and the server plans every question, so one does
    them all, in one transaction: 34 questions take 35 ms of the server in place of 52 over three connections.
    """
    catalogue = _catalogue_jobs(facts, request)
    counts = _count_jobs(facts, request)
    answers: dict[str, Any] = {}

    def ask_catalogue() -> None:
        with pool.reading() as ask:
            answers.update((name, job(ask)) for name, job in catalogue.items())

    def count(name: str, job: Job) -> None:
        answers[name] = job(pool.read)

    jobs: list[Callable[[], None]] = [partial(count, name, job) for name, job in counts.items()]
    if catalogue:
        # The count of the analyses takes the longest: it begins first.
        jobs.insert(1, ask_catalogue)
    fan_out(jobs, pool.size)
    return answers


def _catalogue_jobs(facts: Server, request: Request) -> dict[str, Job]:
    parts: dict[str, Job] = {
        "connections": lambda ask: read.connections(ask, facts),
        "tables": lambda ask: read.tables(ask, facts),
    }
    if request.is_fast:
        parts |= {
            "analyzers": lambda ask: read.analyzers_estimate(ask, facts),
            "tracks": lambda ask: read.tracks_estimate(ask, facts),
            "unanalyzed": lambda _: Absent("reads the tables, which --fast does not", is_failure=False),
        }
    return _wanted_parts(parts, facts, request) | _check_jobs(facts, request, reads_tables=False)


def _count_jobs(facts: Server, request: Request) -> dict[str, Job]:
    parts: dict[str, Job] = {
        "analyzers": lambda ask: read.analyzers(ask, facts),
        "tracks": lambda ask: read.tracks(ask, facts),
        "unanalyzed": lambda ask: read.unanalyzed(ask, facts, request.analyzer, request.most),
        "artists": lambda ask: read.artists(ask, facts),
    }
    checks = _check_jobs(facts, request, reads_tables=True)
    return checks if request.is_fast else _wanted_parts(parts, facts, request) | checks


def _wanted_parts(parts: Mapping[str, Job], facts: Server, request: Request) -> dict[str, Job]:
    wanted = {*request.parts, "artists"} if "tracks" in request.parts else request.parts
    return {name: _guarded(name, job, facts) for name, job in parts.items() if name in wanted}


def _check_jobs(facts: Server, request: Request, *, reads_tables: bool) -> dict[str, Job]:
    if "health" not in request.parts:
        return {}
    context = Context(facts, request.expected, request.kept_before, request.before_s)
    return {
        f"check {check.id}": partial(examine, check, context=context, is_fast=request.is_fast)
        for check in ALL
        if check.reads_tables is reads_tables
    }


def _guarded(name: str, job: Job, facts: Server) -> Job:
    def attempt(ask: Read) -> object:
        missing = lacking(facts, _NEEDS.get(name, {}))
        if missing:
            return Absent(missing, is_failure=False)
        try:
            return job(ask)
        except NotFound as error:  # dropped in this moment
            return Absent(str(error), is_failure=False)
        except RowsHidden:
            return Absent(facts.hidden_rows, is_failure=False, is_hidden=True)
        except AccessDenied:
            reason = f"no permission: {facts.user} needs SELECT on the table"
            return Absent(reason, is_failure=False, is_hidden=True)
        except ExternalError as error:
            return Absent(str(error))

    return attempt


def _with_artists(tracks: Tracks | Absent | None, artists: int | Absent | None) -> Tracks | Absent | None:
    return tracks.replace(artists=artists) if isinstance(tracks, Tracks) and isinstance(artists, int) else tracks


def _with_coverage(
    analyzers: tuple[Analyzer, ...] | Absent | None, tracks: Tracks | Absent | None, before: Mapping[str, int]
) -> tuple[Analyzer, ...] | Absent | None:
    if not isinstance(analyzers, tuple):
        return analyzers
    total = tracks.total if isinstance(tracks, Tracks) else None
    return tuple(
        one.replace(
            coverage_pct=100.0 * one.tracks / total if total and one.tracks is not None else None,
            # An estimate minus a count tells nothing.
            new_rows=one.rows - before.get(one.name, 0) if before and one.tracks is not None else None,
        )
        for one in analyzers
    )


def _health(parts: Mapping[str, Any], waivers: tuple[Waiver, ...]) -> Health:
    answers = [parts[f"check {check.id}"] for check in ALL]
    skipped = tuple(answer for answer in answers if isinstance(answer, Skipped))
    found: Iterable[Finding] = (one for answer in answers if not isinstance(answer, Skipped) for one in answer)
    return with_waivers(Health(tuple(found), (), (), skipped, len(answers) - len(skipped)), waivers)


def with_waivers(health: Health, waivers: tuple[Waiver, ...]) -> Health:
    """Return what the checks said without the findings that a waiver covers, the worst first."""
    standing, waived, expired = apply(health.findings, waivers, date.today())
    return health.replace(
        findings=tuple(by_urgency(standing)),
        waived=tuple(by_urgency(waived)),
        expired=tuple(f"{one.id} {one.subject}: {one.owner}, until {one.expires}" for one in expired),
    )
