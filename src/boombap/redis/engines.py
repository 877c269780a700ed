"""The facts about a server and its keys, by the engine that the flag `redis-engine` chooses for it.

Classic reads one server, and no values: it refuses a node of a Cluster, and a check of values is a failure. Sentinels,
and a share of the keys (`--sample`), are native's alone.
"""

from __future__ import annotations

from boombap.flags.engine import run
from boombap.redis import environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.command.context import RunContext
    from boombap.redis.model import KeyspaceStats, NodeInfo

_FLAG = "redis-engine"
_MOVING = ("info", "commands", "slow_us")
_COUNTED = ("keys", "size_bytes", "measured", "is_estimate", "types", "ttls", "databases")


def nodes(context: RunContext) -> Sequence[NodeInfo]:
    """Return the facts about the configured server, or about every master of a Cluster.

    Raises:
        ExternalError: when it cannot be reached, or does not even allow INFO.
        NoVerdict: when classic is to answer, and the server is a node of a Cluster.
        UsageError: when classic is to answer and is not installed.
    """
    server = environment.target(context)

    def native() -> Sequence[NodeInfo]:
        from boombap.redis.server_info import read

        return [read(pool) for pool in environment.opened(context, server).masters()]

    def classic() -> Sequence[NodeInfo]:
        from boombap.redis.classic import info

        return [info(server)]

    if server.sentinels:
        return native()
    return run(context, _FLAG, server.label, native, classic, may_fall_back=True, differ=_nodes_differ, work="info")


def keyspace_stats(
    context: RunContext, native: Callable[[], KeyspaceStats], pattern: bytes, db: int | None
) -> KeyspaceStats:
    """Return what the keys of the configured server amount to.

    Args:
        context: of the run.
        native: scans them.
        pattern: of their names.
        db: one database only; None is all of them.

    Raises:
        ExternalError: when the server stays away, or refuses a command that the engine needs.
        NoVerdict: when classic is to answer, and the server is a node of a Cluster.
        UsageError: when classic is to answer and is not installed.
    """
    server = environment.target(context)
    if server.sentinels or context.args.sample:
        return native()

    def classic() -> KeyspaceStats:
        from boombap.redis.classic import keys

        prefixes = [prefix.encode() for prefix in environment.settings(context).ttls]
        return keys(server, context.interrupt, db, pattern, *prefixes)

    return run(context, _FLAG, server.label, native, classic, may_fall_back=True, differ=_keys_differ, work="keys")


def _nodes_differ(classic: Sequence[NodeInfo], native: Sequence[NodeInfo]) -> Sequence[str]:
    """Return where the facts differ that stay the same from one second to the next."""
    from boombap.flags.shadow.difference import fields_but

    return fields_but("engine", *_MOVING)(classic, native)


def _keys_differ(classic: KeyspaceStats, native: KeyspaceStats) -> Sequence[str]:
    """Return where the counts differ that both engines have."""
    from boombap.flags.shadow.difference import fields_but

    counts = [{name: getattr(stats, name) for name in _COUNTED} for stats in (classic, native)]
    return fields_but()(*counts)
