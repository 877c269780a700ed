"""CycloneDX with VEX in JSON to statements: the analysis of each vulnerability, for the components that it affects.

Source: the CycloneDX specification 1.4 to 1.7, ``vulnerabilities[].analysis``.
"""

from __future__ import annotations

from urllib.parse import unquote

from boombap.deps.model import Skipped
from boombap.deps.vex.json_values import mapping, mappings, optional_text, text, unix_time
from boombap.deps.vex.model import WAIVING, Product, VexStatement, VexStatements, malformed
from boombap.deps.vex.products import product_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boombap.deps.vex.json_values import Json
    from boombap.deps.vex.model import Status

_VERSIONS = ("1.4", "1.5", "1.6", "1.7")
_STATES: Mapping[str, Status] = {
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "exploitable": "affected",
    "in_triage": "under_investigation",
    "false_positive": "not_affected",
    "not_affected": "not_affected",
}
JUSTIFICATIONS = (
    "code_not_present",
    "code_not_reachable",
    "requires_configuration",
    "requires_dependency",
    "requires_environment",
    "protected_by_compiler",
    "protected_at_runtime",
    "protected_at_perimeter",
    "protected_by_mitigating_control",
)
_NO_AUTHOR = "an author that it does not name"


def statements_of(document: Json, path: str) -> VexStatements:
    """Return what a document states.

    Raises:
        ConfigError: for a document of another version, without any analysis, or with one that cannot be understood.
    """
    if document.get("specVersion") not in _VERSIONS:
        raise malformed(path, f"has a specVersion that is not one of {', '.join(_VERSIONS)}")
    metadata = mapping(document, "metadata", path)
    author = _author(metadata, path)
    issued = optional_text(metadata, "timestamp", path)
    components = dict(_components(document, metadata, path))
    statements: list[VexStatement] = []
    notes: list[Skipped] = []
    for number, entry in enumerate(mappings(document, "vulnerabilities", path), start=1):
        place = f"{path}, vulnerability {number},"
        if not mapping(entry, "analysis", place):
            continue  # a report of a vulnerability, which states nothing about it
        statement = _statement(entry, place, issued)
        products, left_out = _products(entry, statement.status, components, path, place)
        statements.append(statement.replace(products=products, author=author, document=path))
        notes += left_out
    if not statements:
        raise malformed(path, "has no vulnerability with an analysis")
    return VexStatements(tuple(statements), tuple(notes))


def _author(metadata: Json, path: str) -> str:
    named = [optional_text(author, "name", path) for author in mappings(metadata, "authors", path)]
    named += [optional_text(mapping(metadata, key, path), "name", path) for key in ("manufacturer", "supplier")]
    return next(filter(None, named), _NO_AUTHOR)


def _components(document: Json, metadata: Json, path: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the package URL and the version of each component by its reference."""
    open_ = [*mappings(document, "components", path)]
    if "component" in metadata:
        open_.append(mapping(metadata, "component", path))
    while open_:
        component = open_.pop()
        open_ += mappings(component, "components", path)
        if reference := optional_text(component, "bom-ref", path):
            yield reference, (optional_text(component, "purl", path), optional_text(component, "version", path))


def _statement(entry: Json, place: str, document_issued: str) -> VexStatement:
    """Return a statement without its products and author."""
    analysis = mapping(entry, "analysis", place)
    state = text(analysis, "state", f"{place} analysis")
    if state not in _STATES:
        raise malformed(place, f"has the unknown state {state!r}")
    justification = optional_text(analysis, "justification", place)
    if justification and justification not in JUSTIFICATIONS:
        raise malformed(place, f"has the unknown justification {justification!r}")
    detail = optional_text(analysis, "detail", place)
    if _STATES[state] == "not_affected" and not justification and not detail:
        raise malformed(place, f"is {state} without a justification or a detail")
    ids = (text(entry, "id", place), *(text(other, "id", place) for other in mappings(entry, "references", place)))
    issued, issued_s = _latest(analysis, place, document_issued)
    return VexStatement(tuple(dict.fromkeys(ids)), (), _STATES[state], justification, detail, "", "", issued, issued_s)


def _latest(analysis: Json, place: str, document_issued: str) -> tuple[str, float | None]:
    own = [stamp for key in ("firstIssued", "lastUpdated") if (stamp := optional_text(analysis, key, place))]
    stamps = own or [document_issued] * bool(document_issued)
    times = [(unix_time(stamp, "time", place), stamp) for stamp in stamps]
    if not times:
        return "", None
    issued_s, issued = max(times)
    return issued, issued_s


def _products(
    entry: Json, status: Status, components: Mapping[str, tuple[str, str]], path: str, place: str
) -> tuple[tuple[Product, ...], list[Skipped]]:
    affected = mappings(entry, "affects", place)
    if not affected:
        raise malformed(place, "names no component in affects")
    found: list[Product] = []
    notes: list[Skipped] = []
    for target in affected:
        reference = text(target, "ref", f"{place} affects")
        purl, version = _component(reference, components)
        product = product_of(purl, status, version) if purl else "the document gives it no package URL"
        entries = mappings(target, "versions", place)
        products = _in_versions(product, status, entries, place) if isinstance(product, Product) else product
        if isinstance(products, str):
            notes.append(Skipped(purl or reference, products, path))
        else:
            found += products
    return tuple(found), notes


def _component(reference: str, components: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Return package URL and version of a reference: of a component here, in another document, or one by itself."""
    # A BOM-Link (urn:cdx:serial/version#reference) names a component of another document.
    inner = unquote(reference.partition("#")[2]) if reference.startswith("urn:cdx:") else reference
    if inner == reference and reference in components:
        return components[reference]
    return (inner, "") if inner.startswith("pkg:") else ("", "")


def _in_versions(product: Product, status: Status, entries: list[Json], place: str) -> list[Product] | str:
    """Return the product in the versions that a statement is about, or why it cannot be applied."""
    if not entries:
        return [product]
    states = [(optional_text(entry, "version", place), optional_text(entry, "status", place)) for entry in entries]
    # An entry with a range has no version; one without a status is affected.
    others = [version for version, state in states if state != "unaffected"]
    if status not in WAIVING:
        return [product.replace(version=version) for version in ([""] if "" in others else others)]
    versions = [version for version, state in states if state == "unaffected" and version and version not in others]
    if product.version:
        versions = [version for version in versions if version == product.version]
    return [product.replace(version=version) for version in versions] or "no exact version of it is unaffected"
