"""The answer of `redis diff`."""

from __future__ import annotations

from boombap.output import table
from boombap.output.terminal import printable
from boombap.redis.compare.differ import KINDS
from boombap.redis.json_text import plain
from boombap.redis.report import shown
from boombap.redis.views.denials import encoded_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.output.terminal import Terminal
    from boombap.redis.compare.differ import Comparison, Rules

_NAMES = {
    "only_here": "only here",
    "only_there": "only there",
    "other_type": "another type",
    "other_value": "another value",
    "other_ttl": "another TTL",
}


def lines(seen: Comparison, places: tuple[str, str], rules: Rules, terminal: Terminal) -> Iterator[str]:
    """Yield how many keys differ in which way, then some of each, then those that could not be compared."""
    here, there = map(printable, places)
    what = "types, TTLs and lengths of " if rules.is_fast else ""
    yield f"{terminal.style(here, 'bold')} and {terminal.style(there, 'bold')}"
    verdict = f"{seen.same:,} of {seen.compared:,} are the same"
    yield terminal.style(f"{what}{seen.compared:,} keys were compared; {verdict}", "yellow" if seen.differs else "dim")
    if not seen.is_complete:
        yield terminal.style("slots moved meanwhile: run it again when the Cluster is at rest", "yellow")
    if seen.differs:
        yield from table.lines(("difference", "keys"), [(_NAMES[kind], seen.counts[kind]) for kind in KINDS])
        head = ("key", "difference", "here", "there", "db")
        rows = [
            (shown(example.key), _NAMES[example.kind], example.here or None, example.there or None, example.db)
            for example in seen.examples
        ]
        yield from table.lines(head, rows)
    if seen.failed_count:
        yield terminal.style(f"skipped: {seen.failed_count:,} keys that could not be compared", "yellow")
        yield from (f"  {shown(key)} in database {db}: {printable(reason)}" for key, db, reason in seen.failed)


def to_object(seen: Comparison, addresses: tuple[str, str], rules: Rules, pattern: bytes) -> dict[str, object]:
    """Return the object of `redis diff`."""
    return {
        "schema": "boombap.redis.diff/1",
        "target": addresses[0],
        "to": addresses[1],
        "match": plain(pattern),
        "is_fast": rules.is_fast,
        "ttl_tolerance_s": rules.ttl_tolerance_ms / 1000,
        "compared": seen.compared,
        "same": seen.same,
        **{kind: seen.counts[kind] for kind in KINDS},
        "examples": encoded_all(seen.examples),
        "failed": [{"key": plain(key), "db": db, "reason": reason} for key, db, reason in seen.failed],
        "failed_count": seen.failed_count,
        "is_complete": seen.is_complete,
        "elapsed_ms": round(seen.elapsed_ms, 1),
    }
