"""What a message is about: the findings that nobody has accepted, what could not be audited, and the verdict.

`News.digest` identifies the set of findings: lines, ages and the order of files are not in it, so that an edited
comment or a database that is a day older is not news.
"""

from __future__ import annotations

import hashlib
import json

from boombap.deps.gate.verdict import exit_code
from boombap.deps.report.phrases import answer
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.model import Finding, Report

_OPEN = ("blocks", "shown")


class News(Record):
    """An audit as a message tells it.

    Attributes:
        project: what the message calls the project.
        link: address of the whole report; empty without one.
        report: the audit and its verdict.
        findings: each with its status (``blocks`` or ``shown``), those that block first, then by urgency.
    """

    project: str
    link: str
    report: Report
    findings: tuple[tuple[Finding, str], ...]

    @property
    def answer(self) -> str:
        """Return the sentence that ends the report."""
        return answer(self.report)

    @property
    def exit_code(self) -> int:
        """Return what `check` would end with."""
        return exit_code(self.report.verdict)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was found and everything that the policy asks for was looked at."""
        verdict = self.report.verdict
        return not (self.findings or verdict.violations or verdict.gaps)

    @property
    def blocking(self) -> int:
        """Return how many findings block."""
        return sum(status == "blocks" for _, status in self.findings)

    @property
    def exploited(self) -> int:
        """Return how many findings are known to be exploited."""
        return sum(bool(finding.kev) for finding, _ in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of findings by level, and by kind where they are not vulnerabilities; the worst first."""
        counts: dict[str, int] = {}
        for finding, _ in self.findings:
            counts[label(finding)] = counts.get(label(finding), 0) + 1
        return counts

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the project and of the set of findings, in hexadecimal."""
        findings = sorted(_identity(finding, status) for finding, status in self.findings)
        verdict, skipped = self.report.verdict, self.report.audit.coverage.skipped
        rules = sorted({violation.rule for violation in (*verdict.violations, *verdict.gaps)})
        unseen = sorted({(item.what, item.file, item.reason) for item in skipped})
        text = json.dumps([self.project, findings, rules, unseen])
        return hashlib.sha256(text.encode()).hexdigest()


def news(report: Report, project: str, link: str = "") -> News:
    """Return what there is to tell about a report."""
    findings = [(finding, status) for finding, status, _ in report.by_status if status in _OPEN]
    findings.sort(key=lambda pair: _OPEN.index(pair[1]))
    return News(project, link, report, tuple(findings))


def label(finding: Finding) -> str:
    """Return the level of a vulnerability, and the kind of anything else."""
    return finding.severity.level if finding.kind == "vulnerability" else finding.kind


def _identity(finding: Finding, status: str) -> list[str]:
    dependency = finding.dependency
    package = [dependency.ecosystem, dependency.normal, dependency.version, dependency.file]
    return [*package, finding.id, label(finding), status, "exploited" if finding.kev else ""]
