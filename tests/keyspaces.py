"""A scan of a whole server, as the actions of `redis` make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.clients.redis.deployment import opened
from boombap.interrupt import Interrupt
from boombap.redis.keyspace.checkpoint import Checkpoint
from boombap.redis.keyspace.collect import scan_keyspace
from boombap.redis.keyspace.shards import Keyspace
from caches import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boombap.clients.redis.target import Target
    from boombap.redis.model import KeyspaceStats


def quiet(done: int, total: int) -> None:
    """Nobody watches."""


def walk(
    target: Target,
    folder: Path,
    *,
    pattern: bytes = b"*",
    progress: Callable[[int, int], None] = quiet,
    interrupt: Interrupt | None = None,
    patience_s: float = 5.0,
    **options: object,
) -> KeyspaceStats:
    interrupt = interrupt or Interrupt()
    with opened(target, interrupt, limits=LIMITS) as deployment:
        keyspace = Keyspace(deployment, interrupt, LIMITS, patience_s=patience_s)
        checkpoint = Checkpoint(folder, target.label, pattern)
        checkpoint.read()
        return scan_keyspace(keyspace, pattern, checkpoint, progress, **options)  # type: ignore[arg-type]
