"""yarn.lock of yarn 1 and of yarn 2 and later ("berry"), both line by line: neither needs a YAML reader."""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL
from boombap.deps.manifest.npmjs.package_lock import place_reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.manifest.collector import ManifestCollector

_HEAD = re.compile(r'(?!__metadata)("?[^\s#].*):\s*$')
_LONG_HEAD = re.compile(r"\? (.+)$")
_FIELD = re.compile(r'  (version|resolved|resolution|linkType):?\s++"?+([^"\n]*+)"?+\s*+$')
# The protocol of berry says where a package comes from: name@npm:1.0.0, name@workspace:., name@git@host:path …
_LOCATOR = re.compile(r"(@?[^@]+)@(.*)$")
_ARCHIVE = re.compile(r"https?://.*/-/[^/]*\.tgz")


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector.

    Raises:
        Malformed: when the file has lines but no packages, or ends within one.
    """
    is_berry = "\n__metadata:" in f"\n{document}"
    for line, head, fields in _entries(document):
        if "version" not in fields:
            raise safe_text.Malformed("has an entry without a version", line)
        if is_berry:
            _add_berry(collector, head, fields, line)
        else:
            _add_classic(collector, head, fields, line)


def _entries(document: str) -> Iterator[tuple[int, str, dict[str, str]]]:
    begun, head, is_long = 0, "", False
    fields: dict[str, str] = {}
    for number, line in enumerate(document.split("\n"), start=1):
        if line.startswith("  "):
            if head and (match := _FIELD.match(line)):
                fields.setdefault(match[1], match[2])
            continue
        if not line.strip() or line.startswith("#"):
            continue
        if line.rstrip() == ":" and is_long:
            is_long = False
            continue
        if head:
            yield begun, head, fields
        # YAML's form for keys of more than 1,024 characters: the colon is on a line of its own.
        is_long = line.startswith("? ")
        match = _LONG_HEAD.match(line) if is_long else _HEAD.match(line)
        if match is None and line.rstrip() != "__metadata:":
            raise safe_text.Malformed("is not a yarn.lock: no entry begins with this line", number)
        begun, head, fields = number, match[1] if match else "", {}
    if head:
        yield begun, head, fields


def _first(head: str) -> tuple[str, str]:
    """Return the name and the range of the first of the wishes that an entry answers."""
    first = head.strip('"').split(", ")[0].strip('"')
    match = _LOCATOR.match(first)
    return (match[1], match[2]) if match else (first, "")


def _add_classic(collector: ManifestCollector, head: str, fields: dict[str, str], line: int) -> None:
    name, wish = _first(head)
    if wish.startswith("npm:"):
        name = _first(wish.removeprefix("npm:"))[0]
    resolved = fields.get("resolved", "")
    reason = place_reason(wish) or place_reason(resolved).replace(FROM_URL, "")
    if reason:
        collector.skip(f"{name} {fields['version']}", reason, line=line, pin="depend on a release of it")
    else:
        collector.add(name, fields["version"], line=line)


def _add_berry(collector: ManifestCollector, head: str, fields: dict[str, str], line: int) -> None:
    match = _LOCATOR.match(fields.get("resolution", "")) or _LOCATOR.match(head.strip('"'))
    if match is None:
        raise safe_text.Malformed("has an entry without a name", line)
    name, place = match[1], match[2]
    if place.startswith("workspace:"):
        collector.own.add(name)
        return
    if place.startswith(("npm:", "patch:", "virtual:")):
        collector.add(name, fields["version"], line=line)
        return
    reason = place_reason(place)
    if reason == FROM_URL and _ARCHIVE.match(place):
        collector.add(name, fields["version"], line=line)
        return
    reason = FROM_GIT if "#commit=" in place else reason or LOCAL
    collector.skip(f"{name} {fields['version']}", reason, line=line, pin="depend on a release of it")
