"""VEX as CycloneDX 1.6: the components with their vulnerabilities, each with an analysis.

Source: the CycloneDX specification 1.6, ``vulnerabilities[].analysis``.
"""

from __future__ import annotations

import json

from boombap.deps.report.cyclonedx import cyclonedx_object, vulnerability

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boombap.deps.model import Report
    from boombap.deps.report.vex_statements import Stated
    from boombap.deps.vex.model import Status

_STATES: Mapping[Status, str] = {
    "not_affected": "not_affected",
    "fixed": "resolved",
    "affected": "exploitable",
    "under_investigation": "in_triage",
}
_VERSION_STATES: Mapping[Status, str] = {
    "not_affected": "unaffected",
    "fixed": "unaffected",
    "affected": "affected",
    "under_investigation": "unknown",
}
_FROM_OPENVEX = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
"""Those of the same meaning; another one is in the detail."""


def cyclonedx_vex_object(report: Report, stated: Sequence[Stated], author: str) -> dict[str, object]:
    """Return the document.

    Args:
        report: the components, and what was left out.
        stated: the statements.
        author: a person or an organization.
    """
    from uuid import NAMESPACE_URL, uuid5

    document = cyclonedx_object(report)
    metadata = document["metadata"]
    assert isinstance(metadata, dict), "our own document has it"
    metadata["authors"] = [{"name": author}]
    document["vulnerabilities"] = [_vulnerability(each) for each in stated]
    name = uuid5(NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return {"serialNumber": f"urn:uuid:{name}", **document}


def _vulnerability(stated: Stated) -> dict[str, object]:
    version = {"version": stated.finding.dependency.version, "status": _VERSION_STATES[stated.status]}
    return {
        **vulnerability(stated.finding),
        "analysis": _analysis(stated),
        "affects": [{"ref": stated.product, "versions": [version]}],
    }


def _analysis(stated: Stated) -> dict[str, object]:
    analysis: dict[str, object] = {"state": _STATES[stated.status]}
    if justification := _FROM_OPENVEX.get(stated.justification, stated.justification):
        analysis["justification"] = justification
    if detail := "; ".join(text for text in (stated.notes, stated.action) if text):
        analysis["detail"] = detail
    return analysis
