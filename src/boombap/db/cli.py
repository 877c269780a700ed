"""The command `db`: options and configuration to a request, the request to answers, the answers to `show`."""

from __future__ import annotations

from time import monotonic

from boombap import log
from boombap.config.load import load
from boombap.db import words as options
from boombap.errors import EXIT_FINE, EXIT_NO, EXIT_NO_VERDICT, EXIT_OUTSIDE, NotThere, OutsideError, worst_exit
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from boombap.clients.postgres.pool import Pool
    from boombap.clients.postgres.session import Limits
    from boombap.clients.postgres.target import Target
    from boombap.config.model import Config
    from boombap.db.collect import Request
    from boombap.db.fleet import Failure
    from boombap.db.model import Diagnosis, Server, Statement
    from boombap.db.snapshot import Snapshot
    from boombap.interrupt import Interrupt
    from boombap.output.terminal import Terminal

_LATEST = "latest"
_SHOWN_UNANALYZED = 3


class _Desk(Record):
    """What every action of one run works with."""

    args: Namespace
    config: Config
    terminal: Terminal
    interrupt: Interrupt


def main(words: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Run `db` and give its exit code."""
    args = options.parse(words, prog)
    config = load({"postgres.url": args.dsn} if args.dsn else {})
    log.configure(config.log.level, config.log.format)
    from boombap.output.terminal import Terminal

    desk = _Desk(args, config, Terminal(quiet=args.quiet), interrupt)
    if args.targets or args.all_dbs:
        return _fleet(desk)
    actions: dict[str | None, Callable[[_Desk], int]] = {"slow": _slow, "locks": _locks, "snapshot": _snapshot}
    return actions.get(args.action, _diagnosis)(desk)


def _diagnosis(desk: _Desk) -> int:
    from boombap.db import show, snapshot
    from boombap.db.collect import diagnose

    with _pool(desk) as pool:
        before = snapshot.rows_before(_snapshot_file(desk, pool.target, _LATEST))
        found = diagnose(pool, _request(desk, before))
    most = desk.args.n if desk.args.unanalyzed else _SHOWN_UNANALYZED
    show.diagnosis(found, desk.args.format, desk.terminal, most=most, has_columns=desk.args.schema)
    return _exit_code(found, desk.args.fail_on)


def _fleet(desk: _Desk) -> int:
    from boombap.db import show
    from boombap.db.fleet import survey

    fleet = _fleet_targets(desk)
    answers = survey(fleet, _request(desk, {}), _limits(desk.config), desk.interrupt, _countdown(desk, len(fleet)))
    desk.terminal.progress("")
    show.fleet(answers, desk.args.format, desk.terminal)
    codes = [_exit_code(one, desk.args.fail_on) for one in answers]
    # A server has databases without the platform's tables; only when no database has them, nothing was counted.
    if any(code != EXIT_NO_VERDICT for code in codes):
        codes = [code for code in codes if code != EXIT_NO_VERDICT]
    return worst_exit(codes)


def _slow(desk: _Desk) -> int:
    from boombap.db import read, report, show, snapshot
    from boombap.output.encode import to_json

    with _pool(desk) as pool:
        facts, _ = read.server(pool.read)
        found = _statements(pool, facts)
        before = _snapshot_with_statements(_snapshot_file(desk, pool.target, _LATEST))
    if before:
        found = snapshot.statements_since(before, found)
    found, since = found[: desk.args.n], before.taken_at if before else None
    if desk.args.format == "json":
        desk.terminal.write(to_json({"schema": "boombap.db.slow/1", "since": since, "statements": found}))
    else:
        show.lines(report.slow_lines(found, since, desk.terminal), desk.terminal)
    return EXIT_FINE


def _locks(desk: _Desk) -> int:
    from boombap.db import blocking, read, report, show
    from boombap.output.encode import to_json

    with _pool(desk) as pool:
        facts, _ = read.server(pool.read)
        found = blocking.trees(pool.read, facts)
    if not facts.can_monitor:
        desk.terminal.note(f"no permission: {facts.user} needs pg_monitor to see what other roles run")
    if desk.args.format == "json":
        desk.terminal.write(to_json({"schema": "boombap.db.locks/1", "sessions": found}))
    else:
        show.lines(report.lock_lines(found, desk.terminal), desk.terminal)
    # "Is everybody free to go on?"
    return EXIT_NO if found else EXIT_FINE


def _snapshot(desk: _Desk) -> int:
    from boombap.db import report, show, snapshot
    from boombap.output.encode import to_json

    verb, name = (*desk.args.words, _LATEST)[:2]
    with _pool(desk) as pool:
        file = _snapshot_file(desk, pool.target, name)
        before = snapshot.load(file) if verb == "diff" else None
        now = _take(desk, pool)
    if before is None:
        snapshot.save(now, file)
        desk.terminal.note(f"saved {len(now.numbers)} numbers and {len(now.findings)} findings as {name!r}")
        return EXIT_FINE
    changes = snapshot.changes(before, now)
    if desk.args.format == "json":
        desk.terminal.write(to_json({"schema": "boombap.db.diff/1", "since": before.taken_at, "changes": changes}))
    else:
        show.lines(report.change_lines(changes, before.taken_at), desk.terminal)
    return EXIT_FINE


def _take(desk: _Desk, pool: Pool) -> Snapshot:
    from boombap.db import snapshot
    from boombap.db.collect import diagnose

    found = diagnose(pool, _request(desk, {}))
    try:
        return snapshot.of(found, _statements(pool, found.server))
    except OutsideError as error:
        desk.terminal.note(f"the snapshot has no statements: {error}")
        return snapshot.of(found)


def _statements(pool: Pool, facts: Server) -> tuple[Statement, ...]:
    from boombap.db import read

    if "pg_stat_statements" not in facts.extensions:
        raise NotThere(
            f"the extension pg_stat_statements is not installed at {pool.target.label}",
            hint="put it into shared_preload_libraries, restart, and CREATE EXTENSION pg_stat_statements",
        )
    try:
        return read.statements(pool.read, facts)
    except OutsideError as error:
        # 55000 (object_not_in_prerequisite_state): the extension was created, but not preloaded.
        if getattr(error, "sqlstate", "") != "55000":
            raise
        raise NotThere(
            f"pg_stat_statements is created but not loaded at {pool.target.label}",
            hint="put it into shared_preload_libraries and restart the server",
        ) from None


def _snapshot_with_statements(file: Path) -> Snapshot | None:
    from boombap.db import snapshot

    try:
        found = snapshot.load(file)
    except NotThere:
        return None
    return found if found.statements else None


def _pool(desk: _Desk) -> Pool:
    from boombap.clients.postgres.pool import Pool
    from boombap.local.address import postgres

    return Pool(postgres(desk.config), desk.interrupt, limits=_limits(desk.config), size=desk.config.db.pool_size)


def _limits(config: Config) -> Limits:
    from boombap.clients.postgres.session import Limits

    db = config.db
    return Limits(db.connect_timeout, round(db.statement_timeout * 1000), round(db.lock_timeout * 1000))


def _request(desk: _Desk, rows_before: Mapping[str, int]) -> Request:
    from boombap.db.collect import Request
    from boombap.db.model import Expectations
    from boombap.health.waivers import load as load_waivers

    db = desk.config.db
    return Request(
        parts=options.parts(desk.args),
        is_fast=desk.args.fast,
        analyzer=desk.args.analyzer,
        most=desk.args.n,
        expected=Expectations(db.embedding_dimension, db.coverage_floor, db.coverage_analyzers),
        waivers=load_waivers(db.waivers) if db.waivers else (),
        rows_before=rows_before,
    )


def _snapshot_file(desk: _Desk, target: Target, name: str) -> Path:
    from boombap.db.snapshot import path

    assert desk.config.paths.data is not None, "config.load fills it in"
    return path(desk.config.paths.data, target.label, name)


def _fleet_targets(desk: _Desk) -> Sequence[Target]:
    from boombap.db import fleet
    from boombap.local.address import postgres

    if desk.args.targets:
        return fleet.targets(desk.args.targets)
    return fleet.databases(postgres(desk.config), _limits(desk.config), desk.interrupt)


def _countdown(desk: _Desk, total: int) -> Callable[[int], None]:
    begun = monotonic()

    def show(done: int) -> None:
        left_s = (monotonic() - begun) / done * (total - done)
        desk.terminal.progress(f"{done} of {total} databases, about {left_s:.0f} s left")

    return show


def _exit_code(found: Diagnosis | Failure, fail_on: str) -> int:
    from boombap.db.fleet import Failure
    from boombap.db.model import Absent
    from boombap.health.finding import Severity

    if isinstance(found, Failure):
        return EXIT_OUTSIDE
    parts = (found.tracks, found.analyzers, found.connections, found.tables, found.unanalyzed)
    codes = [EXIT_OUTSIDE for part in parts if isinstance(part, Absent) and part.is_failure]
    about_rows = [part for part in (found.tracks, found.analyzers, found.unanalyzed) if part is not None]
    if about_rows and all(isinstance(part, Absent) for part in about_rows):
        codes.append(EXIT_NO_VERDICT)
    if found.health:
        codes += [EXIT_OUTSIDE for one in found.health.skipped if one.is_failure]
        if fail_on != options.NEVER:
            codes += [EXIT_NO for one in found.health.findings if one.severity >= Severity[fail_on.upper()]]
    return worst_exit(codes)
