"""deno.lock, versions 1 to 5: its packages of npm. What it takes from jsr or from addresses is named as not audited.

deno.json is compared with it: the npm and jsr packages that its imports name.
"""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import FROM_URL, NOT_PINNED, Bounds
from boombap.deps.manifest.documents import json_comments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boombap.deps.manifest.collector import ManifestCollector

# chalk@5.3.0, @scope/tool@1.0.0_peer@2.0.0: the peers, after an underscore, are entries of their own.
_ENTRY = re.compile(r"(@?[^@]+)@([^@_]+)")
_IMPORT = re.compile(r"(npm:|jsr:)/?(@[^@/]+/[^@/]+|[^@/]+)(?:@([^/]*))?")
_MODULE = re.compile(r"[a-z]+://[^/]+(?:/[^@]*@[^/]*)?")
_JSR = "is of a registry that has no advisories here (jsr)"


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector.

    Raises:
        Malformed: when the file is not JSON of that shape.
    """
    value = safe_text.from_json(document)
    safe_text.guarded(lambda: _read(value, safe_text.Lines(document), collector))


def _read(value: Mapping[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    specifiers, jsr, npm = tables(value)
    asked = set(_resolved(specifiers))
    for entry in jsr:
        name, version = _named(entry)
        collector.skip(f"jsr:{name} {version}", _JSR, line=lines.find(safe_text.key(entry)))
    for entry in npm:
        name, version = _named(entry)
        collector.add(name, version, line=lines.find(safe_text.key(entry)), is_direct=(name, version) in asked)
    seen: set[str] = set()
    for address, digest in _addresses(value):
        module = found[0] if (found := _MODULE.match(address)) else address
        if module not in seen:
            seen.add(module)
            collector.skip(module, FROM_URL, line=lines.find(safe_text.pair(address, str(digest))))


def tables(value: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """Return the specifiers, the packages of jsr and those of npm, wherever the version of the file has them."""
    inner = _table(value, "packages") or value  # version 3
    npm = _table(inner, "npm")
    if "packages" in npm and "specifiers" in npm:  # version 2
        return _table(npm, "specifiers"), {}, _table(npm, "packages")
    return _table(inner, "specifiers"), _table(inner, "jsr"), npm


def _table(value: Mapping[str, object], name: str) -> dict[str, object]:
    found = value.get(name, {})
    if not isinstance(found, dict):
        raise safe_text.Malformed(f"its {name} are not an object")
    return found


def _resolved(specifiers: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for asked, resolved in specifiers.items():
        name = found[2] if (found := _IMPORT.match(asked)) else ""
        text = str(resolved).removeprefix("npm:")
        yield _named(text if not name or text.startswith(f"{name}@") else f"{name}@{text}")


def _named(entry: str) -> tuple[str, str]:
    match = _ENTRY.match(entry)
    return (match[1], match[2]) if match else (entry, "")


def _addresses(value: Mapping[str, object]) -> list[tuple[str, object]]:
    if "version" in value:
        return list(_table(value, "remote").items())
    # Version 1 was nothing but the addresses.
    return [(address, digest) for address, digest in value.items() if "://" in address]


def check_imports(document: str, collector: ManifestCollector) -> None:
    """Read deno.json into the collector: every package that the lock beside it must answer.

    Raises:
        Malformed: when the file is not a JSON object.
    """
    value = json_comments.read(document)
    lines = safe_text.Lines(document)
    collector.is_check = True
    imports = value.get("imports")
    for alias, wish in imports.items() if isinstance(imports, dict) else ():
        match = _IMPORT.match(str(wish))
        if match:
            line = lines.find(safe_text.pair(alias, str(wish)))
            wanted = match[2] if match[1] == "npm:" else match[1] + match[2]
            bounds = Bounds(match[3] or "", "npm")
            collector.skip(
                str(wish), NOT_PINNED, line=line, pin="rewrite it with `deno install`", wanted=wanted, bounds=bounds
            )
