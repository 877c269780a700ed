"""SPDX documents in JSON: every package with its package URL.

Source: SPDX 2.2 and 2.3; SPDX 3.0 as JSON-LD, whose elements are one list in any order.
"""

from __future__ import annotations

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.sbom.package_url import NO_PURL, add

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.manifest.collector import ManifestCollector


def read_2(value: dict[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    """Read the packages of a document of SPDX 2 into the collector."""
    described = {str(element) for element in _listed(value.get("documentDescribes"))}
    for relation in _listed(value.get("relationships")):
        if relation.get("relationshipType") == "DESCRIBES":
            described.add(str(relation.get("relatedSpdxElement")))
    for entry in _listed(value.get("packages")):
        name, version = str(entry.get("name", "")), str(entry.get("versionInfo", ""))
        references = _listed(entry.get("externalRefs"))
        purls = [str(found.get("referenceLocator")) for found in references if found.get("referenceType") == "purl"]
        for purl in purls:
            add(collector, purl, version, lines.find(safe_text.pair("referenceLocator", purl)))
        # What the document is about needs no package URL: it is the project itself.
        if not purls and str(entry.get("SPDXID")) not in described:
            collector.skip(f"{name} {version}".strip(), NO_PURL, line=lines.find(safe_text.pair("name", name)))


def read_3(value: dict[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    """Read the packages of a document of SPDX 3 into the collector."""
    graph = elements(value)
    roots = {str(root) for element in graph for root in _listed(element.get("rootElement"))}
    for element in graph:
        for other in _listed(element.get("import")):
            collector.skip(str(other.get("externalSpdxId")), "is in another document", pin="audit that one as well")
        if not _type(element).endswith("Package"):  # software_Package, ai_AIPackage, dataset_DatasetPackage
            continue
        name, version = str(element.get("name", "")), str(element.get("software_packageVersion", ""))
        purls = list(dict.fromkeys(_purls(element)))
        line = lines.find(safe_text.pair("name", name))
        for purl in purls:
            add(collector, purl, version, line)
        if not purls and str(element.get("spdxId", element.get("@id"))) not in roots:
            collector.skip(f"{name} {version}".strip(), NO_PURL, line=line)


def elements(value: dict[str, object]) -> list[dict[str, object]]:
    """Return the elements of a document of SPDX 3; one with a single element may do without the list."""
    graph = value.get("@graph", [value])
    if not isinstance(graph, list):
        raise safe_text.Malformed("its @graph is not a list")
    return graph


def is_document(element: dict[str, object]) -> bool:
    """Tell whether an element of SPDX 3 is the one that describes the document."""
    return _type(element).endswith("SpdxDocument")


def _type(element: dict[str, object]) -> str:
    return str(element.get("type", element.get("@type", "")))


def _purls(element: dict[str, object]) -> Iterator[str]:
    if purl := element.get("software_packageUrl"):
        yield str(purl)
    for identifier in _listed(element.get("externalIdentifier")):
        if identifier.get("externalIdentifierType") == "packageUrl":
            yield str(identifier.get("identifier"))


def _listed(value: object) -> list[dict[str, object]]:
    if value is None or isinstance(value, list):
        return value or []
    raise safe_text.Malformed("has an unexpected shape: something is not a list")
