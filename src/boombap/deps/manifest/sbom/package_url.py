"""Package URLs: the package that one names, and the ecosystems that have advisories here.

Source: the package URL specification (ECMA-427).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

NO_PURL = "has no package URL"
ECOSYSTEMS = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "cargo": "crates.io",
    "gem": "RubyGems",
    "composer": "Packagist",
    "maven": "Maven",
}


def add(collector: ManifestCollector, purl: str, stated: str, line: int, scope: Scope = "runtime") -> None:
    """Note the package of a package URL; what names none, or one of a kind without advisories here, is skipped.

    Args:
        collector: of the document.
        purl: the package URL.
        stated: the version that the document says beside it.
        line: counted from 1.
        scope: of the package.
    """
    kind, name, version = parse_purl(purl)
    if not name:
        collector.skip(purl, "is not a package URL", line=line, scope=scope)
    elif kind not in ECOSYSTEMS:
        collector.skip(purl, f"is of a kind that has no advisories here ({kind})", line=line, scope=scope)
    else:
        collector.add(name, version or stated, line=line, scope=scope, ecosystem=ECOSYSTEMS[kind])


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
