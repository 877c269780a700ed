"""CycloneDX and SPDX documents in JSON: every component that has a package URL.

Source: the package URL specification (ECMA-427); CycloneDX 1.2 to 1.7; SPDX 2.2 and 2.3.
"""

from __future__ import annotations

from boombap.deps.manifest import safe_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_ECOSYSTEMS = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "cargo": "crates.io",
    "gem": "RubyGems",
    "composer": "Packagist",
    "maven": "Maven",
}
_SCOPES: dict[str, Scope] = {"optional": "optional", "excluded": "dev"}
_NO_PURL = "has no package URL"


def read(document: str, collector: ManifestCollector) -> None:
    """Read the components into the collector, whichever of the two formats it is.

    Raises:
        Malformed: when the file is not JSON, or neither of the two.
    """
    value = safe_text.from_json(document)
    lines = safe_text.Lines(document)
    if value.get("bomFormat") == "CycloneDX":
        safe_text.guarded(lambda: _read_cyclonedx(value, lines, collector))
    elif str(value.get("spdxVersion", "")).startswith("SPDX-2"):
        safe_text.guarded(lambda: _read_spdx(value, lines, collector))
    elif "@context" in value and "spdx" in str(value["@context"]):
        raise safe_text.Malformed("is SPDX 3, which is not read yet; write SPDX 2.3 or CycloneDX", 1)
    else:
        raise safe_text.Malformed("is neither CycloneDX nor SPDX JSON", 1)


def _read_cyclonedx(value: dict[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    pending = _listed(value.get("components"))[::-1]
    while pending:
        entry = pending.pop()
        purl, name = str(entry.get("purl", "")), str(entry.get("name", ""))
        scope = _SCOPES.get(str(entry.get("scope", "")), "runtime")
        if purl:
            _add(collector, purl, str(entry.get("version", "")), lines.find(safe_text.pair("purl", purl)), scope)
        elif entry.get("type") not in ("file", "operating-system", "device", "data"):
            line = lines.find(safe_text.pair("name", name))
            collector.skip(f"{name} {entry.get('version', '')}".strip(), _NO_PURL, line=line, scope=scope)
        pending += _listed(entry.get("components"))[::-1]


def _read_spdx(value: dict[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    described = {str(one) for one in _texts(value.get("documentDescribes"))}
    for relation in _listed(value.get("relationships")):
        if relation.get("relationshipType") == "DESCRIBES":
            described.add(str(relation.get("relatedSpdxElement")))
    for entry in _listed(value.get("packages")):
        name, version = str(entry.get("name", "")), str(entry.get("versionInfo", ""))
        references = _listed(entry.get("externalRefs"))
        purls = [str(one.get("referenceLocator")) for one in references if one.get("referenceType") == "purl"]
        for purl in purls:
            _add(collector, purl, version, lines.find(safe_text.pair("referenceLocator", purl)), "runtime")
        # What the document is about needs no package URL: it is the project itself.
        if not purls and str(entry.get("SPDXID")) not in described:
            collector.skip(f"{name} {version}".strip(), _NO_PURL, line=lines.find(safe_text.pair("name", name)))


def _listed(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _add(collector: ManifestCollector, purl: str, stated: str, line: int, scope: Scope) -> None:
    kind, name, version = parse_purl(purl)
    if not name:
        collector.skip(purl, "is not a package URL", line=line, scope=scope)
    elif kind not in _ECOSYSTEMS:
        collector.skip(purl, f"is of a kind that has no advisories here ({kind})", line=line, scope=scope)
    else:
        collector.add(name, version or stated, line=line, scope=scope, ecosystem=_ECOSYSTEMS[kind])


def parse_purl(purl: str) -> tuple[str, str, str]:
    """Return the type, the name as its ecosystem writes it, and the version of a package URL.

    >>> parse_purl("pkg:npm/%40babel/core@7.1.0?arch=x#a"), parse_purl("pkg:maven/org.a/b@1")
    (('npm', '@babel/core', '7.1.0'), ('maven', 'org.a:b', '1'))
    >>> parse_purl("nonsense")
    ('', '', '')
    """
    from urllib.parse import unquote

    scheme, _, rest = purl.partition(":")
    kind, _, path = rest.lstrip("/").partition("/")
    if scheme.lower() != "pkg" or not path:
        return "", "", ""
    path = path.split("#")[0].split("?")[0]
    # An unescaped "@" begins the version, unless it begins the npm scope, which some tools leave unescaped.
    bare, _, version = path.rpartition("@") if "@" in path[1:] else (path, "", "")
    names = [unquote(part) for part in bare.strip("/").split("/") if part]
    kind = kind.lower()
    return kind, (":" if kind == "maven" else "/").join(names), unquote(version)
