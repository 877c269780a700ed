"""CycloneDX documents in JSON or XML, 1.2 to 1.7: every component with its package URL, those inside of others too."""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.documents.xml_documents import root_of
from boombap.deps.manifest.sbom.package_url import NO_PURL, add

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_SCOPES: dict[str, Scope] = {"optional": "optional", "excluded": "dev"}
_NO_PACKAGES = ("file", "operating-system", "device", "data")


def read(value: dict[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    """Read the components of a JSON document into the collector."""
    pending = _listed(value.get("components"))[::-1]
    while pending:
        entry = pending.pop()
        purl, name = str(entry.get("purl", "")), str(entry.get("name", ""))
        scope = _SCOPES.get(str(entry.get("scope", "")), "runtime")
        if purl:
            add(collector, purl, str(entry.get("version", "")), lines.find(safe_text.pair("purl", purl)), scope)
        elif entry.get("type") not in _NO_PACKAGES:
            line = lines.find(safe_text.pair("name", name))
            collector.skip(f"{name} {entry.get('version', '')}".strip(), NO_PURL, line=line, scope=scope)
        pending += _listed(entry.get("components"))[::-1]


def _listed(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def read_xml(document: str, collector: ManifestCollector) -> None:
    """Read the components of an XML document into the collector.

    Raises:
        Malformed: when the file is not XML, declares entities, or is not CycloneDX.
    """
    root = root_of(document, "bom", "CycloneDX")
    lines = safe_text.Lines(document)
    pending = root.findall("components/component")[::-1]
    while pending:
        component = pending.pop()
        _read_element(component, lines, collector)
        pending += component.findall("components/component")[::-1]


def _read_element(component: Element, lines: safe_text.Lines, collector: ManifestCollector) -> None:
    purl, name, version = (_text(component, tag) for tag in ("purl", "name", "version"))
    scope = _SCOPES.get(_text(component, "scope"), "runtime")
    line = lines.find(rf"<(?:\w++:)?name>\s*+{re.escape(name)}\s*+<")
    if purl:
        add(collector, purl, version, line, scope)
    elif component.get("type") not in _NO_PACKAGES:
        collector.skip(f"{name} {version}".strip(), NO_PURL, line=line, scope=scope)


def _text(component: Element, tag: str) -> str:
    return (component.findtext(tag) or "").strip()
