"""composer.lock: every package, and those that only development needs."""

from __future__ import annotations

import re

from boombap.deps.manifest import source
from boombap.deps.manifest.sheet import FROM_GIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.sheet import Sheet
    from boombap.deps.model import Scope

_BRANCH = re.compile(r"dev-|.*-dev$")
_GROUPS: dict[str, Scope] = {"packages": "runtime", "packages-dev": "dev"}


def read(document: str, sheet: Sheet) -> None:
    """Read the packages into the sheet.

    Raises:
        Malformed: when the file is not JSON of that shape.
    """
    value = source.from_json(document)
    source.guarded(lambda: _read(value, source.Lines(document), sheet))


def _read(value: dict[str, object], lines: source.Lines, sheet: Sheet) -> None:
    for group, scope in _GROUPS.items():
        entries = value.get(group) or []
        if not isinstance(entries, list):
            raise source.Malformed(f"{group} is not a list")
        for entry in entries:
            name, version = str(entry["name"]), str(entry.get("version", ""))
            line = lines.find(source.pair("name", name))
            if _BRANCH.match(version):
                sheet.skip(f"{name} {version}", FROM_GIT, line=line, pin="require a release of it", scope=scope)
            else:
                sheet.add(name, version, line=line, scope=scope)
