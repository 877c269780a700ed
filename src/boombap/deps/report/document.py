"""The report as JSON, one finding a line; docs/reference/deps.md describes every field."""

from __future__ import annotations

import json

from boombap.output.encode import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.acceptance import Acceptance
    from boombap.deps.model import Finding, Report

SCHEMA = "boombap.deps/1"


def json_lines(report: Report, extra: dict[str, object] | None = None) -> Iterator[str]:
    """Yield the document line by line.

    The encoder in C knows no indentation, and the one in Python takes 60 ms for 950 findings; so each finding is a line
    of its own, which also makes two reports easy to compare.
    """
    parts = list(_parts(report).items()) + list((extra or {}).items())
    yield "{"
    for at, (name, value) in enumerate(parts):
        comma = "," if at < len(parts) - 1 else ""
        if isinstance(value, list) and value:
            yield f"  {_text(name)}: ["
            for number, item in enumerate(value, start=1):
                yield f"    {_text(item)}{',' if number < len(value) else ''}"
            yield f"  ]{comma}"
        else:
            yield f"  {_text(name)}: {_text(value)}{comma}"
    yield "}"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _parts(report: Report) -> dict[str, object]:
    audit, verdict = report.audit, report.verdict
    coverage = audit.coverage
    accepted = {id(finding): why for finding, why in zip(verdict.waived, verdict.acceptances, strict=False)}
    return {
        "schema": SCHEMA,
        "made_at": report.made_at,
        "version": report.version,
        "engine": audit.engine,
        "verdict": verdict.word,
        "is_enforced": verdict.is_enforced,
        "findings": [_finding(*one, accepted.get(id(one[0]))) for one in report.by_status],
        "violations": [{"rule": one.rule, "summary": one.summary} for one in verdict.violations],
        "gaps": [{"rule": one.rule, "summary": one.summary} for one in verdict.gaps],
        "floor": report.floor,
        "hidden": report.hidden,
        "audited": coverage.audited,
        "unknown_severity": coverage.unknown_severity,
        "missing": list(coverage.missing),
        "skipped": [plain(one) for one in coverage.skipped],
        "unassessable": [plain(one) for one in coverage.unassessable],
        "unapplied_vex": [
            {"document": one.file, "product": one.what, "reason": one.reason} for one in verdict.unapplied_vex
        ],
        "sources": [plain(one) for one in coverage.sources],
        "lints": [plain(one) for one in audit.lints],
        "files": list(audit.files),
        "inventory": [plain(item) for item in audit.inventory],
    }


def _finding(finding: Finding, status: str, reason: str, accepted: Acceptance | None) -> dict[str, object]:
    one, severity = finding.dependency, finding.severity
    return {
        "ecosystem": one.ecosystem,
        "name": one.name,
        "normal": one.normal,
        "version": one.version,
        "id": finding.id,
        "aliases": finding.aliases,
        "kind": finding.kind,
        "severity": {
            "score": severity.score,
            "level": severity.level,
            "basis": severity.basis,
            "vector": severity.vector,
        },
        "fixed": finding.fixed,
        "kev": finding.kev or None,
        "epss": finding.epss,
        "summary": finding.summary,
        "advisories": finding.advisories,
        "status": status,
        "reason": reason,
        "acceptance": plain(accepted) if accepted else None,
        "usage": plain(finding.usage) if finding.usage else None,
        "file": one.file,
        "line": one.line,
        "scope": one.scope,
        "is_direct": one.is_direct,
        "also": [{"file": other.file, "line": other.line, "scope": other.scope} for other in finding.also],
    }
