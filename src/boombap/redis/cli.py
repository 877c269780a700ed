"""The command `redis`: options and configuration to an action, its answer to text or JSON."""

from __future__ import annotations

import os
from contextlib import ExitStack, nullcontext
from pathlib import Path
from time import monotonic, perf_counter

from boombap import log
from boombap.config.load import load
from boombap.errors import EXIT_FINE, EXIT_NO, EXIT_OUTSIDE, UsageError
from boombap.record import Record
from boombap.redis import words as options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Sequence

    from boombap.clients.redis.connection import Limits
    from boombap.clients.redis.deployment import Deployment
    from boombap.clients.redis.target import Target
    from boombap.config.model import Config
    from boombap.health.waivers import Waiver
    from boombap.interrupt import Interrupt
    from boombap.output.terminal import Terminal
    from boombap.redis.backup_file import BackupFile
    from boombap.redis.journal import Journal
    from boombap.redis.model import Branch, Census, Done, Expectations, Facts, Health, Plan
    from boombap.redis.parts import Field

_PROGRESS_EVERY_S = 0.1


class _Desk(Record):
    """What every action of one run works with."""

    args: Namespace
    config: Config
    terminal: Terminal
    interrupt: Interrupt
    target: Target
    stack: ExitStack


def main(words: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Run `redis` and give its exit code."""
    args = options.parse(words, prog)
    config = load({"redis.url": args.url} if args.url else {})
    log.configure(config.log.level, config.log.format)
    from boombap.local.address import redis as address
    from boombap.output.terminal import Terminal

    actions: dict[str, Callable[[_Desk], int]] = {
        "info": _info,
        "keys": _keys,
        "get": _get,
        "purge": _change,
        "expire": _change,
        "backup": _backup,
        "restore": _restore,
        "copy": _copy,
        "acl": _acl,
        "stats": _stats,
    }
    with ExitStack() as stack:
        desk = _Desk(args, config, Terminal(quiet=args.quiet), interrupt, address(config), stack)
        return actions[args.action](desk)


def _info(desk: _Desk) -> int:
    from boombap.redis.examine import examine

    begun_s = perf_counter()
    nodes = _nodes(desk)
    health = examine(nodes, _expected(desk), _waivers(desk))
    elapsed_ms = 1000 * (perf_counter() - begun_s)
    label = desk.target.address
    if desk.args.format == "json":
        from boombap.redis import encode

        _json(desk, encode.info_object(nodes, health, label, elapsed_ms))
    else:
        from boombap.redis import report

        _lines(desk, report.info_lines(nodes, health, label, desk.terminal, elapsed_ms))
    return _exit_code(health, desk)


def _keys(desk: _Desk) -> int:
    from boombap.redis import encode, report
    from boombap.redis.checks import keyspace
    from boombap.redis.examine import verdict

    pattern = desk.args.match or b"*"
    census = _census(desk, pattern, "keys", _walked_database(desk))
    health = verdict(keyspace.judge(census, _expected(desk)), _waivers(desk))
    label = desk.target.address
    if desk.args.format == "json":
        _json(desk, encode.keys_object(census, health, label, pattern))
    else:
        _lines(desk, report.keys_lines(census, health, label, desk.terminal, desk.args.n))
    return _exit_code(health, desk)


def _get(desk: _Desk) -> int:
    from boombap.redis import encode, report
    from boombap.redis.decode import look

    own = _changed_database(desk)
    assert own is not None, "the options refuse --db all"
    value = look(_open(desk, desk.target.on(own)), os.fsencode(desk.args.word))
    if desk.args.format == "json":
        _json(desk, encode.value_object(value))
    else:
        _lines(desk, report.value_lines(value, desk.terminal))
    return EXIT_FINE


def _change(desk: _Desk) -> int:
    from boombap.redis import report
    from boombap.redis.change import Change, plan

    args, db = desk.args, _changed_database(desk)
    wanted = plan(args.action, args.match, _census(desk, args.match, "plan", db), args.ttl)
    if args.format == "text":
        _lines(desk, report.plan_lines(wanted, _place(desk, db), desk.terminal))
    backup = _purge_backup(desk, db) if args.yes and args.backup else None
    is_left = backup is not None and backup.is_unfinished
    if not args.yes or not (wanted.keys or is_left):
        if wanted.keys:
            desk.terminal.note("nothing was changed; add --yes to do it")
        return _show_done(desk, wanted, None)
    journal = _journal(desk, db, args.action, args.match, args.ttl)
    resumed = False if args.fresh else journal.read()
    if is_left:
        desk.terminal.note(f"the backup {args.backup} of an interrupted run is continued")
    with backup or nullcontext():
        change = Change(_field(desk), wanted, journal, _counter(desk, "keys"), db=db, backup=backup, resumed=resumed)
        done = change.run()
    desk.terminal.progress("")
    return _show_done(desk, wanted, done)


def _purge_backup(desk: _Desk, db: int | None) -> BackupFile:
    from boombap.redis import report
    from boombap.redis.backup_file import BackupFile

    return BackupFile(desk.args.backup, job=f"purge {report.shown(desk.args.match)} at {_place(desk, db)}")


def _changed_database(desk: _Desk) -> int | None:
    """Return the database that a change touches: the address's, unless --db names another; None is all of them."""
    if desk.args.db is None:
        return desk.target.db
    return None if desk.args.db == options.ALL else int(desk.args.db)


def _walked_database(desk: _Desk) -> int | None:
    """Return the database that a walk without changes looks at; None is all of them, unless --db names one."""
    return None if desk.args.db in {None, options.ALL} else int(desk.args.db)


def _place(desk: _Desk, db: int | None) -> str:
    return f"{desk.target.address}, {'all databases' if db is None else f'database {db}'}"


def _backup(desk: _Desk) -> int:
    from boombap.redis.backup_file import BackupFile
    from boombap.redis.pattern import matcher
    from boombap.redis.transfer import backup

    pattern, db = desk.args.match or b"*", _changed_database(desk)
    file = BackupFile(Path(desk.args.word), desk.args.form or "both")
    done = backup(_field(desk), pattern, matcher(pattern), file, _counter(desk, "keys"), db=db)
    desk.terminal.progress("")
    return _show_done(desk, None, done, f"from {_place(desk, db)}")


def _restore(desk: _Desk) -> int:
    from boombap.redis.transfer import restore

    _want_yes(desk)
    db = _changed_database(desk)
    done = restore(
        Path(desk.args.word), _databases(desk, desk.target), _counter(desk, "keys"), db=db, replaces=desk.args.replace
    )
    desk.terminal.progress("")
    return _show_done(desk, None, done, f"into {_place(desk, db)}")


def _copy(desk: _Desk) -> int:
    from boombap.clients.redis.target import from_text
    from boombap.redis.pattern import matcher
    from boombap.redis.transfer import copy

    _want_yes(desk)
    pattern, to = desk.args.match or b"*", from_text(desk.args.to, origin="--to")
    db = _changed_database(desk)
    to_db = None if db is None else to.db
    done = copy(
        _field(desk), pattern, matcher(pattern), _databases(desk, to), _counter(desk, "keys"),
        db=db, to_db=to_db, replaces=desk.args.replace, form=desk.args.form or "both",
    )  # fmt: skip
    desk.terminal.progress("")
    into = f"{to.address}, {'each its own' if to_db is None else f'database {to_db}'}"
    return _show_done(desk, None, done, f"from {_place(desk, db)} into {into}")


def _want_yes(desk: _Desk) -> None:
    if desk.args.replace and not desk.args.yes:
        raise UsageError(f"{desk.args.action} --replace writes over keys that are there", hint="add --yes to do it")


def _acl(desk: _Desk) -> int:
    from boombap.redis import encode, report
    from boombap.redis.checks import access
    from boombap.redis.examine import examine

    nodes = _nodes(desk)
    users = {one.address: access.users(one) for one in nodes}
    health = examine(nodes, _expected(desk), _waivers(desk), checks=access.CHECKS)
    if desk.args.format == "json":
        _json(desk, encode.acl_object(users, health, desk.target.address))
    else:
        _lines(desk, report.acl_lines(users, health, desk.terminal))
    return _exit_code(health, desk)


def _stats(desk: _Desk) -> int:
    from boombap.redis import encode, report

    nodes = _nodes(desk)
    prefixes = (
        None if desk.args.fast else _own(_census(desk, b"*", "stats", _walked_database(desk)), desk.config.cache.ttls)
    )
    label = desk.target.address
    if desk.args.format == "json":
        _json(desk, encode.stats_object(nodes, prefixes, label))
    else:
        _lines(desk, report.stats_lines(nodes, prefixes, label, desk.terminal))
    return EXIT_FINE


def _own(census: Census, prefixes: Iterable[str]) -> list[Branch]:
    branches = {twig.prefix: twig for branch in census.branches for twig in (branch, *branch.children)}
    return [branches[raw] for prefix in prefixes if (raw := prefix.encode()) in branches]


def _census(desk: _Desk, pattern: bytes, purpose: str, db: int | None) -> Census:
    from boombap.redis.survey import survey

    share = desk.args.sample or 1.0
    journal = _journal(desk, db, purpose, pattern, share)
    if not desk.args.fresh and journal.read():
        desk.terminal.note("goes on where an interrupted run has stopped (--fresh begins anew)")
    census = survey(_field(desk), pattern, journal, _counter(desk, "keys"), db=db, share=share)
    desk.terminal.progress("")
    return census


def _nodes(desk: _Desk) -> list[Facts]:
    from boombap.redis.facts import read

    return [read(pool) for pool in _open(desk, desk.target).masters()]


def _open(desk: _Desk, target: Target) -> Deployment:
    from boombap.clients.redis.deployment import opened

    size = desk.config.cache.pool_size
    return desk.stack.enter_context(opened(target, desk.interrupt, limits=_limits(desk.config), size=size))


def _databases(desk: _Desk, target: Target) -> Callable[[int], Deployment]:
    return lambda db: _open(desk, target.on(db))


def _field(desk: _Desk) -> Field:
    from boombap.redis.parts import Field

    return Field(_open(desk, desk.target), desk.interrupt, _limits(desk.config))


def _limits(config: Config) -> Limits:
    from boombap.clients.redis.connection import Limits

    return Limits(config.cache.connect_timeout, config.cache.read_timeout)


def _journal(desk: _Desk, db: int | None, *job: object) -> Journal:
    from boombap.redis.journal import Journal

    assert desk.config.paths.state is not None, "config.load fills it in"
    return Journal(desk.config.paths.state / "redis", desk.target.label, db, *job)


def _expected(desk: _Desk) -> Expectations:
    from boombap.redis.model import Expectations

    cache = desk.config.cache
    return Expectations(cache.ttls, cache.hit_ratio_floor, cache.big_key)


def _waivers(desk: _Desk) -> Sequence[Waiver]:
    from boombap.health.waivers import load as load_waivers

    return load_waivers(desk.config.cache.waivers) if desk.config.cache.waivers else ()


def _counter(desk: _Desk, noun: str) -> Callable[[int, int], None]:
    begun_s = shown_s = monotonic()

    def show(done: int, total: int) -> None:
        nonlocal shown_s
        now_s = monotonic()
        if now_s - shown_s < _PROGRESS_EVERY_S:
            return
        shown_s = now_s
        left_s = (now_s - begun_s) / max(done, 1) * max(total - done, 0)
        left = f" of {total:,} {noun}, about {left_s:.0f} s left" if total else f" {noun}"
        desk.terminal.progress(f"{done:,}{left}")

    return show


def _show_done(desk: _Desk, plan: Plan | None, done: Done | None, place: str = "") -> int:
    if desk.args.format == "json":
        from boombap.redis import encode

        _json(desk, encode.change_object(plan, done, desk.target.address))
    elif done is not None:
        from boombap.redis import report

        _lines(desk, report.done_lines(done, desk.terminal, place))
    return EXIT_OUTSIDE if done is not None and done.failed else EXIT_FINE


def _json(desk: _Desk, value: object) -> None:
    from boombap.output.encode import to_json

    desk.terminal.write(to_json(value))


def _lines(desk: _Desk, view: Iterable[str]) -> None:
    for line in view:
        desk.terminal.write(line)


def _exit_code(health: Health, desk: _Desk) -> int:
    from boombap.health.finding import Severity

    if any(one.is_failure for one in health.skipped):
        return EXIT_OUTSIDE
    if desk.args.fail_on == options.NEVER:
        return EXIT_FINE
    limit = Severity[desk.args.fail_on.upper()]
    return EXIT_NO if any(one.severity >= limit for one in health.findings) else EXIT_FINE
