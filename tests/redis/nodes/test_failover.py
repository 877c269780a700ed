"""A master that dies in the middle of a scan: its keys are read again from the node that takes over."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from boombap.clients.redis.deployment import opened
from boombap.interrupt import Interrupt
from boombap.redis.keyspace.shards import Keyspace
from boombap.redis.nodes import hot, streams
from caches import LIMITS, start_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from caches import CacheCluster

KEYS = 300


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[CacheCluster]:
    with ExitStack() as stack:
        yield start_cluster(lambda: Path(mkdtemp(dir=tmp_path)), stack)


def killing(cluster: CacheCluster) -> Callable[[bytes], bool]:
    """Return a matcher that kills a master when it is given its first key."""
    killed: list[int] = []

    def matches(key: bytes) -> bool:
        if not killed:
            killed.append(cluster.nodes[0].running.pid)
            os.kill(killed[0], signal.SIGKILL)
        return True

    return matches


@pytest.mark.slow
@pytest.mark.parametrize("action", ["streams", "hot"])
def test_a_failover_during_a_scan(own_cluster: CacheCluster, action: str):
    with own_cluster.opened() as cluster:
        cluster.pipeline([("XADD", f"feed:{number}", "1-1", "a", "b") for number in range(KEYS)])
        for pool in cluster.masters():
            pool.call("WAIT", 1, 2000)
    interrupt, matches = Interrupt(), killing(own_cluster)
    with opened(own_cluster.nodes[1].target, interrupt, limits=LIMITS) as deployment:
        keyspace = Keyspace(deployment, interrupt, LIMITS, patience_s=20.0)
        if action == "streams":
            seen = streams.read(keyspace, b"*", matches, db=None, idle_limit_s=60.0, max_lag=10)
            assert len(seen.streams) == KEYS
        else:
            found = hot.read(keyspace, b"*", matches, db=None, rows=10, limit=10_000)
            assert sum(node.looked_at for node in found.nodes) == sum(node.keys for node in found.nodes) == KEYS
