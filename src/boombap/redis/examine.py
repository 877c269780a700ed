"""Runs the checks over the facts of all nodes, and applies the waivers."""

from __future__ import annotations

from datetime import date

from boombap.health.finding import Skipped, by_urgency
from boombap.health.waivers import apply
from boombap.redis.checks.catalogue import ALL
from boombap.redis.model import Health

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.health.finding import Finding
    from boombap.health.waivers import Waiver
    from boombap.redis.model import Check, Expectations, NodeInfo

_REASONS = {
    "config": "CONFIG is renamed or not allowed to this user",
    "acl": "ACL LIST is renamed or not allowed to this user",
    "slow_us": "SLOWLOG is renamed or not allowed to this user",
    "cluster": "CLUSTER INFO is renamed or not allowed to this user",
}


def examine(
    nodes: Sequence[NodeInfo],
    expected: Expectations,
    waivers: Sequence[Waiver],
    *,
    checks: Sequence[Check] = ALL,
    today: date | None = None,
) -> Health:
    """Return what all checks say about all nodes."""
    findings: list[Finding] = []
    skipped: dict[Skipped, None] = {}
    for facts in nodes:
        for check in checks:
            missing = next((name for name in check.needs if getattr(facts, name) is None), None)
            if missing:
                skipped[Skipped(check.id, _REASONS[missing])] = None
            else:
                findings += check.judge(facts, expected)
    return verdict(findings, waivers, tuple(skipped), len(checks), today)


def verdict(
    findings: Iterable[Finding],
    waivers: Sequence[Waiver],
    skipped: tuple[Skipped, ...] = (),
    checks: int = 1,
    today: date | None = None,
) -> Health:
    """Return findings with their waivers applied, the worst first."""
    standing, waived, expired = apply(findings, waivers, today or date.today())
    words = tuple(f"{one.id} on {one.subject} ({one.expires}, {one.owner})" for one in expired)
    return Health(tuple(by_urgency(standing)), tuple(by_urgency(waived)), words, skipped, checks)
