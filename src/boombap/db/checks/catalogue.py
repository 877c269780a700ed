"""Every health check, in the order in which people ask: what hurts now, what will, what could be better."""

from __future__ import annotations

from boombap.db.checks import (
    activity,
    collations,
    constraints,
    coverage,
    indexes,
    replication,
    settings,
    statements,
    storage,
    vacuum,
    vectors,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.db.checks.check import Check

ALL: tuple[Check, ...] = (
    *activity.CHECKS,
    *vacuum.CHECKS,
    *constraints.CHECKS,
    *replication.CHECKS,
    *settings.CHECKS,
    *indexes.CHECKS,
    *collations.CHECKS,
    *storage.CHECKS,
    *statements.CHECKS,
    *vectors.CHECKS,
    *coverage.CHECKS,
)
