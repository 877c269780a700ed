"""Judges the connected clients: who costs memory, who is idle, and how many more there may be."""

from __future__ import annotations

from boombap.health.finding import Finding, Severity, Skipped
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.redis.nodes.clients import ClientGroup, ClientNode, Clients

_DOCS = "https://redis.io/docs/latest/develop/reference/clients/"
# From here on redis.conf disconnects subscribers after a minute (client-output-buffer-limit pubsub 32mb 8mb 60).
_OUTPUT_BYTES = 8 << 20
_IDLE_CLIENTS = 1000
_NEAR_PCT = 80
_FULL_PCT = 95
COUNT = 4
"""How many checks there are."""


def judge(clients: Clients) -> Iterator[Finding]:
    """Find large output buffers, thousands of idle clients, MONITOR, and nodes that are near maxclients."""
    for group in clients.groups:
        yield from _output(group)
        yield from _monitors(group)
    for node in clients.nodes:
        yield from _idle(node, [group for group in clients.groups if group.node == node.address], clients.idle_limit_s)
        yield from _near(node)


def skipped(clients: Clients) -> tuple[Skipped, ...]:
    """Return what could not be judged, because a command may not be used."""
    needs = {"CLIENT LIST": ("output_buffer", "monitor_in_use", "idle_clients"), "INFO": ("near_maxclients",)}
    reasons = {
        Skipped(check, f"{denied.command} is {denied.reason}"): None
        for denied in clients.denied
        for check in needs.get(denied.command, ())
    }
    return tuple(reasons)


def _who(group: ClientGroup) -> str:
    return f"{group.name or group.user or 'clients'} from {group.host} on {group.node}"


def _output(group: ClientGroup) -> Iterator[Finding]:
    if group.max_output_bytes >= _OUTPUT_BYTES:
        yield Finding(
            "output_buffer",
            Severity.WARNING,
            _who(group),
            f"answers of {format_size(group.max_output_bytes)} wait for one client, which reads too slowly",
            {"output_bytes": group.output_bytes, "max_output_bytes": group.max_output_bytes, "clients": group.count},
            "ask for less at a time, or set a limit: CONFIG SET client-output-buffer-limit 'normal 64mb 32mb 60'",
            f"{_DOCS}#output-buffer-limits",
        )


def _monitors(group: ClientGroup) -> Iterator[Finding]:
    if group.monitors:
        yield Finding(
            "monitor_in_use",
            Severity.WARNING,
            _who(group),
            f"{group.monitors} clients run MONITOR: it sees every key and value, and can halve the throughput",
            {"monitors": group.monitors},
            "end it, then take MONITOR away: ACL SETUSER app -monitor",
            "https://redis.io/docs/latest/commands/monitor/",
        )


def _idle(node: ClientNode, groups: list[ClientGroup], idle_limit_s: float) -> Iterator[Finding]:
    idle = sum(group.idle for group in groups)
    if idle >= _IDLE_CLIENTS:
        largest = max(groups, key=lambda group: group.idle)
        yield Finding(
            "idle_clients",
            Severity.WARNING,
            node.address,
            f"{idle:,} clients have been idle for {format_duration(idle_limit_s)} or more, {largest.idle:,} of them "
            f"{largest.name or largest.user or 'without a name'} from {largest.host}",
            {"idle": idle, "connected": node.connected, "idle_limit_s": idle_limit_s},
            "use a pool with fewer connections, or end idle ones: CONFIG SET timeout 300",
            f"{_DOCS}#client-timeouts",
        )


def _near(node: ClientNode) -> Iterator[Finding]:
    if not node.connected or not node.max_clients:
        return
    used_pct = 100 * node.connected / node.max_clients
    if used_pct >= _NEAR_PCT:
        yield Finding(
            "near_maxclients",
            Severity.CRITICAL if used_pct >= _FULL_PCT else Severity.WARNING,
            node.address,
            f"{node.connected:,} of at most {node.max_clients:,} clients are connected; the next ones are refused",
            {"connected": node.connected, "max_clients": node.max_clients, "used_pct": round(used_pct, 1)},
            "end idle clients (CONFIG SET timeout 300), or raise maxclients",
            f"{_DOCS}#maximum-concurrent-connected-clients",
        )
