"""composer.lock: every package, and those that only development needs. composer.json is held against it, by names."""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import FROM_GIT, NOT_PINNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_BRANCH = re.compile(r"dev-|.*-dev$")
_WISHES: dict[str, Scope] = {"require": "runtime", "require-dev": "dev"}
_GROUPS: dict[str, Scope] = {"packages": "runtime", "packages-dev": "dev"}


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector.

    Raises:
        Malformed: when the file is not JSON of that shape.
    """
    value = safe_text.from_json(document)
    safe_text.guarded(lambda: _read(value, safe_text.Lines(document), collector))


def _read(value: dict[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    for group, scope in _GROUPS.items():
        entries = value.get(group) or []
        if not isinstance(entries, list):
            raise safe_text.Malformed(f"{group} is not a list")
        for entry in entries:
            name, version = str(entry["name"]), str(entry.get("version", ""))
            line = lines.find(safe_text.pair("name", name))
            if _BRANCH.match(version):
                collector.skip(f"{name} {version}", FROM_GIT, line=line, pin="require a release of it", scope=scope)
            else:
                collector.add(name, version, line=line, scope=scope)


def check_names(document: str, collector: ManifestCollector) -> None:
    """Read composer.json into the collector: every package that the lock beside it must name.

    Raises:
        Malformed: when the file is not JSON of that shape.
    """
    value = safe_text.from_json(document)
    collector.is_check = True
    # What another package replaces is in no lock.
    if "replace" not in value:
        safe_text.guarded(lambda: _check(value, safe_text.Lines(document), collector))


def _check(value: dict[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    pin = "rewrite the lock with `composer update --no-install`"
    for group, scope in _WISHES.items():
        listed = value.get(group)
        for name, text in listed.items() if isinstance(listed, dict) else ():
            if "/" in name:  # php and ext-json are of the platform
                line = lines.find(safe_text.pair(name, str(text)))
                collector.skip(f"{name} {text}", NOT_PINNED, line=line, scope=scope, pin=pin, wanted=name)
