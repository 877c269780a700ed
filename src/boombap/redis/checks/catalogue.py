"""Every check of a node, in the order in which people ask: what hurts now, who gets in, what will hurt."""

from __future__ import annotations

from boombap.redis.checks import access, durability, memory, traffic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.redis.model import Check

ALL: tuple[Check, ...] = (*durability.CHECKS, *memory.CHECKS, *traffic.CHECKS, *access.CHECKS)
