"""pom.xml: the dependencies it names itself. What they bring in turn only Maven can say, and the reading says so."""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import LOCAL, NOT_PINNED
from boombap.deps.manifest.documents.xml_documents import root_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_PROPERTY = re.compile(r"\$\{([^${}]+)\}")
_SCOPES: dict[str, Scope] = {"test": "dev", "provided": "optional"}
_DEEPEST_PROPERTY = 10
_SBOM = "audit a CycloneDX file: `mvn org.cyclonedx:cyclonedx-maven-plugin:makeAggregateBom`"


def read(document: str, collector: ManifestCollector) -> None:
    """Read the dependencies into the collector.

    Raises:
        Malformed: when the file is not XML, declares entities, or is not a pom.
    """
    root = root_of(document, "project", "a POM")
    properties = _properties(root)
    managed = {
        (_text(entry, "groupId", properties), _text(entry, "artifactId", properties)): _text(
            entry, "version", properties
        )
        for entry in root.findall("dependencyManagement/dependencies/dependency")
    }
    lines = safe_text.Lines(document)
    entries = [*root.findall("dependencies/dependency"), *root.findall("profiles/profile/dependencies/dependency")]
    for entry in entries:
        _add(collector, entry, properties, managed, lines)
    # What a parent names is inherited, and it is often in no file of the project.
    if entries or root.find("parent") is not None:
        collector.skip("what these dependencies bring", "pom.xml names direct dependencies only", line=1, pin=_SBOM)


def _properties(root: Element) -> dict[str, str]:
    found = {child.tag: (child.text or "").strip() for child in root.findall("properties/*")}
    for name in ("groupId", "version"):
        own = root.findtext(name) or root.findtext(f"parent/{name}") or ""
        found |= {f"project.{name}": own.strip(), f"pom.{name}": own.strip()}
    found["project.parent.version"] = (root.findtext("parent/version") or "").strip()
    return found


def _text(entry: Element, name: str, properties: Mapping[str, str]) -> str:
    text = (entry.findtext(name) or "").strip()
    for _ in range(_DEEPEST_PROPERTY):
        filled = _PROPERTY.sub(lambda match: properties.get(match[1].strip(), match[0])[:200], text)[:1000]
        if filled == text:
            break
        text = filled
    return text


def _add(
    collector: ManifestCollector,
    entry: Element,
    properties: Mapping[str, str],
    managed: Mapping[tuple[str, str], str],
    lines: safe_text.Lines,
) -> None:
    group, artifact = _text(entry, "groupId", properties), _text(entry, "artifactId", properties)
    name = f"{group}:{artifact}"
    line = lines.find(rf"<artifactId>\s*+{re.escape((entry.findtext('artifactId') or '').strip())}\s*+</artifactId>")
    version = _text(entry, "version", properties) or managed.get((group, artifact), "")
    maven_scope = _text(entry, "scope", properties)
    scope = _SCOPES.get(maven_scope, "runtime")
    if maven_scope == "system":
        collector.skip(name, LOCAL, line=line, scope=scope)
    elif not version or "${" in version or version[0] in "[(" or version in ("LATEST", "RELEASE"):
        pin = f"write a <version> for {artifact}; {_SBOM}"
        collector.skip(f"{name} {version}".strip(), NOT_PINNED, line=line, scope=scope, pin=pin)
    else:
        collector.add(name, version, line=line, scope=scope, is_direct=True)
