"""The report as SARIF 2.1.0, for code hosts: each finding a result at its line in the lock file.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0. Notifications say what was not audited.
"""

from __future__ import annotations

from boombap.deps.report.phrases import database, purl, remedy, severity, unapplied_vex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.model import Dependency, Finding, Lint, Report

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "none": "note"}


def sarif_object(report: Report) -> dict[str, object]:
    """Return the log with one run."""
    findings = {finding.id: finding for finding in report.audit.findings}
    lints = {lint.rule: lint for lint in report.audit.lints}
    rules = [_rule(finding) for finding in findings.values()] + [
        {"id": rule, "shortDescription": {"text": rule.replace("_", " ")}} for rule in lints
    ]
    at = {str(rule["id"]): index for index, rule in enumerate(rules)}
    results = [_result(*one, at[one[0].id]) for one in report.by_status]
    results += [_lint(lint, at[lint.rule]) for lint in report.audit.lints]
    driver = {
        "name": "boombap deps",
        "version": report.version,
        "semanticVersion": report.version,
        "rules": rules,
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": results,
        "properties": {"databases": [database(source) for source in report.audit.coverage.sources]},
    }
    return {"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [run]}


def _rule(finding: Finding) -> dict[str, object]:
    rule: dict[str, object] = {
        "id": finding.id,
        "shortDescription": {"text": finding.summary or finding.id},
        "properties": {"tags": ["security", finding.kind, *finding.aliases]},
    }
    if finding.severity.score is not None:
        rule["properties"] = {**rule["properties"], "security-severity": f"{finding.severity.score:.1f}"}  # type: ignore[dict-item]
    return rule


def _result(finding: Finding, status: str, reason: str, at: int) -> dict[str, object]:
    one = finding.dependency
    # Nobody knows how bad it is: more than a note, and malware is an error whatever its number.
    level = "error" if finding.kind == "malicious" or finding.kev else _LEVELS.get(finding.severity.level, "warning")
    result: dict[str, object] = {
        "ruleId": finding.id,
        "ruleIndex": at,
        "level": level,
        "message": {"text": f"{one.name} {one.version}: {severity(finding)}, {remedy(finding)}. {finding.summary}"},
        "locations": [_location(place) for place in (one, *finding.also)],
        "partialFingerprints": {"dependency/v1": f"{one.ecosystem}/{one.normal}/{finding.id}"},
        "properties": {"purl": purl(one.ecosystem, one.normal, one.version), "status": status, "reason": reason},
    }
    if finding.usage:
        result["properties"] = {**result["properties"], "usage": finding.usage.phrase}  # type: ignore[dict-item]
    if status in ("waived", "known"):
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result


def _location(place: Dependency) -> dict[str, object]:
    return _physical(place.file, place.line)


def _physical(file: str, line: int) -> dict[str, object]:
    from urllib.parse import quote

    # A file without lines (a database of installed packages) is shown at its first.
    region = {"startLine": max(1, line)}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(file or ".")}, "region": region}}


def _lint(lint: Lint, at: int) -> dict[str, object]:
    text = f"{lint.summary}; {lint.remedy}" if lint.remedy else lint.summary
    return {
        "ruleId": lint.rule,
        "ruleIndex": at,
        "level": "note",
        "message": {"text": text},
        "locations": [_physical(lint.file, lint.line)],
    }


def _invocation(report: Report) -> dict[str, object]:
    texts = [gap.summary for gap in report.verdict.gaps]
    coverage = report.audit.coverage
    texts += [f"{left_out.what}: {left_out.reason}" for left_out in (*coverage.skipped, *coverage.unassessable)]
    texts += [f"excluded: {item.file}: {item.reason}" for item in report.audit.excluded]
    texts += list(map(unapplied_vex, report.verdict.unapplied_vex))
    texts += [f"{report.hidden} findings below {report.floor} are not shown"] if report.hidden else []
    notes = [{"level": "warning", "message": {"text": text}} for text in texts]
    return {
        "executionSuccessful": not report.verdict.gaps,
        "endTimeUtc": report.made_at,
        "toolExecutionNotifications": notes,
    }
