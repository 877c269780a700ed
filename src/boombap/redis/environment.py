"""What an action of `redis` works with, from its context: the server, its databases, checkpoints, expectations."""

from __future__ import annotations

from boombap.command.options import NEVER
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_OK
from boombap.redis.options import ALL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from boombap.batch.progress import Progress
    from boombap.clients.redis.connection import Limits
    from boombap.clients.redis.deployment import Deployment
    from boombap.clients.redis.target import Target
    from boombap.command.context import RunContext
    from boombap.health.waivers import Waiver
    from boombap.redis.keyspace.checkpoint import Checkpoint
    from boombap.redis.keyspace.shards import Keyspace
    from boombap.redis.model import Done, Expectations, Health
    from boombap.redis.settings import RedisSettings


def settings(context: RunContext) -> RedisSettings:
    """Return what is configured of the tool."""
    from boombap.redis.settings import RedisSettings

    return context.config.of(RedisSettings)


def target(context: RunContext) -> Target:
    """Return the server that the configuration names.

    Raises:
        ConfigError: when none is configured, or the address is malformed.
    """
    from boombap.local.address import redis

    return redis(context.config)


def opened(context: RunContext, server: Target) -> Deployment:
    """Return connections to a server, closed when the run is over."""
    from boombap.clients.redis import deployment

    size = settings(context).pool_size
    made = deployment.opened(server, context.interrupt, limits=_limits(context), size=size)
    return context.stack.enter_context(made)


def databases(context: RunContext, server: Target) -> Callable[[int], Deployment]:
    """Return what opens one logical database of a server."""
    return lambda db: opened(context, server.on(db))


def keyspace(context: RunContext, db: int | None) -> Keyspace:
    """Return the configured server as something to scan; a database that it does not have is an error."""
    return keyspace_of(context, target(context), db)


def keyspace_of(context: RunContext, server: Target, db: int | None) -> Keyspace:
    """Return any server as something to scan; a database that it does not have is an error."""
    from boombap.redis.keyspace.shards import Keyspace

    deployment = opened(context, server if db is None else server.on(db))
    return Keyspace(deployment, context.interrupt, _limits(context))


def changed_database(context: RunContext) -> int | None:
    """Return the database that a change touches: the address's, unless --db names another; None is all of them."""
    if context.args.db is None:
        return target(context).db
    return None if context.args.db == ALL else int(context.args.db)


def scanned_database(context: RunContext) -> int | None:
    """Return the database that is scanned without a change; None is all of them, unless --db names one."""
    return None if context.args.db in {None, ALL} else int(context.args.db)


def place(context: RunContext, db: int | None) -> str:
    """Return the server and the database as a person reads them."""
    return f"{target(context).address}, {'all databases' if db is None else f'database {db}'}"


def checkpoint(context: RunContext, db: int | None, *job: object) -> Checkpoint:
    """Return the checkpoint of a job on one database, or on all."""
    from boombap.redis.keyspace.checkpoint import Checkpoint

    assert context.config.paths.state is not None, "config.load fills it in"
    return Checkpoint(context.config.paths.state / "redis", target(context).label, db, *job)


def logged(
    context: RunContext, action: str, db: int | None, **details: object
) -> AbstractContextManager[Callable[[Done], None]]:
    """Return what writes a change into the log of changes, when it begins and when it ends."""
    from boombap.redis.changes.audit_log import logged as entry

    assert context.config.paths.state is not None, "config.load fills it in"
    folder = context.config.paths.state / "redis"
    details = {"db": "all" if db is None else db, **details}
    return entry(folder, action, target(context).address, details)


def expected(context: RunContext) -> Expectations:
    """Return what the configuration expects of a healthy cache."""
    from boombap.redis.model import Expectations

    cache = settings(context)
    return Expectations(cache.ttls, cache.hit_ratio_floor, cache.big_key)


def waivers(context: RunContext) -> Sequence[Waiver]:
    """Return the waivers that the configuration names."""
    from boombap.health.waivers import load

    file = settings(context).waivers
    return load(file) if file else ()


def exit_code(context: RunContext, health: Health) -> int:
    """Return what --fail-on makes of the findings."""
    from boombap.health.finding import Severity

    if any(skipped.is_failure for skipped in health.skipped):
        return EXIT_EXTERNAL
    if context.args.fail_on == NEVER:
        return EXIT_OK
    limit = Severity[context.args.fail_on.upper()]
    return EXIT_FINDINGS if any(finding.severity >= limit for finding in health.findings) else EXIT_OK


def count(context: RunContext, action: str, health: Health) -> None:
    """Leave the findings of an action for the collector."""
    from boombap.health.counts import count_findings

    count_findings(context.meter, "redis", action, health.findings, health.skipped)


def progress(context: RunContext) -> Progress:
    """Return what shows how many keys are done."""
    from boombap.batch.progress import Progress

    return Progress("keys", None, context.terminal)


def _limits(context: RunContext) -> Limits:
    from boombap.clients.redis.connection import Limits

    own = settings(context)
    return Limits(own.connect_timeout, own.read_timeout)
