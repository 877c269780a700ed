"""Pipfile.lock: every package, and those that only development needs."""

from __future__ import annotations

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL, NOT_PINNED, Bounds
from boombap.deps.manifest.pypi.requirements import exact_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_GROUPS: dict[str, Scope] = {"default": "runtime", "develop": "dev"}
_WISHES: dict[str, Scope] = {"packages": "runtime", "dev-packages": "dev"}
_NO_GROUPS = ("source", "requires", "pipenv", "scripts")
_ORIGINS = {"git": FROM_GIT, "hg": FROM_GIT, "svn": FROM_GIT, "path": LOCAL, "editable": LOCAL, "file": FROM_URL}


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector.

    Raises:
        Malformed: when the file is not JSON of that shape.
    """
    value = safe_text.from_json(document)
    safe_text.guarded(lambda: _read(value, safe_text.Lines(document), collector))


def _read(value: dict[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    for group, entries in value.items():
        if group == "_meta" or not isinstance(entries, dict):
            continue
        lines.find(safe_text.key(group))
        for name, entry in entries.items():
            line = lines.find(safe_text.key(name))
            scope = _GROUPS.get(group, "optional")
            version = exact_version(str(entry.get("version", "")))
            reason = next((why for key, why in _ORIGINS.items() if key in entry), "")
            if reason or not version:
                collector.skip(name, reason or NOT_PINNED, line=line, scope=scope, pin=f"write {name}==VERSION")
            else:
                collector.add(name, version, line=line, scope=scope, marker=str(entry.get("markers", "")))


def check_version_ranges(document: str, collector: ManifestCollector) -> None:
    """Read Pipfile into the collector: everything that the lock beside it must answer.

    Raises:
        Malformed: when the file is not TOML of that shape.
    """
    value = safe_text.from_toml(document)
    collector.is_check = True
    for group, entries in value.items():
        if group not in _NO_GROUPS and isinstance(entries, dict):
            for name, entry in entries.items():
                fields = entry if isinstance(entry, dict) else {"version": entry}
                _check(collector, name, fields, _WISHES.get(group, "optional"))


def _check(collector: ManifestCollector, name: str, fields: dict[str, object], scope: Scope) -> None:
    if any(key in fields for key in _ORIGINS):
        return
    text = str(fields.get("version", "*"))
    is_conditional = not fields.keys() <= {"version", "extras", "index"}
    bounds = Bounds(text, is_conditional=is_conditional, marker=str(fields.get("markers", "")))
    pin = "rewrite Pipfile.lock with `pipenv lock`"
    collector.skip(f"{name} {text}", NOT_PINNED, scope=scope, pin=pin, wanted=name, bounds=bounds)
