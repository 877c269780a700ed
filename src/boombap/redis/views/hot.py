"""The answer of `redis hot`."""

from __future__ import annotations

from boombap.output import table
from boombap.output.terminal import printable
from boombap.redis.json_text import plain
from boombap.redis.report import shown
from boombap.redis.views.denials import denied_lines, encoded_all
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.output.terminal import Terminal
    from boombap.redis.nodes.hot import HotKey, HotKeys, HotNode


def lines(seen: HotKeys, label: str, terminal: Terminal) -> Iterator[str]:
    """Yield what each node counts, then the hottest keys."""
    looked_at = sum(node.looked_at for node in seen.nodes)
    yield f"{terminal.style(printable(label), 'bold')}  {looked_at:,} keys were looked at"
    yield from denied_lines(seen.denied, terminal)
    if seen.unreadable:
        yield terminal.style(f"{seen.unreadable:,} keys may not be read by this user", "yellow")
    for node in seen.nodes:
        yield from (terminal.style(f"{printable(node.address)} {line}", "yellow") for line in _policy(node))
    if not seen.is_complete:
        yield terminal.style("this is a sample: --keys N looks at more", "yellow")
    counted = [hot for hot in seen.keys if hot.frequency is not None]
    if counted:
        yield terminal.style("used most", "bold")
        head = ("key", "frequency", "db", "node")
        yield from table.lines(head, [(shown(hot.key), hot.frequency, hot.db, hot.node) for hot in counted])
    latest = [hot for hot in seen.keys if hot.frequency is None]
    if latest:
        yield terminal.style("used last", "bold")
        yield from table.lines(("key", "unused for", "db", "node"), map(_idle_row, latest))


def _policy(node: HotNode) -> Iterator[str]:
    if node.counts_uses is False:
        yield (
            f"does not count uses, its maxmemory-policy is {printable(node.policy)}: "
            f"these are the keys that were used last. {_SWITCH} switches counting on, and evicts by frequency"
        )
    elif node.counts_uses is None:
        yield "does not say what its maxmemory-policy is"


_SWITCH = "CONFIG SET maxmemory-policy allkeys-lfu"


def _idle_row(hot: HotKey) -> tuple[str | int | None, ...]:
    return (shown(hot.key), format_duration(hot.idle_s or 0), hot.db, hot.node)


def to_object(seen: HotKeys, label: str, pattern: bytes) -> dict[str, object]:
    """Return the object of `redis hot`."""
    return {
        "schema": "boombap.redis.hot/1",
        "target": label,
        "match": plain(pattern),
        "nodes": encoded_all(seen.nodes),
        "keys": encoded_all(seen.keys),
        "is_complete": seen.is_complete,
        "unreadable": seen.unreadable,
        "denied": encoded_all(seen.denied),
    }
