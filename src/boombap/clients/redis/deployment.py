"""Standalone, behind Sentinels, or a Cluster: detected automatically, and used in the same way."""

from __future__ import annotations

from contextlib import contextmanager

from boombap.clients.redis.connection import Limits
from boombap.clients.redis.pool import Pool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.redis.cluster import Cluster
    from boombap.clients.redis.target import Target
    from boombap.interrupt import Interrupt

    Deployment = Pool | Cluster
    """Both have `call`, `ask`, `pipeline`, `scan` and `masters`."""


@contextmanager
def opened(
    target: Target, interrupt: Interrupt, *, limits: Limits | None = None, size: int = 4
) -> Iterator[Deployment]:
    """Yield what a target names, and close it at the end.

    Raises:
        ExternalError: when it cannot be reached, or refuses us.
    """
    limits = limits or Limits()
    if target.service:
        from boombap.clients.redis.sentinel import locate

        master = locate(target, limits, interrupt)
        with Pool(
            master, interrupt, limits=limits, size=size, locate=lambda: locate(target, limits, interrupt)
        ) as pool:
            yield pool
        return
    with Pool(target, interrupt, limits=limits, size=size) as pool:
        if not _is_cluster(pool):
            yield pool
            return
    from boombap.clients.redis.cluster import Cluster

    with Cluster(target, interrupt, limits=limits, size=size) as cluster:
        yield cluster


def _is_cluster(pool: Pool) -> bool:
    with pool.connection() as connection:
        if connection.mode:
            return connection.mode == "cluster"
        return b"cluster_enabled:1" in connection.call("INFO", "cluster")
