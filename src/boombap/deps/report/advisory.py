"""One advisory as a person reads it."""

from __future__ import annotations

import json
from textwrap import wrap

from boombap.deps.advisories.severity import of_record
from boombap.output.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.model import Source

_COLUMNS = 100
_MOST_REFERENCES = 10


def explain_lines(name: str, document: bytes, source: Source) -> Iterator[str]:
    """Yield an OSV record line by line, the text from outside made harmless for a terminal."""
    record = json.loads(document)
    severity = of_record(record)
    score = "" if severity.score is None else f" {severity.score:.1f} by {severity.vector or severity.basis}"
    yield printable(f"{name}  {', '.join(record.get('aliases') or ())}")
    yield printable(f"  severity   {severity.level}{score}")
    if record.get("withdrawn"):
        yield printable(f"  withdrawn  {record['withdrawn']}: it matches nothing")
    yield printable(f"  published  {record.get('published', 'unknown')}, modified {record.get('modified', 'unknown')}")
    for affected in record.get("affected") or ():
        yield from _affected(affected)
    text = " ".join(str(record.get("details") or record.get("summary") or "").split())
    yield from (f"  {line}" for line in wrap(printable(text), _COLUMNS))
    for reference in (record.get("references") or ())[:_MOST_REFERENCES]:
        yield printable(f"  {reference.get('url', '')}")
    yield printable(f"  from the database of {source.ecosystem}" + (", made up for a demonstration" * source.is_sample))


def _affected(affected: dict[str, object]) -> Iterator[str]:
    package = affected.get("package")
    name = package.get("name") if isinstance(package, dict) else "(no package)"
    ranges = affected.get("ranges")
    for one in ranges if isinstance(ranges, list) else ():
        events = (f"{kind} {version}" for event in one.get("events") or () for kind, version in event.items())
        yield printable(f"  affects    {name}: {one.get('type', '')} {', '.join(events)}")
    versions = affected.get("versions")
    if isinstance(versions, list) and versions:
        yield printable(f"  affects    {name}: {', '.join(map(str, versions))}")
