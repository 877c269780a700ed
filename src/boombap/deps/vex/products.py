"""Products of VEX documents as packages: by package URL only, and never more than the document says.

A statement that waives applies only where every part of the product is understood. One that does not waive (affected,
under investigation) applies to the whole package, because to overlook it would leave an older waiving one in force.
"""

from __future__ import annotations

from boombap.deps.manifest.sbom.package_url import ECOSYSTEMS, parse_purl
from boombap.deps.package_names import normalise
from boombap.deps.vex.model import WAIVING, Product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.model import Finding


def product_of(purl: str, status: str, stated_version: str = "") -> Product | str:
    """Return the package that a package URL names, or the reason why none can be compared.

    Args:
        purl: the package URL.
        status: of the statement.
        stated_version: what the document says beside a package URL without a version.

    >>> product_of("pkg:pypi/Zope.Interface@5.0", "fixed")
    Product(ecosystem='PyPI', name='zope-interface', version='5.0')
    >>> product_of("cpe:2.3:a:apache:log4j:2.4:-:*:*:*:*:*:*", "fixed")
    'it is not a package URL'
    """
    kind, name, version = parse_purl(purl)
    if not name:
        return "it is not a package URL"
    if kind not in ECOSYSTEMS:
        return f"packages of the type {kind} are not audited here"
    if status in WAIVING and ("?" in purl or "#" in purl):
        return "its qualifiers name one build of the package, and the audit sees only name and version"
    ecosystem = ECOSYSTEMS[kind]
    return Product(ecosystem, comparable(ecosystem, name), version or stated_version)


def comparable(ecosystem: str, name: str) -> str:
    """Return a name as products are compared: package URLs of Go are in lower case."""
    normal = normalise(ecosystem, name)
    return normal.lower() if ecosystem == "Go" else normal


def is_about(product: Product, finding: Finding) -> bool:
    """Tell whether a product is the package of a finding, in its version or in all."""
    one = finding.dependency
    if (product.ecosystem, product.name) != (one.ecosystem, comparable(one.ecosystem, one.normal)):
        return False
    return not product.version or _is_same_version(one.ecosystem, product.version, one.version)


def _is_same_version(ecosystem: str, stated: str, installed: str) -> bool:
    if stated.removeprefix("v") == installed.removeprefix("v"):
        return True
    # Build metadata tells two builds apart, which the order of versions does not.
    if "+" in stated or "+" in installed:
        return False
    from boombap.deps.versions.key import sort_key

    key = sort_key(ecosystem, stated)
    return key is not None and key == sort_key(ecosystem, installed)
