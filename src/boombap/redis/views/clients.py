"""The answer of `redis clients`."""

from __future__ import annotations

from boombap.output import table
from boombap.output.terminal import printable
from boombap.redis.encode import health_object
from boombap.redis.report import health_lines
from boombap.redis.views.denials import denied_lines, encoded_all
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.output.terminal import Terminal
    from boombap.redis.model import Health
    from boombap.redis.nodes.clients import ClientGroup, Clients

_NAME_COLUMNS = 40


def lines(clients: Clients, health: Health, label: str, terminal: Terminal, rows: int) -> Iterator[str]:
    """Yield the findings, then the groups with the largest first."""
    yield terminal.style(printable(label), "bold")
    yield from denied_lines(clients.denied, terminal)
    yield from health_lines(health, terminal)
    head = ("node", "clients", "at most")
    yield from table.lines(head, [(node.address, node.connected, node.max_clients) for node in clients.nodes])
    if clients.groups:
        idle = f"idle {format_duration(clients.idle_limit_s)}"
        columns = ("name", "user", "host", "library", "clients", idle, "longest idle", "oldest", "output", "blocked")
        yield from table.lines((*columns, "pubsub", "node"), map(_row, clients.groups[:rows]))
    if len(clients.groups) > rows:
        yield f"  and {len(clients.groups) - rows:,} more"


def _row(group: ClientGroup) -> tuple[str | int | float | None, ...]:
    names = (group.name, group.user, group.host, group.library)
    shown = (table.shorten(printable(name), _NAME_COLUMNS) or None for name in names)
    return (
        *shown, group.count, group.idle, format_duration(group.longest_idle_s), format_duration(group.oldest_s),
        format_size(group.output_bytes), group.blocked, group.pubsub, group.node,
    )  # fmt: skip


def to_object(clients: Clients, health: Health, label: str, rows: int) -> dict[str, object]:
    """Return the object of `redis clients`."""
    return {
        "schema": "boombap.redis.clients/1",
        "target": label,
        "idle_limit_s": clients.idle_limit_s,
        "nodes": encoded_all(clients.nodes),
        "groups": encoded_all(clients.groups[:rows]),
        "group_count": len(clients.groups) if any(node.is_listed for node in clients.nodes) else None,
        "denied": encoded_all(clients.denied),
        "health": health_object(health),
    }
