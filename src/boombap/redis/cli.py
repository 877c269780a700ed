"""The actions of `redis`: options and configuration to the work, its answer to text or JSON."""

from __future__ import annotations

import os
from contextlib import nullcontext
from time import perf_counter

from boombap.command.action import Action, Tool
from boombap.command.emit import answer
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK, UsageError
from boombap.redis import environment, options
from boombap.redis.diagnose import ACTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from boombap.command.context import RunContext
    from boombap.config.section import Section
    from boombap.redis.model import Done, KeyspaceStats, Plan
    from boombap.redis.transfer.backup_file import BackupFile


def _section() -> Section:
    from boombap.redis.settings import SECTION

    return SECTION


def _info(context: RunContext) -> int:
    from boombap.redis import encode, engines, report
    from boombap.redis.examine import examine

    begun_s = perf_counter()
    nodes = engines.nodes(context)
    health = examine(nodes, environment.expected(context), environment.waivers(context))
    elapsed_ms = 1000 * (perf_counter() - begun_s)
    environment.count(context, "info", health)
    label = environment.target(context).address
    answer(
        context,
        lambda: report.info_lines(nodes, health, label, context.terminal, elapsed_ms),
        lambda: encode.info_object(nodes, health, label, elapsed_ms),
    )
    return environment.exit_code(context, health)


def _keys(context: RunContext) -> int:
    from boombap.redis import encode, engines, report
    from boombap.redis.checks import keyspace
    from boombap.redis.examine import verdict

    pattern, db = context.args.match, environment.scanned_database(context)
    stats = engines.keyspace_stats(context, lambda: _keyspace_stats(context, pattern, "keys", db), pattern, db)
    findings = keyspace.judge(stats, environment.expected(context))
    health = verdict(findings, environment.waivers(context), keyspace.skipped(stats))
    environment.count(context, "keys", health)
    label = environment.target(context).address
    answer(
        context,
        lambda: report.keys_lines(stats, health, label, context.terminal, context.args.n),
        lambda: encode.keys_object(stats, health, label, pattern),
    )
    return environment.exit_code(context, health)


def _get(context: RunContext) -> int:
    from boombap.redis import encode, report
    from boombap.redis.inspect import inspect_key

    server = environment.target(context)
    db = server.db if context.args.db is None else context.args.db
    value = inspect_key(environment.opened(context, server.on(db)), context.args.key)
    answer(context, lambda: report.value_lines(value, context.terminal), lambda: encode.value_object(value))
    return EXIT_OK


def _check_change(args: Namespace) -> None:
    from boombap.redis.keyspace.pattern import is_everything

    if args.dry_run and args.yes:
        raise UsageError("--dry-run does not go with --yes", hint="leave one of them out")
    if args.yes and is_everything(args.match) and not args.everything:
        pattern = os.fsdecode(args.match)
        raise UsageError(f"{pattern!r} matches every key", hint="add --everything if you mean all of them")


def _purge(context: RunContext) -> int:
    return _change(context, "purge", None, context.args.backup)


def _expire(context: RunContext) -> int:
    return _change(context, "expire", context.args.ttl, None)


def _change(context: RunContext, action: str, ttl_ms: int | None, backup_file: Path | None) -> int:
    from boombap.redis import report
    from boombap.redis.changes.change import Change, plan
    from boombap.redis.keyspace.pattern import is_everything

    args, db = context.args, environment.changed_database(context)
    wanted = plan(action, args.match, _keyspace_stats(context, args.match, "plan", db), ttl_ms)
    if args.format == "text":
        for line in report.plan_lines(wanted, environment.place(context, db), context.terminal):
            context.terminal.write(line)
    backup = _purge_backup(context, backup_file, db) if args.yes and backup_file else None
    is_left = backup is not None and backup.is_unfinished
    if not args.yes or not (wanted.keys or is_left):
        if wanted.keys:
            everything = " --everything" if is_everything(args.match) else ""
            context.terminal.note(f"nothing was changed; add --yes{everything} to do it")
        return _show_done(context, wanted, None)
    checkpoint = environment.checkpoint(context, db, action, args.match, ttl_ms)
    resumed = False if args.fresh else checkpoint.read()
    if is_left:
        context.terminal.note(f"the backup {backup_file} of an interrupted run is continued")
    keyspace = environment.keyspace(context, db)
    details = {"match": args.match, "ttl_ms": ttl_ms, "backup": backup_file, "keys": wanted.keys}
    with (
        environment.logged(context, action, db, **details) as log,
        backup or nullcontext(),
        environment.progress(context) as progress,
    ):
        done = Change(keyspace, wanted, checkpoint, progress.reach, db=db, backup=backup, resumed=resumed).run()
        log(done)
    return _show_done(context, wanted, done)


