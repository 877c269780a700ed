"""What an audit leaves for the collector: findings by severity, how much was looked at, and the verdict."""

from __future__ import annotations

from boombap.telemetry.catalogue import DEPS_AUDITED, DEPS_FINDINGS, DEPS_UNAUDITED, DEPS_VERDICT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.model import Audit, Level, Verdict
    from boombap.telemetry.instruments import Meter

_LEVELS: tuple[Level, ...] = ("critical", "high", "medium", "low", "none", "unknown")


def count_audit(meter: Meter, audit: Audit, verdict: Verdict) -> None:
    """Leave what an audit found in the place of what the one before did.

    Args:
        audit: with every finding, whatever a policy or a floor makes of it.
        verdict: of the policy.
    """
    levels = [finding.severity.level for finding in audit.findings]
    for level in _LEVELS:
        meter.set(DEPS_FINDINGS, levels.count(level), severity=level)
    meter.set(DEPS_AUDITED, audit.coverage.audited)
    meter.set(DEPS_UNAUDITED, len(audit.coverage.skipped))
    answer = "unknown" if verdict.gaps else "blocked" if verdict.violations else "allowed"
    for name in ("allowed", "blocked", "unknown"):
        meter.set(DEPS_VERDICT, name == answer, verdict=name)
