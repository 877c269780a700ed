"""Pipfile.lock: every package, and those that only development needs."""

from __future__ import annotations

from boombap.deps.manifest import source
from boombap.deps.manifest.requirements import exact_version
from boombap.deps.manifest.sheet import FROM_GIT, FROM_URL, LOCAL, NOT_PINNED, Bounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.sheet import Sheet
    from boombap.deps.model import Scope

_GROUPS: dict[str, Scope] = {"default": "runtime", "develop": "dev"}
_WISHES: dict[str, Scope] = {"packages": "runtime", "dev-packages": "dev"}
_NO_GROUPS = ("source", "requires", "pipenv", "scripts")
_ORIGINS = {"git": FROM_GIT, "hg": FROM_GIT, "svn": FROM_GIT, "path": LOCAL, "editable": LOCAL, "file": FROM_URL}


def read(document: str, sheet: Sheet) -> None:
    """Read the packages into the sheet.

    Raises:
        Malformed: when the file is not JSON of that shape.
    """
    value = source.from_json(document)
    source.guarded(lambda: _read(value, source.Lines(document), sheet))


def _read(value: dict[str, object], lines: source.Lines, sheet: Sheet) -> None:
    for group, entries in value.items():
        if group == "_meta" or not isinstance(entries, dict):
            continue
        lines.find(source.key(group))
        for name, entry in entries.items():
            line = lines.find(source.key(name))
            scope = _GROUPS.get(group, "optional")
            version = exact_version(str(entry.get("version", "")))
            reason = next((why for key, why in _ORIGINS.items() if key in entry), "")
            if reason or not version:
                sheet.skip(name, reason or NOT_PINNED, line=line, scope=scope, pin=f"write {name}==VERSION")
            else:
                sheet.add(name, version, line=line, scope=scope, marker=str(entry.get("markers", "")))


def check_wishes(document: str, sheet: Sheet) -> None:
    """Read Pipfile into the sheet: everything that the lock beside it must answer.

    Raises:
        Malformed: when the file is not TOML of that shape.
    """
    value = source.from_toml(document)
    sheet.is_check = True
    for group, entries in value.items():
        if group not in _NO_GROUPS and isinstance(entries, dict):
            for name, entry in entries.items():
                fields = entry if isinstance(entry, dict) else {"version": entry}
                _check(sheet, name, fields, _WISHES.get(group, "optional"))


def _check(sheet: Sheet, name: str, fields: dict[str, object], scope: Scope) -> None:
    if any(key in fields for key in _ORIGINS):
        return
    text = str(fields.get("version", "*"))
    is_conditional = not fields.keys() <= {"version", "extras", "index"}
    bounds = Bounds(text, is_conditional=is_conditional, marker=str(fields.get("markers", "")))
    pin = "rewrite Pipfile.lock with `pipenv lock`"
    sheet.skip(f"{name} {text}", NOT_PINNED, scope=scope, pin=pin, wanted=name, bounds=bounds)