def _purge_backup(context: RunContext, file: Path, db: int | None) -> BackupFile:
    from boombap.redis import report
    from boombap.redis.transfer.backup_file import BackupFile

    job = f"purge {report.shown(context.args.match)} at {environment.place(context, db)}"
    return BackupFile(file, job=job)


def _backup(context: RunContext) -> int:
    from boombap.redis.keyspace.pattern import matcher
    from boombap.redis.transfer.backup_file import BackupFile
    from boombap.redis.transfer.copying import backup

    args, db = context.args, environment.changed_database(context)
    file, keyspace = BackupFile(args.file, args.form), environment.keyspace(context, db)
    with environment.progress(context) as progress:
        done = backup(keyspace, args.match, matcher(args.match), file, progress.reach, db=db)
    return _show_done(context, None, done, f"from {environment.place(context, db)}")


def _restore(context: RunContext) -> int:
    from boombap.redis.transfer.copying import restore

    args, db = context.args, environment.changed_database(context)
    into = environment.databases(context, environment.target(context))
    with environment.progress(context) as progress:
        done = restore(
            args.file, into, progress.reach,
            db=db, is_named=args.db is not None, replaces=args.replace, skips_damaged=args.skip_damaged,
        )  # fmt: skip
    return _show_done(context, None, done, f"into {environment.place(context, db)}")


def _copy(context: RunContext) -> int:
    from boombap.clients.redis.target import from_text
    from boombap.redis.keyspace.pattern import matcher
    from boombap.redis.transfer.copying import copy, refuse_same_database

    args, db = context.args, environment.changed_database(context)
    to = from_text(args.to, origin="--to")
    to_db = None if db is None else to.db
    keyspace, into = environment.keyspace(context, db), environment.databases(context, to)
    refuse_same_database(keyspace.deployment, environment.opened(context, to), is_same_number=to_db == db)
    with environment.progress(context) as progress:
        done = copy(
            keyspace, args.match, matcher(args.match), into, progress.reach,
            db=db, to_db=to_db, replaces=args.replace, form=args.form,
        )  # fmt: skip
    target = f"{to.address}, {'each its own' if to_db is None else f'database {to_db}'}"
    return _show_done(context, None, done, f"from {environment.place(context, db)} into {target}")


def _acl(context: RunContext) -> int:
    from boombap.redis import encode, report
    from boombap.redis.checks import access
    from boombap.redis.examine import examine
    from boombap.redis.server_info import read

    server = environment.target(context)
    nodes = [read(pool) for pool in environment.opened(context, server).masters()]
    users = {node.address: None if node.acl is None else access.users(node) for node in nodes}
    health = examine(nodes, environment.expected(context), environment.waivers(context), checks=access.CHECKS)
    environment.count(context, "acl", health)
    answer(
        context,
        lambda: report.acl_lines(users, health, context.terminal),
        lambda: encode.acl_object(users, health, server.address),
    )
    # Without its users an answer lacks what it is about.
    return EXIT_EXTERNAL if None in users.values() else environment.exit_code(context, health)


def _stats(context: RunContext) -> int:
    from boombap.redis import encode, report
    from boombap.redis.checks import keyspace
    from boombap.redis.server_info import read

    server = environment.target(context)
    nodes = [read(pool) for pool in environment.opened(context, server).masters()]
    stats = None
    if not context.args.fast:
        stats = _keyspace_stats(context, b"*", "stats", environment.scanned_database(context))
    skipped = keyspace.skipped(stats) if stats else ()
    answer(
        context,
        lambda: report.stats_lines(nodes, stats, skipped, server.address, context.terminal),
        lambda: encode.stats_object(nodes, stats, server.address),
    )
    return EXIT_OK


def _keyspace_stats(context: RunContext, pattern: bytes, purpose: str, db: int | None) -> KeyspaceStats:
    from boombap.redis.keyspace.collect import MAX_AGE_S, scan_keyspace

    share = context.args.sample or 1.0
    checkpoint = environment.checkpoint(context, db, purpose, pattern, share)
    # A plan says what is there now, without what was counted before.
    if purpose != "plan" and not context.args.fresh and checkpoint.read(MAX_AGE_S):
        context.terminal.note("resuming an interrupted run (use --fresh to start over)")
    prefixes = [prefix.encode() for prefix in environment.settings(context).ttls]
    keyspace = environment.keyspace(context, db)
    with environment.progress(context) as progress:
        return scan_keyspace(keyspace, pattern, checkpoint, progress.reach, db=db, share=share, prefixes=prefixes)


