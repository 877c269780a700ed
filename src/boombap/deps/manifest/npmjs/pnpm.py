"""pnpm-lock.yaml, versions 5 to 9, read by libyaml once it is known to be harmless.

libyaml's loader recurses in C without a limit, and merge keys of aliases double with each level: 1 kB can take the
process down. pnpm writes neither aliases nor deep nesting, so a document that may have them is looked at event by
event first, and refused.
"""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL
from boombap.deps.manifest.npmjs.package_lock import place_reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_DEEPEST = 50
# An alias or a merge key, a run of sequences on one line, many opening brackets, or a far indented line.
_SUSPECT = re.compile(
    r"[:\-,\[{]\s+[*&]\w|[\[{]\s*[*&]\w|<<\s*:|(?:- ){20}|[\[{](?:[^\[{\]}\n]*+[\[{]){20}|^ {100}|^[\[{]", re.MULTILINE
)
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
    value = load(document)
    safe_text.guarded(lambda: _read(value, document, collector))


def load(document: str) -> dict[str, object]:
    """Return the document.

    Raises:
        Malformed: when it is not YAML of that shape, or could harm its reader.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if _SUSPECT.search(document):
            _refuse_harm(document)
        value = yaml.load(document, Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise safe_text.Malformed(f"is not valid YAML: {error.problem}", mark.line + 1 if mark else 0) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise safe_text.Malformed(f"is not valid YAML ({type(error).__name__})") from None
    if not isinstance(value, dict):
        raise safe_text.Malformed("is not a pnpm lock file", 1)
    return value


def _refuse_harm(document: str) -> None:
    import yaml

    depth = 0
    for event in yaml.parse(document, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise safe_text.Malformed("holds a YAML alias, which pnpm never writes", line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise safe_text.Malformed("is nested too deeply", line)


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
