"""The actions that look into nodes and compare servers: options and configuration to the work, its answer to a form."""

from __future__ import annotations

from boombap.command.action import Action
from boombap.command.emit import answer
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_OK
from boombap.redis import environment, options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.clients.redis.pool import Pool
    from boombap.clients.redis.target import Target
    from boombap.command.context import RunContext
    from boombap.redis.compare.differ import Side
    from boombap.redis.nodes.asking import Denied


def _slow(context: RunContext) -> int:
    from boombap.redis.nodes import slow
    from boombap.redis.views import slow as view

    log, label, rows = slow.read(_masters(context)), _label(context), context.args.n
    answer(context, lambda: view.lines(log, label, context.terminal, rows), lambda: view.to_object(log, label, rows))
    return _unanswered(log.denied, "SLOWLOG GET")


def _clients(context: RunContext) -> int:
    from boombap.redis.checks import clients as checks
    from boombap.redis.examine import verdict
    from boombap.redis.nodes import clients
    from boombap.redis.views import clients as view

    seen, label, rows = clients.read(_masters(context), context.args.idle), _label(context), context.args.n
    health = verdict(checks.judge(seen), environment.waivers(context), checks.skipped(seen), checks.COUNT)
    environment.count(context, "clients", health)
    answer(
        context,
        lambda: view.lines(seen, health, label, context.terminal, rows),
        lambda: view.to_object(seen, health, label, rows),
    )
    return _unanswered(seen.denied, "CLIENT LIST") or environment.exit_code(context, health)


def _streams(context: RunContext) -> int:
    from boombap.redis.checks import streams as checks
    from boombap.redis.examine import verdict
    from boombap.redis.keyspace.pattern import matcher
    from boombap.redis.nodes import streams
    from boombap.redis.views import streams as view

    args, label, db = context.args, _label(context), environment.scanned_database(context)
    seen = streams.read(
        environment.keyspace(context, db), args.match, matcher(args.match),
        db=db, idle_limit_s=args.idle, max_lag=args.max_lag,
    )  # fmt: skip
    health = verdict(checks.judge(seen), environment.waivers(context), checks.skipped(seen), checks.COUNT)
    environment.count(context, "streams", health)
    answer(
        context,
        lambda: view.lines(seen, health, label, context.terminal, args.n),
        lambda: view.to_object(seen, health, label, args.match, args.n),
    )
    return _unanswered(seen.denied, "XINFO STREAM", "XINFO GROUPS") or environment.exit_code(context, health)


def _latency(context: RunContext) -> int:
    from boombap.redis.nodes import latency
    from boombap.redis.views import latency as view

    seen = latency.read(_masters(context), context.args.samples, context.interrupt)
    label, rows = _label(context), context.args.n
    answer(context, lambda: view.lines(seen, label, context.terminal, rows), lambda: view.to_object(seen, label, rows))
    return EXIT_OK


def _hot(context: RunContext) -> int:
    from boombap.redis.keyspace.pattern import matcher
    from boombap.redis.nodes import hot
    from boombap.redis.views import hot as view

    args, label, db = context.args, _label(context), environment.scanned_database(context)
    seen = hot.read(
        environment.keyspace(context, db), args.match, matcher(args.match), db=db, rows=args.n, limit=args.keys
    )
    answer(
        context,
        lambda: view.lines(seen, label, context.terminal),
        lambda: view.to_object(seen, label, args.match),
    )
    return _unanswered(seen.denied, "OBJECT FREQ", "OBJECT IDLETIME")


def _diff(context: RunContext) -> int:
    from boombap.clients.redis.target import from_text
    from boombap.redis.compare.differ import Rules, compare
    from boombap.redis.keyspace.pattern import matcher
    from boombap.redis.transfer.copying import refuse_same_database
    from boombap.redis.views import diff as view

    args, db = context.args, environment.changed_database(context)
    to = from_text(args.to, origin="--to")
    to_db = None if db is None else to.db
    here, there = _side(context, environment.target(context), db), _side(context, to, to_db)
    refuse_same_database(here.keyspace.deployment, there.keyspace.deployment, is_same_number=to_db == db)
    rules = Rules(args.fast, 1000 * args.ttl_tolerance, args.n)
    with environment.progress(context) as progress:
        seen = compare(here, there, args.match, matcher(args.match), rules=rules, progress=progress.reach)
    places = (
        environment.place(context, db),
        f"{to.address}, {'all databases' if to_db is None else f'database {to_db}'}",
    )
    addresses = (_label(context), to.address)
    answer(
        context,
        lambda: view.lines(seen, places, rules, context.terminal),
        lambda: view.to_object(seen, addresses, rules, args.match),
    )
    if seen.failed_count or not seen.is_complete:
        return EXIT_EXTERNAL
    return EXIT_FINDINGS if seen.differs else EXIT_OK


def _side(context: RunContext, server: Target, db: int | None) -> Side:
    from functools import cache

    from boombap.redis.compare.differ import Side

    keyspace = environment.keyspace_of(context, server, db)
    return Side(keyspace, cache(environment.databases(context, server)), db)


def _masters(context: RunContext) -> list[Pool]:
    return environment.opened(context, environment.target(context)).masters()


def _label(context: RunContext) -> str:
    return environment.target(context).address


def _unanswered(denied: Iterable[Denied], *commands: str) -> int:
    """Return the code of an answer that lacks what it is about, on one node or more."""
    return EXIT_EXTERNAL if any(refused.command in commands for refused in denied) else EXIT_OK


_AT_FAIL_ON = "a finding at or above --fail-on"
_UNREACHABLE = "no connection, or a refused command"
_UNCOMPARED = "no connection, a refused command, a key that could not be compared, or slots that moved meanwhile"

ACTIONS = (
    Action(
        "slow",
        "the slow log by command and pattern of key",
        _slow,
        options.add_slow,
        examples="slow -n 20",
        exits={EXIT_EXTERNAL: _UNREACHABLE},
    ),
    Action(
        "clients",
        "who is connected, idle, blocked, or costs memory",
        _clients,
        options.add_clients,
        examples="clients --idle 1h",
        exits={EXIT_FINDINGS: _AT_FAIL_ON, EXIT_EXTERNAL: _UNREACHABLE},
    ),
    Action(
        "streams",
        "streams and their groups: lag, pending entries, consumers",
        _streams,
        options.add_streams,
        examples="streams --match 'events:*' --max-lag 1000",
        exits={EXIT_FINDINGS: _AT_FAIL_ON, EXIT_EXTERNAL: _UNREACHABLE},
    ),
    Action(
        "latency",
        "how long PING and commands take, and what holds them up",
        _latency,
        options.add_latency,
        examples="latency --samples 1000",
        exits={EXIT_EXTERNAL: _UNREACHABLE},
    ),
    Action(
        "hot",
        "the keys that are used most, or were used last",
        _hot,
        options.add_hot,
        examples="hot -n 50",
        exits={EXIT_EXTERNAL: _UNREACHABLE},
    ),
    Action(
        "diff",
        "compare keys with those of another server",
        _diff,
        options.add_diff,
        examples="diff --match 'artist:*' --to redis://cache.example.org:6379/0",
        exits={EXIT_FINDINGS: "the servers differ", EXIT_EXTERNAL: _UNCOMPARED},
    ),
)
"""In the order of the help."""
