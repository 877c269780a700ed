"""OpenVEX 0.2.0 to statements, checked by the rules of its specification.

Source: https://github.com/openvex/spec, the specification and its JSON schema for 0.2.0.
"""

from __future__ import annotations

from boombap.deps.acceptance import JUSTIFICATIONS
from boombap.deps.model import Skipped
from boombap.deps.vex.json_values import mapping, mappings, optional_text, text, texts, unix_time
from boombap.deps.vex.model import STATUSES, WAIVING, Product, VexStatement, VexStatements, malformed
from boombap.deps.vex.products import product_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.vex.json_values import Json
    from boombap.deps.vex.model import Status

CONTEXTS = ("https://openvex.dev/ns/v0.2.0", "https://openvex.dev/ns")
"""The first is written; the specification gives the second one for documents of before 1.0."""


def statements_of(document: Json, path: str) -> VexStatements:
    """Return what a document states.

    Raises:
        ConfigError: for a document that breaks a rule of the specification.
    """
    if document.get("@context") not in CONTEXTS:
        raise malformed(path, f"is not OpenVEX 0.2.0: its @context is not {CONTEXTS[0]}")
    text(document, "@id", path)
    author = text(document, "author", path)
    issued = text(document, "timestamp", path)
    unix_time(issued, "timestamp", path)
    if updated := optional_text(document, "last_updated", path):
        unix_time(updated, "last_updated", path)
    _check_version(document, path)
    entries = mappings(document, "statements", path)
    if not entries:
        raise malformed(path, "has no statements")
    statements: list[VexStatement] = []
    notes: list[Skipped] = []
    for number, entry in enumerate(entries, start=1):
        statement = _statement(entry, f"{path}, statement {number},", issued)
        products, left_out = _products(entry, statement.status, path, f"{path}, statement {number},")
        statements.append(statement.replace(products=products, author=author, document=path))
        notes += left_out
    return VexStatements(tuple(statements), tuple(notes))


def _check_version(document: Json, path: str) -> None:
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise malformed(path, "has a version that is not a whole number from 1 on")


def _statement(entry: Json, place: str, document_issued: str) -> VexStatement:
    """Return a statement without its products and author."""
    vulnerability = mapping(entry, "vulnerability", place)
    ids = (text(vulnerability, "name", f"{place} vulnerability"), *texts(vulnerability, "aliases", place))
    status = _status(entry, place)
    issued, issued_s = _latest(entry, place, document_issued)
    justification = optional_text(entry, "justification", place)
    if justification and justification not in JUSTIFICATIONS:
        raise malformed(place, f"has the unknown justification {justification!r}")
    impact = optional_text(entry, "impact_statement", place)
    if status == "not_affected" and not justification and not impact:
        raise malformed(place, "is not_affected without a justification or an impact_statement")
    if status == "affected":
        text(entry, "action_statement", f"{place} which is affected,")
    why = impact or optional_text(entry, "status_notes", place)
    return VexStatement(tuple(dict.fromkeys(ids)), (), status, justification, why, "", "", issued, issued_s)


def _status(entry: Json, place: str) -> Status:
    named = text(entry, "status", place)
    for status in STATUSES:
        if status == named:
            return status
    raise malformed(place, f"has the unknown status {named!r}")


def _latest(entry: Json, place: str, document_issued: str) -> tuple[str, float]:
    """Return the time of a statement: its own latest one, else that of the document."""
    own = {key: stamp for key in ("timestamp", "last_updated") if (stamp := optional_text(entry, key, place))}
    times = [(unix_time(stamp, key, place), stamp) for key, stamp in own.items()]
    issued_s, issued = max(times, default=(unix_time(document_issued, "timestamp", place), document_issued))
    return issued, issued_s


def _products(entry: Json, status: str, path: str, place: str) -> tuple[tuple[Product, ...], list[Skipped]]:
    components = mappings(entry, "products", place)
    if not components:
        raise malformed(place, "names no product")
    found: list[Product] = []
    notes: list[Skipped] = []
    for component in components:
        name = optional_text(component, "@id", place)
        purl = optional_text(mapping(component, "identifiers", place), "purl", place)
        if not name and not purl and not component.get("identifiers") and not component.get("hashes"):
            raise malformed(place, "has a product without an identifier")
        is_part = status in WAIVING and bool(mappings(component, "subcomponents", place))
        product = (
            "the statement is limited to subcomponents of the product" if is_part else _product(name, purl, status)
        )
        if isinstance(product, Product):
            found.append(product)
        else:
            notes.append(Skipped(purl or name or "a product without a package URL", product, path))
    return tuple(found), notes


def _product(name: str, purl: str, status: str) -> Product | str:
    product = product_of(purl or name, status)
    if status in WAIVING and purl and name.startswith("pkg:") and product_of(name, status) != product:
        return f"its @id names another package: {name}"
    return product
