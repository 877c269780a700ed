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

    return native() if server.sentinels else run(context, _FLAG, server.label, native, classic, may_fall_back=True)


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

    return run(context, _FLAG, server.label, native, classic, may_fall_back=True)
