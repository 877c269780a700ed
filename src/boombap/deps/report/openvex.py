"""VEX as OpenVEX 0.2.0.

Source: https://github.com/openvex/spec. Its prose lets a statement have a justification and an impact statement, its
JSON schema only one of them; so what a person wrote beside a justification is in ``status_notes``.
"""

from __future__ import annotations

import json

from boombap.deps.acceptance import JUSTIFICATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.deps.model import Report
    from boombap.deps.report.vex_statements import Stated

_CONTEXT = "https://openvex.dev/ns/v0.2.0"
_FROM_CYCLONEDX = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
"""Those of the same meaning; any other one is written as text."""


def openvex_object(report: Report, stated: Sequence[Stated], author: str) -> dict[str, object]:
    """Return the document.

    Args:
        report: says when it was made, and by which version.
        stated: at least one statement.
        author: a person or an organization.
    """
    from uuid import NAMESPACE_URL, uuid5

    content = {
        "author": author,
        "timestamp": report.made_at,
        "version": 1,
        "tooling": f"boombap {report.version}",
        "statements": [_statement(each) for each in stated],
    }
    # The same content has the same name, and other content another one.
    name = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {"@context": _CONTEXT, "@id": f"urn:uuid:{name}", **content}


def _statement(stated: Stated) -> dict[str, object]:
    vulnerability: dict[str, object] = {"name": stated.name}
    if stated.aliases:
        vulnerability["aliases"] = list(stated.aliases)
    statement: dict[str, object] = {
        "vulnerability": vulnerability,
        "products": [{"@id": stated.product, "identifiers": {"purl": stated.product}}],
        "status": stated.status,
    }
    justification = _FROM_CYCLONEDX.get(stated.justification, stated.justification)
    if stated.status == "not_affected" and justification not in JUSTIFICATIONS:
        return {**statement, "impact_statement": stated.notes}
    if stated.status == "not_affected":
        statement["justification"] = justification
    if stated.notes:
        statement["status_notes"] = stated.notes
    if stated.action:
        statement["action_statement"] = stated.action
    return statement
