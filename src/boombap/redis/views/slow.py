"""The answer of `redis slow`."""

from __future__ import annotations

import time

from boombap.output import table
from boombap.output.terminal import printable
from boombap.redis.report import shown
from boombap.redis.views.denials import denied_lines, encoded_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.output.terminal import Terminal
    from boombap.redis.nodes.slow import SlowGroup, SlowLog, SlowNode

_NAME_COLUMNS = 30


def lines(log: SlowLog, label: str, terminal: Terminal, rows: int) -> Iterator[str]:
    """Yield the groups, the one with the most time first, and what each log leaves out."""
    entries = sum(node.entries or 0 for node in log.nodes)
    known = any(node.entries is not None for node in log.nodes)
    facts = f"{entries:,} slow command{'' if entries == 1 else 's'}" if known else "the slow log may not be read"
    yield f"{terminal.style(printable(label), 'bold')}  {facts}"
    yield from denied_lines(log.denied, terminal)
    for node in log.nodes:
        yield from (terminal.style(line, "yellow") for line in _limits(node))
    if log.groups:
        head = ("command", "key", "count", "max ms", "total ms", "newest", "client", "node")
        yield from table.lines(head, map(_row, log.groups[:rows]))
    if len(log.groups) > rows:
        yield f"  and {len(log.groups) - rows:,} more"


def _limits(node: SlowNode) -> Iterator[str]:
    address = printable(node.address)
    if node.threshold_us is not None and node.threshold_us < 0:
        yield f"{address} keeps no slow log: CONFIG SET slowlog-log-slower-than 10000"
    if node.limit == 0:
        yield f"{address} keeps no slow log: CONFIG SET slowlog-max-len 128"
    elif node.limit is not None and node.entries is not None and node.entries >= node.limit:
        yield f"{address} keeps the newest {node.limit:,} only; older ones are gone"


def _row(group: SlowGroup) -> tuple[str | int | float | None, ...]:
    newest = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(group.newest_s))
    name = f" ({table.shorten(printable(group.client_name), _NAME_COLUMNS)})" if group.client_name else ""
    pattern = None if group.pattern is None else shown(group.pattern)
    return (
        group.command, pattern, group.count, group.max_us / 1000, group.total_us / 1000, newest,
        group.client + name, group.node,
    )  # fmt: skip


def to_object(log: SlowLog, label: str, rows: int) -> dict[str, object]:
    """Return the object of `redis slow`."""
    return {
        "schema": "boombap.redis.slow/1",
        "target": label,
        "nodes": encoded_all(log.nodes),
        "groups": encoded_all(log.groups[:rows]),
        "group_count": len(log.groups) if any(node.entries is not None for node in log.nodes) else None,
        "denied": encoded_all(log.denied),
    }
