"""The answer of `redis latency`."""

from __future__ import annotations

import time

from boombap.output import table
from boombap.output.encode import plain as fields
from boombap.output.terminal import printable
from boombap.redis.views.denials import denied_lines, encoded_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.output.terminal import Terminal
    from boombap.redis.nodes.latency import CommandLatency, Latency, NodeLatency

_NAME_COLUMNS = 40


def lines(seen: Latency, label: str, terminal: Terminal, rows: int) -> Iterator[str]:
    """Yield PING on each node beside what this machine loses itself, then commands and events."""
    yield f"{terminal.style(printable(label), 'bold')}  {seen.samples:,} PINGs per node"
    yield from denied_lines(seen.denied, terminal)
    head = ("node", "p50 us", "p99 us", "max us", "in the server us")
    pings = [(node.address, node.ping) for node in seen.nodes]
    yield from table.lines(
        head, [(address, ping.p50_us, ping.p99_us, ping.max_us, ping.server_us) for address, ping in pings]
    )
    client = seen.client
    yield f"  of that this client: {client.cpu_us:.1f} us of work per PING, and stopped for {client.stall_us:.0f} us"
    for node in seen.nodes:
        yield terminal.style(printable(node.address), "bold")
        yield from _node_lines(node, terminal, rows)


def _node_lines(node: NodeLatency, terminal: Terminal, rows: int) -> Iterator[str]:
    yield from (terminal.style(f"  {printable(hint)}", "yellow") for hint in node.hints)
    head = ("command", "calls", "p50 us", "p99 us", "max us", "mean us")
    if node.commands:
        yield from table.lines(head, map(_command_row, node.commands[:rows]))
    if len(node.commands) > rows:
        yield f"  and {len(node.commands) - rows:,} more"
    if not node.has_histogram:
        yield "  means only: without LATENCY HISTOGRAM there are no percentiles"
    if node.events:
        events = [
            (event.name, event.latest_ms, event.max_ms, time.strftime("%F %T", time.localtime(event.newest_s)))
            for event in node.events
        ]
        yield from table.lines(("event", "latest ms", "max ms", "newest"), events)
    elif node.monitor_threshold_ms == 0:
        yield "  events are not kept: CONFIG SET latency-monitor-threshold 100"
    elif node.monitor_threshold_ms:
        yield f"  no event took {node.monitor_threshold_ms:,} ms or more"


def _command_row(command: CommandLatency) -> tuple[str | int | float | None, ...]:
    name = table.shorten(printable(command.name), _NAME_COLUMNS)
    return (name, command.calls, command.p50_us, command.p99_us, command.max_us, command.mean_us)


def to_object(seen: Latency, label: str, rows: int) -> dict[str, object]:
    """Return the object of `redis latency`."""
    return {
        "schema": "boombap.redis.latency/1",
        "target": label,
        "samples": seen.samples,
        "client": fields(seen.client),
        "nodes": [_node(node, rows) for node in seen.nodes],
        "denied": encoded_all(seen.denied),
    }


def _node(node: NodeLatency, rows: int) -> dict[str, object]:
    ping = {name: None if value is None else round(float(str(value)), 1) for name, value in fields(node.ping).items()}
    return {**fields(node), "ping": ping, "commands": node.commands[:rows]}
