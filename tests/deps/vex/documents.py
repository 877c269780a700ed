"""VEX documents that tests write themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

REASON = "vulnerable_code_not_in_execute_path"
PURL = "pkg:pypi/fastapi@0.104.1"


def product(purl: str = PURL, **more: Any) -> dict[str, Any]:
    return {"@id": purl, **more}


def statement(status: str = "not_affected", *purls: str, **more: Any) -> dict[str, Any]:
    """Give a valid statement of OpenVEX about CVE-2024-24762; None takes a key away."""
    needed = {"not_affected": {"justification": REASON}, "affected": {"action_statement": "update"}}
    base = {
        "vulnerability": {"name": "CVE-2024-24762"},
        "products": [product(purl) for purl in purls or (PURL,)],
        "status": status,
        **needed.get(status, {}),
        **more,
    }
    return {key: value for key, value in base.items() if value is not None}


def openvex(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Give a valid document of OpenVEX 0.2.0; None takes a key away."""
    base = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://openvex.dev/docs/example/1",
        "author": "ACME security",
        "timestamp": "2026-01-02T03:04:05Z",
        "version": 1,
        "statements": list(statements) or [statement()],
        **more,
    }
    return {key: value for key, value in base.items() if value is not None}


def vulnerability(state: str = "not_affected", ref: str = "app-1", **more: Any) -> dict[str, Any]:
    """Give a vulnerability of CycloneDX with an analysis."""
    analysis = {"state": state, "justification": "code_not_reachable", **more.pop("analysis", {})}
    base = {"id": "CVE-2024-24762", "analysis": analysis, "affects": [{"ref": ref, **more.pop("target", {})}], **more}
    return {key: value for key, value in base.items() if value is not None}


def cyclonedx(*vulnerabilities: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Give a document of CycloneDX whose component app-1 is fastapi 0.104.1."""
    component = {"type": "library", "bom-ref": "app-1", "name": "fastapi", "version": "0.104.1", "purl": PURL}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": "2026-01-02T03:04:05Z", "authors": [{"name": "ACME security"}]},
        "components": [component],
        "vulnerabilities": list(vulnerabilities) or [vulnerability()],
        **more,
    }


def written(folder: Path, document: object, name: str = "vex.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path
