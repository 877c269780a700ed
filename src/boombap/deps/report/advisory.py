"""One advisory as a person reads it."""

from __future__ import annotations

import json
from textwrap import wrap

from boombap.deps.advisories.severity import of_record
from boombap.output.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.deps.model import Source

SCHEMA = "boombap.deps.explain/1"
_COLUMNS = 100
_MOST_REFERENCES = 10


def json_lines(id_: str, found: Sequence[tuple[str, bytes, Source]]) -> Iterator[str]:
    """Yield one document with every advisory that an id leads to, each record as its source wrote it.

    Args:
        id_: that was asked for.
        found: id, OSV record and database of each advisory; may be empty.
    """
    yield f'{{"schema": {json.dumps(SCHEMA)}, "id": {json.dumps(id_)}, "advisories": ['
    for number, (_, document, source) in enumerate(found, start=1):
        entry = {"ecosystem": source.ecosystem, "is_sample": source.is_sample, "record": json.loads(document)}
        yield f"  {json.dumps(entry, ensure_ascii=False)}{',' if number < len(found) else ''}"
    yield "]}"


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
