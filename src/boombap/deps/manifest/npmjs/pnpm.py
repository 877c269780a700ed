"""pnpm-lock.yaml, versions 5 to 9."""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL
from boombap.deps.manifest.documents.yaml_documents import documents
from boombap.deps.manifest.npmjs.package_lock import place_reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_KEY = re.compile(r"^  ['\"]?([^\s'\"].*?)['\"]?:(?:\s|$)")
_NEW = re.compile(r"(@?[^@()]+)@([^()]+)(?:\(.*)?$")  # lodash@4.17.21(peer@1)
_OLD = re.compile(r"(@[^/@]+/[^/@]+|[^/@]+)/([^/_@]+)(?:_.*)?$")  # lodash/4.17.21_peer@1
_SCOPES: tuple[tuple[str, Scope], ...] = (
    ("dependencies", "runtime"),
    ("optionalDependencies", "optional"),
    ("devDependencies", "dev"),
)


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector.

    Raises:
        Malformed: when the file is not YAML of that shape, or could harm its reader.
    """
    for value in documents(document, "pnpm lock file"):
        safe_text.guarded(lambda: _read(value, document, collector))  # noqa: B023 - called at once


def _read(value: dict[str, object], document: str, collector: ManifestCollector) -> None:
    packages = value.get("packages") or {}
    if not isinstance(packages, dict):
        raise safe_text.Malformed("its packages are not a mapping")
    lines = _lines(document)
    named = direct(value)
    for key, entry in packages.items():
        fields = entry if isinstance(entry, dict) else {}
        name, version = _named(str(key), fields)
        line = lines.get(str(key), 0)
        scope = named.get((name, version))
        if scope is None:
            scope = "dev" if fields.get("dev") is True else "optional" if fields.get("optional") is True else "runtime"
        reason = _reason(str(key), fields)
        if reason or not version:
            collector.skip(f"{name} {version}".strip(), reason or FROM_URL, line=line, scope=scope)
        else:
            collector.add(name, version, line=line, scope=scope, is_direct=(name, version) in named)


def _named(key: str, fields: dict[str, object]) -> tuple[str, str]:
    bare = key.removeprefix("/")
    match = _OLD.match(bare) or _NEW.match(bare)
    name = str(fields.get("name") or (match[1] if match else bare))
    version = str(fields.get("version") or (match[2] if match else ""))
    return name, version


def _reason(key: str, fields: dict[str, object]) -> str:
    resolution = fields.get("resolution")
    found = resolution if isinstance(resolution, dict) else {}
    if found.get("type") == "git" or "repo" in found:
        return FROM_GIT
    if found.get("type") == "directory" or key.startswith(("file:", "link:")) or "@file:" in key:
        return LOCAL
    tarball = str(found.get("tarball", ""))
    if "integrity" not in found and tarball:
        return place_reason(tarball)
    return ""


def direct(value: dict[str, object]) -> dict[tuple[str, str], Scope]:
    """Return name and version of what the project asks for itself, with the scope."""
    importers = value.get("importers")
    tables = list(importers.values()) if isinstance(importers, dict) else [value]
    found: dict[tuple[str, str], Scope] = {}
    for scope_key, scope in _SCOPES:
        for table in tables:
            wanted = table.get(scope_key) if isinstance(table, dict) else None
            for name, wish in (wanted or {}).items() if isinstance(wanted, dict) else ():
                version = str(wish.get("version", "") if isinstance(wish, dict) else wish)
                aliased = (
                    _NEW.match(version.removeprefix("/")) if "@" in version.split("(", maxsplit=1)[0][1:] else None
                )
                pair = (aliased[1], aliased[2]) if aliased else (str(name), re.split(r"[_(]", version)[0])
                found.setdefault(pair, scope)
    return found


def _lines(document: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    is_inside = False
    for number, line in enumerate(document.split("\n"), start=1):
        if line[:1] not in ("", " "):
            is_inside = line.startswith("packages:")
        elif is_inside and (match := _KEY.match(line)):
            lines.setdefault(match[1], number)
    return lines
