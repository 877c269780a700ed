"""What `deps list` shows: the inventory of files, and the packages that they name, without a verdict."""

from __future__ import annotations

import json

from boombap.deps.model import FILE_STATES
from boombap.output import table
from boombap.output.encode import plain
from boombap.output.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.model import Dependency, Reading

SCHEMA = "boombap.deps.list/1"
_FILE_FIELDS = ("file", "state", "reason")
_PACKAGE_FIELDS = ("ecosystem", "name", "version", "scope", "is_direct", "file", "line")


def json_lines(reading: Reading) -> Iterator[str]:
    """Yield the document, one file and one package a line."""
    parts: dict[str, list[object]] = {
        "files": [plain(item) for item in reading.inventory],
        "packages": [{name: getattr(item, name) for name in _PACKAGE_FIELDS} for item in reading.dependencies],
        "skipped": [plain(item) for item in reading.skipped],
    }
    yield f'{{"schema": {json.dumps(SCHEMA)}'
    for name, items in parts.items():
        listed = ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in items)
        yield f", {json.dumps(name)}: [" + (f"\n{listed}\n" if items else "") + "]"
    yield "}"


def lines(reading: Reading) -> Iterator[str]:
    """Yield the tables for a person, and the numbers."""
    if reading.inventory:
        yield from table.lines(_FILE_FIELDS, [(item.file, item.state, item.reason) for item in reading.inventory])
        yield ""
    if reading.dependencies:
        head = ("package", "version", "ecosystem", "scope", "place")
        yield from table.lines(head, [_row(item) for item in reading.dependencies])
        yield ""
    for skipped in reading.skipped:
        if not skipped.is_failure:
            place = f"{skipped.file}:{skipped.line}" if skipped.line else skipped.file
            yield printable(f"no version: {skipped.what} ({place}): {skipped.reason}")
    yield _numbers(reading)


def _row(item: Dependency) -> tuple[str, ...]:
    place = f"{item.file}:{item.line}" if item.line else item.file
    return (item.name, item.version, item.ecosystem, item.scope, place)


def _numbers(reading: Reading) -> str:
    states = [item.state for item in reading.inventory]
    parts = [f"{states.count(state):,} {state}" for state in FILE_STATES if state in states]
    files = f"{len(states):,} file{'s' * (len(states) != 1)}" + (f" ({', '.join(parts)})" if parts else "")
    packages = len({(item.ecosystem, item.normal, item.version) for item in reading.dependencies})
    left = sum(not skipped.is_failure for skipped in reading.skipped)
    left_out = f", {left:,} without a version" if left else ""
    return f"{files}, {packages:,} package{'s' * (packages != 1)}{left_out}"