def _show_done(context: RunContext, plan: Plan | None, done: Done | None, place: str = "") -> int:
    from boombap.redis import encode, report

    address = environment.target(context).address
    answer(
        context,
        lambda: () if done is None else report.done_lines(done, context.terminal, place),
        lambda: encode.change_object(plan, done, address),
    )
    if done is None:
        return EXIT_OK
    if _is_incomplete(done, context):
        return EXIT_EXTERNAL
    return EXIT_FINDINGS if done.left or done.orphans or not done.is_complete else EXIT_OK


def _is_incomplete(done: Done, context: RunContext) -> bool:
    is_lossy = done.losses and not getattr(context.args, "allow_loss", False)
    return bool(done.failed_count or done.damage_count or is_lossy)


_AT_FAIL_ON = "a finding at or above --fail-on"
_CLUSTER = "the flag chooses the classic engine for a node of a Cluster"
_LEFT = "keys match in the end that were not changed"
_UNREACHABLE = "no connection, or a refused command"
_UNWRITTEN = "no connection, a refused command, a key that could not be written, or a loss without --allow-loss"
_UNSAVED = "no connection, a refused command, a key or a file that cannot be written, or a loss without --allow-loss"

TOOL = Tool(
    description="Is the cache healthy, what fills it, what is dangerous in it, and changing it safely.",
    default="info",
    section=_section,
    flags=options.flags,
    actions=(
        Action(
            "info",
            "what is wrong with the server, each with its remedy",
            _info,
            options.add_info,
            examples="info --fail-on warning",
            exits={EXIT_FINDINGS: _AT_FAIL_ON, EXIT_EXTERNAL: _UNREACHABLE, EXIT_NO_VERDICT: _CLUSTER},
        ),
        Action(
            "keys",
            "one scan: memory by prefix, types, TTLs, biggest keys, pickles",
            _keys,
            options.add_keys,
            examples="keys --sample 5\nkeys --match 'lyrics:*' -n 30",
            exits={
                EXIT_FINDINGS: _AT_FAIL_ON,
                EXIT_EXTERNAL: f"{_UNREACHABLE}; the classic engine, which does not look for pickles, answered",
                EXIT_NO_VERDICT: _CLUSTER,
            },
        ),
        Action(
            "get",
            "show one key with its value decoded",
            _get,
            options.add_get,
            examples="get artist:7",
            exits={EXIT_EXTERNAL: "the key is not there, no connection, or a refused command"},
        ),
        Action(
            "purge",
            "delete matching keys; prints a plan, requires --yes",
            _purge,
            options.add_purge,
            check=_check_change,
            examples="purge --match 'lyrics:*'\npurge --match 'lyrics:*' --backup lyrics.jsonl --yes",
            exits={
                EXIT_FINDINGS: _LEFT,
                EXIT_EXTERNAL: "no connection, a refused command, or the backup cannot be written",
            },
        ),
        Action(
            "expire",
            "set a TTL on matching keys, never a longer one; requires --yes",
            _expire,
            options.add_expire,
            check=_check_change,
            examples="expire --match 'artist:*' --ttl 1h --yes",
            exits={EXIT_FINDINGS: _LEFT, EXIT_EXTERNAL: _UNREACHABLE},
        ),
        Action(
            "backup",
            "write keys into a file of JSON lines",
            _backup,
            options.add_backup,
            examples="backup keys.jsonl --match 'artist:*'",
            exits={EXIT_EXTERNAL: _UNSAVED},
        ),
        Action(
            "restore",
            "write such a file back",
            _restore,
            options.add_restore,
            options.check_replace,
            examples="restore keys.jsonl\nrestore keys.jsonl --replace --yes\nrestore keys.jsonl --skip-damaged",
            exits={EXIT_EXTERNAL: _UNWRITTEN},
        ),
        Action(
            "copy",
            "write keys into another server",
            _copy,
            options.add_copy,
            options.check_replace,
            examples="copy --match 'artist:*' --to redis://cache.example.org:6379/0",
            exits={EXIT_EXTERNAL: _UNWRITTEN},
        ),
        Action(
            "acl",
            "who may do what",
            _acl,
            options.add_info,
            examples="acl",
            exits={EXIT_FINDINGS: _AT_FAIL_ON, EXIT_EXTERNAL: _UNREACHABLE},
        ),
        Action(
            "stats",
            "hit ratio, evictions and memory, by prefix for our own caches",
            _stats,
            options.add_stats,
            examples="stats --fast",
            exits={EXIT_EXTERNAL: _UNREACHABLE},
        ),
        *ACTIONS,
    ),
    notes="""\
The address comes from REDIS_URL or REDIS_HOST, from .env or boombap.toml (`boombap config show`):
redis://, rediss://, unix://, or redis+sentinel://host,host/service. Redis Cluster is detected automatically.
Exit codes: 0 fine, 1 a finding at or above --fail-on, 2 usage, 3 a server failed, 4 classic cannot answer for a
Cluster, 130 Ctrl-C.""",
)
