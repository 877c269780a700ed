"""The report as CycloneDX 1.6: the components with their vulnerabilities (a VDR), and in properties what was left out.

Source: the CycloneDX specification 1.6, JSON.
"""

from __future__ import annotations

from boombap.deps.report.phrases import purl, remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.model import Dependency, Finding, Report, Severity

_METHODS = {"CVSS:4.0": "CVSSv4", "CVSS:3.1": "CVSSv31", "CVSS:3.0": "CVSSv3", "CVSS:2.0": "CVSSv2"}
_SCOPES = {"runtime": "required", "optional": "optional", "dev": "excluded"}


def cyclonedx_object(report: Report) -> dict[str, object]:
    """Return the document; two of the same report are equal but for the time."""
    components: dict[str, dict[str, object]] = {}
    for one in report.audit.dependencies:
        components.setdefault(_ref(one), _component(one))
    coverage = report.audit.coverage
    left_out = [{"name": "boombap:unaudited", "value": f"{one.what}: {one.reason}"} for one in coverage.skipped]
    left_out += [
        {"name": "boombap:unassessable", "value": f"{one.what}: {one.reason}"} for one in coverage.unassessable
    ]
    left_out += [{"name": "boombap:excluded", "value": f"{one.file}: {one.reason}"} for one in report.audit.excluded]
    left_out += [{"name": "boombap:gap", "value": gap.summary} for gap in report.verdict.gaps]
    left_out += [
        {"name": "boombap:unapplied-vex", "value": f"{one.what} in {one.file}: {one.reason}"}
        for one in report.verdict.unapplied_vex
    ]
    if report.hidden:
        left_out.append({"name": f"boombap:below-{report.floor}", "value": f"{report.hidden} findings are not listed"})
    left_out += [
        {
            "name": "boombap:database",
            "value": f"{source.ecosystem} sha256:{source.sha256} newest {source.newest}{source.exploits}",
        }
        for source in coverage.sources
    ]
    tool = {"type": "application", "name": "boombap", "version": report.version}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": report.made_at, "tools": {"components": [tool]}, "properties": left_out},
        "components": list(components.values()),
        "vulnerabilities": [_with_status(*one) for one in report.by_status],
    }


def _ref(one: Dependency) -> str:
    return purl(one.ecosystem, one.normal, one.version) or f"{one.ecosystem}/{one.normal}@{one.version}"


def _component(one: Dependency) -> dict[str, object]:
    component: dict[str, object] = {
        "type": "library",
        "bom-ref": _ref(one),
        "name": one.name,
        "version": one.version,
        "scope": _SCOPES[one.scope],
    }
    if address := purl(one.ecosystem, one.normal, one.version):
        component["purl"] = address
    return component


def _with_status(finding: Finding, status: str, reason: str) -> dict[str, object]:
    found = vulnerability(finding)
    stated = {"name": "boombap:status", "value": f"{status}: {reason}" if reason else status}
    found["properties"] = [stated, *found.pop("properties", [])]  # type: ignore[misc]  # our own list
    return found


def vulnerability(finding: Finding) -> dict[str, object]:
    """Return what is known about a finding, without any verdict on it."""
    one = finding.dependency
    exploited = [{"name": "boombap:known-exploited-since", "value": finding.kev}] * bool(finding.kev)
    return {
        "bom-ref": f"{finding.id}/{_ref(one)}",
        "id": finding.id,
        "source": {"name": "OSV"},
        "references": [{"id": alias, "source": {"name": alias.partition("-")[0]}} for alias in finding.aliases],
        "ratings": [_rating(finding.severity)],
        "description": finding.summary,
        "recommendation": remedy(finding),
        "affects": [{"ref": _ref(one), "versions": [{"version": one.version, "status": "affected"}]}],
        "properties": exploited,
    }


def _rating(severity: Severity) -> dict[str, object]:
    rating: dict[str, object] = {"severity": severity.level}
    if severity.score is not None:
        rating["score"] = severity.score
        rating["method"] = _METHODS.get(severity.vector[:8], "CVSSv2" if severity.vector else "other")
    if severity.vector:
        rating["vector"] = severity.vector
    return rating
