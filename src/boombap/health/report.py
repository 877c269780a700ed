"""Findings as a person reads them: the count, then each with its remedy, the worst first."""

from __future__ import annotations

from boombap.health.finding import Severity
from boombap.output.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.health.finding import Finding, Skipped
    from boombap.output.terminal import Style, Terminal

_STYLES: dict[Severity, Style] = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_NOUNS = {Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.INFO: "info"}
_LABEL_COLUMNS = 10
_FIX = "fix:"


def tally(findings: Sequence[Finding]) -> str:
    """Return the findings counted by severity, for example ``1 critical, 3 warning``."""
    counts = ((sum(finding.severity is severity for finding in findings), noun) for severity, noun in _NOUNS.items())
    return ", ".join(f"{count} {noun}" for count, noun in counts if count) or "no findings"


def lines(findings: Sequence[Finding], terminal: Terminal) -> Iterator[str]:
    """Yield each finding as its head, its sentence and its remedy."""
    for finding in findings:
        label = terminal.style(f"{finding.severity.word:<{_LABEL_COLUMNS}}", _STYLES[finding.severity])
        yield f"{label}{terminal.style(finding.id, 'bold')}  {printable(finding.subject)}"
        indent = " " * _LABEL_COLUMNS
        yield f"{indent}{printable(finding.summary)}"
        for line in finding.remedy.splitlines():
            # A comment of SQL says when to run what follows; it is not a remedy itself.
            label = " " * len(_FIX) if line.startswith("--") else terminal.style(_FIX, "green")
            yield f"{indent}{label} {printable(line)}"


def skipped_lines(skipped: Sequence[Skipped]) -> Iterator[str]:
    """Yield the checks without an answer, grouped by reason, failures first."""
    by_reason: dict[tuple[bool, str], list[str]] = {}
    for check in skipped:
        by_reason.setdefault((not check.is_failure, check.reason), []).append(check.id)
    for (is_expected, reason), ids in sorted(by_reason.items()):
        verb = "skipped" if is_expected else "failed"
        yield f"  {verb}: {', '.join(ids)} ({printable(reason)})"
