"""The actions of `db`: options and configuration to a request, the request to answers, the answers to `show`."""

from __future__ import annotations

from boombap.command.action import Action, Tool
from boombap.command.emit import answer
from boombap.command.options import NEVER
from boombap.db import options
from boombap.errors import (
    EXIT_EXTERNAL,
    EXIT_FINDINGS,
    EXIT_NO_VERDICT,
    EXIT_OK,
    AccessDenied,
    ExternalError,
    NotFound,
    worst_exit,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from boombap.clients.postgres.pool import Pool
    from boombap.clients.postgres.session import Limits
    from boombap.clients.postgres.target import Target
    from boombap.command.context import RunContext
    from boombap.config.section import Section
    from boombap.db.collect import Request
    from boombap.db.fleet import Failure, Passed
    from boombap.db.model import Diagnosis, Part, Server, Statement
    from boombap.db.settings import DbSettings
    from boombap.db.snapshot import Snapshot


_SHOWN_UNANALYZED = 3
_WATCHED: frozenset[Part] = frozenset(("tracks", "analyzers", "connections", "health"))


def _section() -> Section:
    from boombap.db.settings import SECTION

    return SECTION


def _settings(context: RunContext) -> DbSettings:
    from boombap.db.settings import DbSettings

    return context.config.of(DbSettings)


def _diagnose(context: RunContext) -> int:
    if context.args.targets or context.args.all_dbs:
        return _diagnose_fleet(context)
    from datetime import UTC, datetime

    from boombap.db import show, snapshot
    from boombap.db.engines import diagnose
    from boombap.health.counts import count_findings
    from boombap.output.destination import destination

    with _pool(context) as pool:
        file = _snapshot_file(context, pool.target, options.LATEST)
        request = _request(context, snapshot.rows_before(file))
        if "health" in request.parts:
            kept, before_s = snapshot.slots_before(file, datetime.now(UTC))
            request = request.replace(kept_before=kept, before_s=before_s)
        found = diagnose(context, pool, request, is_verdict=context.args.is_health)
    if found.health:
        count_findings(context.meter, "db", "diagnose", found.health.findings, found.health.skipped)
    most = context.args.n if context.args.unanalyzed else _SHOWN_UNANALYZED
    with destination(context.args.output, context.terminal) as terminal:
        show.diagnosis(found, context.args.format, terminal, most=most, has_columns=context.args.schema)
    return _exit_code(found, context.args)


def _diagnose_fleet(context: RunContext) -> int:
    from boombap.batch.progress import Progress
    from boombap.db import show
    from boombap.db.fleet import Passed, diagnose_all
    from boombap.output.destination import destination

    fleet, passed = _fleet_targets(context)
    with Progress("databases", len(fleet), context.terminal) as progress:
        request, limits, is_server = _request(context, {}), _limits(context), context.args.all_dbs
        found = diagnose_all(fleet, request, limits, context.interrupt, progress.reach, is_server=is_server)
    answers = [*found, *passed]
    with destination(context.args.output, context.terminal) as terminal:
        show.fleet(answers, context.args.format, terminal)
    asked = [answer for answer in answers if not isinstance(answer, Passed)]
    return _exit_of_fleet(asked, context.args) if asked else EXIT_EXTERNAL


def _watch(context: RunContext) -> int:
    from boombap.db.collect import diagnose
    from boombap.db.watch import watch

    args = context.args
    request = _full_request(context).replace(parts=_WATCHED, is_fast=args.fast)

    def look() -> Diagnosis:
        # A connection for each round: a server that was restarted is found again.
        with _pool(context) as pool:
            return diagnose(pool, request)

    last = watch(look, context.terminal, context.interrupt.sleep, every_s=args.every, count=args.count)
    if isinstance(last, ExternalError):
        return EXIT_EXTERNAL
    return _exit_of_health(last, args.fail_on)


def _slow(context: RunContext) -> int:
    from boombap.db import read, report, snapshot

    with _pool(context) as pool:
        facts, _ = read.server(pool.read)
        found = _statements(pool, facts)
        before = _snapshot_with_statements(_snapshot_file(context, pool.target, options.LATEST))
    if before:
        found = snapshot.statements_since(before, found)
    found, since = found[: context.args.n], before.taken_at if before else None
    answer(
        context,
        lambda: report.slow_lines(found, since, context.terminal),
        lambda: {"schema": "boombap.db.slow/1", "since": since, "statements": found},
    )
    return EXIT_OK


def _locks(context: RunContext) -> int:
    from boombap.db import blocking, read, report

    with _pool(context) as pool:
        facts, _ = read.server(pool.read)
        found = blocking.trees(pool.read, facts)
    is_hidden = not facts.can_monitor
    if is_hidden:
        context.terminal.note(f"no permission: {facts.user} needs pg_monitor to see what other roles run")
    if found or not is_hidden or context.args.format == "json":
        answer(
            context,
            lambda: report.lock_lines(found, context.terminal),
            lambda: {"schema": "boombap.db.locks/1", "sessions": found, "is_complete": not is_hidden},
        )
    # "Is everybody free to go on?"
    if found:
        return EXIT_FINDINGS
    return EXIT_NO_VERDICT if is_hidden else EXIT_OK


def _snapshot(context: RunContext) -> int:
    from boombap.db import report, snapshot

    verb, name = context.args.verb, context.args.name
    with _pool(context) as pool:
        file = _snapshot_file(context, pool.target, name)
        before = snapshot.load(file) if verb == "diff" else None
        now = _take(context, pool)
    if before is None:
        snapshot.save(now, file)
        context.terminal.note(f"saved {len(now.numbers)} numbers and {len(now.findings)} findings as {name!r}")
        return EXIT_OK
    changes = snapshot.changes(before, now)
    answer(
        context,
        lambda: report.change_lines(changes, before.taken_at),
        lambda: {"schema": "boombap.db.diff/1", "since": before.taken_at, "changes": changes},
    )
    return EXIT_OK


def _take(context: RunContext, pool: Pool) -> Snapshot:
    from boombap.db import snapshot
    from boombap.db.collect import diagnose

    found = diagnose(pool, _full_request(context))
    try:
        return snapshot.of(found, _statements(pool, found.server))
    except ExternalError as error:
        context.terminal.note(f"the snapshot has no statements: {error}")
        return snapshot.of(found)


def _statements(pool: Pool, facts: Server) -> tuple[Statement, ...]:
    from boombap.db import read

    if "pg_stat_statements" not in facts.extensions:
        raise NotFound(
            f"the extension pg_stat_statements is not installed at {pool.target.label}",
            hint="put it into shared_preload_libraries, restart, and CREATE EXTENSION pg_stat_statements",
        )
    missing = facts.without_usage("pg_stat_statements")
    if missing:
        raise AccessDenied(
            f"{facts.user} {missing.partition(': ')[0]} at {pool.target.label}", hint=missing.partition(": ")[2]
        )
    try:
        return read.statements(pool.read, facts)
    except ExternalError as error:
        # 55000 (object_not_in_prerequisite_state): the extension was created, but not preloaded.
        if getattr(error, "sqlstate", "") != "55000":
            raise
        raise NotFound(
            f"pg_stat_statements is created but not loaded at {pool.target.label}",
            hint="put it into shared_preload_libraries and restart the server",
        ) from None


def _snapshot_with_statements(file: Path) -> Snapshot | None:
    from boombap.db import snapshot

    try:
        found = snapshot.load(file)
    except NotFound:
        return None
    return found if found.statements else None


def _pool(context: RunContext) -> Pool:
    from boombap.clients.postgres.pool import Pool
    from boombap.local.address import postgres

    return Pool(postgres(context.config), context.interrupt, limits=_limits(context), size=_settings(context).pool_size)


def _limits(context: RunContext) -> Limits:
    from boombap.clients.postgres.session import Limits

    db = _settings(context)
    connect_s = context.config.postgres.connect_timeout
    return Limits(connect_s, round(db.statement_timeout * 1000), round(db.lock_timeout * 1000))


def _request(context: RunContext, rows_before: Mapping[str, int]) -> Request:
    args = context.args
    return _full_request(context).replace(
        parts=options.shown(args), is_fast=args.fast, analyzer=args.analyzer, most=args.n, rows_before=rows_before
    )


def _full_request(context: RunContext) -> Request:
    from boombap.db.checks.check import Expectations
    from boombap.db.collect import Request
    from boombap.health.waivers import load

    db = _settings(context)
    return Request(
        expected=Expectations(db.embedding_dimension, db.coverage_floor, db.coverage_analyzers),
        waivers=load(db.waivers) if db.waivers else (),
    )


def _snapshot_file(context: RunContext, target: Target, name: str) -> Path:
    from boombap.db.snapshot import path

    assert context.config.paths.data is not None, "config.load fills it in"
    return path(context.config.paths.data, target.label, name)


def _fleet_targets(context: RunContext) -> tuple[Sequence[Target], Sequence[Passed]]:
    from boombap.db import fleet
    from boombap.local.address import postgres

    if context.args.targets:
        return fleet.targets(context.args.targets), ()
    return fleet.databases(postgres(context.config), _limits(context), context.interrupt)


def _exit_of_fleet(answers: Sequence[Diagnosis | Failure], args: Namespace) -> int:
    from boombap.db.fleet import Failure

    # A server has databases without the platform's tables: they take no verdict from those that have them.
    strangers = [one for one in answers if not isinstance(one, Failure) and not one.is_platform]
    others = [one for one in answers if one not in strangers]
    codes = [_exit_code(one, args) for one in strangers]
    if others:
        codes = [code for code in codes if code != EXIT_NO_VERDICT]
    return worst_exit([*codes, *(_exit_code(one, args) for one in others)])


def _exit_code(found: Diagnosis | Failure, args: Namespace) -> int:
    from boombap.db.fleet import Failure
    from boombap.db.model import Absent

    if isinstance(found, Failure):
        return EXIT_EXTERNAL
    asked = options.parts(args)
    parts = {name: getattr(found, name) for name in asked - {"health"}}
    codes = [EXIT_EXTERNAL for part in parts.values() if isinstance(part, Absent) and part.is_failure]
    about_rows = [parts[name] for name in ("tracks", "analyzers", "unanalyzed") if name in parts]
    is_hidden = any(isinstance(part, Absent) and part.is_hidden for part in about_rows)
    is_empty = bool(about_rows) and all(isinstance(part, Absent) for part in about_rows)
    if is_hidden or (is_empty and not _says_enough(found)):
        codes.append(EXIT_NO_VERDICT)
    return worst_exit([*codes, _exit_of_health(found, args.fail_on)])


def _exit_of_health(found: Diagnosis, fail_on: str) -> int:
    from boombap.health.finding import Severity

    if not found.health:
        return EXIT_OK
    codes = [EXIT_EXTERNAL for skipped in found.health.skipped if skipped.is_failure]
    if fail_on != NEVER:
        limit = Severity[fail_on.upper()]
        codes += [EXIT_FINDINGS for finding in found.health.findings if finding.severity >= limit]
    return worst_exit(codes)


def _says_enough(found: Diagnosis) -> bool:
    """Tell whether a diagnosis without the platform's numbers is one: of another database, with something to say."""
    from boombap.db.model import Connections

    return not found.is_platform and (found.health is not None or isinstance(found.connections, Connections))


_AT_FAIL_ON = "a finding at or above --fail-on"
_UNCOUNTED = "none of the platform's numbers that were asked for can be given, nor anything else; or no right to them"
_UNANSWERED = "no connection, or a part or a check that was refused or timed out"

TOOL = Tool(
    description="What is in the database, how far the analyzers have come, who is connected, and what is wrong.",
    default="diagnose",
    section=_section,
    flags=options.flags,
    actions=(
        Action(
            "diagnose",
            "everything on one screen; options choose parts of it",
            _diagnose,
            options.add_diagnose,
            options.check_targets,
            examples="--quick\n--unanalyzed --analyzer qwen-3-4b-fp8 -n 20\n--targets databases.txt",
            exits={
                EXIT_FINDINGS: _AT_FAIL_ON,
                EXIT_EXTERNAL: _UNANSWERED,
                EXIT_NO_VERDICT: _UNCOUNTED,
            },
        ),
        Action(
            "health",
            "the health checks only, each finding with the SQL that fixes it",
            _diagnose,
            options.add_health,
            options.check_targets,
            examples="health --fail-on warning --format json\nhealth --all-dbs",
            exits={EXIT_FINDINGS: _AT_FAIL_ON, EXIT_EXTERNAL: _UNANSWERED},
        ),
        Action(
            "watch",
            "tracks, analyzers, connections and health every some seconds; marks what has changed",
            _watch,
            options.add_watch,
            examples="watch --every 10s\nwatch --every 1m --count 60 --fast",
            exits={EXIT_FINDINGS: f"{_AT_FAIL_ON} in the last look", EXIT_EXTERNAL: "the last look had no answer"},
        ),
        Action(
            "slow",
            "the statements that take the most time (pg_stat_statements)",
            _slow,
            options.add_slow,
            examples="slow -n 20",
            exits={EXIT_EXTERNAL: "no connection, or pg_stat_statements is not there"},
        ),
        Action(
            "locks",
            "blocking sessions as a tree, with the command that ends each",
            _locks,
            options.add_locks,
            examples="locks --format json",
            exits={
                EXIT_FINDINGS: "somebody waits",
                EXIT_EXTERNAL: "no connection, or a refused statement",
                EXIT_NO_VERDICT: "nobody was seen to wait, by a role that does not see the sessions of others",
            },
        ),
        Action(
            "snapshot",
            "save today's numbers, or show what has changed since",
            _snapshot,
            options.add_snapshot,
            examples="snapshot save before-release\nsnapshot diff before-release",
            exits={EXIT_EXTERNAL: "no connection, or a snapshot that is not there or cannot be read"},
        ),
    ),
    notes="""\
The address comes from DATABASE_URL, POSTGRES_* or DB_*, from .env or boombap.toml (`boombap config show`).
Exit codes: 0 fine, 1 a finding at or above --fail-on, 2 usage, 3 a server failed,
4 nothing could be counted, 130 Ctrl-C.""",
)
