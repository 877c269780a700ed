"""What checks leave for the collector: findings by severity, and how many checks had an answer."""

from __future__ import annotations

from boombap.health.finding import Severity
from boombap.telemetry.catalogue import HEALTH_CHECKS, HEALTH_FINDINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.health.finding import Finding, Skipped
    from boombap.telemetry.instruments import Meter


def count_findings(
    meter: Meter, command: str, action: str, findings: Sequence[Finding], skipped: Sequence[Skipped]
) -> None:
    """Leave the findings of a run in the place of those of the run before.

    Args:
        findings: without those that a waiver covers.
        skipped: the checks without an answer.
    """
    for severity in Severity:
        amount = sum(finding.severity is severity for finding in findings)
        meter.set(HEALTH_FINDINGS, amount, command=command, action=action, severity=severity.word)
    failed = sum(check.is_failure for check in skipped)
    for state, amount in (("failed", failed), ("skipped", len(skipped) - failed)):
        meter.set(HEALTH_CHECKS, amount, command=command, action=action, state=state)
