"""The connected clients, counted by name, user, host and library."""

from __future__ import annotations

from dataclasses import dataclass

from boombap.record import Record
from boombap.redis.keyspace.names import fold
from boombap.redis.nodes.asking import Refusals, info_fields, number, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.clients.redis.pool import Pool
    from boombap.redis.nodes.asking import Denied


class ClientGroup(Record):
    """Clients of one node with the same name, user, host and library.

    Attributes:
        name: what CLIENT SETNAME gave, folded as keys are: many end with the id of a process.
        host: of their address; the path of a socket file.
        library: its name and version; empty where it does not say, or the server does not keep it (before 7.2).
        idle: those without a command for at least as long as was asked for.
        longest_idle_s: since the last command of the one that has been idle for longest.
        oldest_s: since the oldest one connected.
        output_bytes: memory of their output buffers.
        max_output_bytes: of the largest one.
        blocked: those that wait in a blocking command such as BLPOP.
        pubsub: those that have subscribed.
        monitors: those that run MONITOR.
        replicas: those that are replicas.
    """

    node: str
    name: str
    user: str
    host: str
    library: str
    count: int
    idle: int
    longest_idle_s: int
    oldest_s: int
    output_bytes: int
    max_output_bytes: int
    blocked: int
    pubsub: int
    monitors: int
    replicas: int


class ClientNode(Record):
    """The clients of one node.

    Attributes:
        connected: how many there are; None when neither INFO nor CLIENT LIST may be asked.
        max_clients: how many it takes; None when INFO may not be asked.
        is_listed: whether CLIENT LIST was answered.
    """

    address: str
    connected: int | None
    max_clients: int | None
    is_listed: bool


class Clients(Record):
    """The clients of all nodes, the largest group first.

    Attributes:
        idle_limit_s: from when on a client counts as idle.
    """

    nodes: tuple[ClientNode, ...]
    groups: tuple[ClientGroup, ...]
    idle_limit_s: float
    denied: tuple[Denied, ...]


def read(pools: Iterable[Pool], idle_limit_s: float) -> Clients:
    """Return the clients of the nodes."""
    refusals = Refusals()
    nodes: list[ClientNode] = []
    groups: list[ClientGroup] = []
    for pool in pools:
        listing = refusals.ask(pool, "CLIENT LIST")
        fields = info_fields(refusals.ask(pool, "INFO", "clients"))
        rows = [] if listing is None else parsed(text(listing))
        connected = number(fields.get("connected_clients"))
        if connected is None and listing is not None:
            connected = len(rows)
        max_clients = number(fields.get("maxclients"))
        nodes.append(ClientNode(pool.target.address, connected, max_clients, is_listed=listing is not None))
        groups += grouped(pool.target.address, rows, idle_limit_s)
    groups.sort(key=lambda group: (-group.count, group.node, group.name, group.user, group.host))
    return Clients(tuple(nodes), tuple(groups), idle_limit_s, refusals.all)


def parsed(listing: str) -> list[dict[str, str]]:
    r"""Return the fields of each client in CLIENT LIST.

    >>> parsed("id=3 addr=10.0.0.1:4000 name= flags=N\n")
    [{'id': '3', 'addr': '10.0.0.1:4000', 'name': '', 'flags': 'N'}]
    """
    # Only this ends a line: the name of a user may hold other characters that str.splitlines takes for an end.
    rows = (line.split(" ") for line in listing.split("\n") if line)
    return [{name: value for name, _, value in (word.partition("=") for word in words)} for words in rows]


@dataclass(slots=True)
class _Sum:
    """What is counted of a group so far."""

    count: int = 0
    idle: int = 0
    longest_idle_s: int = 0
    oldest_s: int = 0
    output_bytes: int = 0
    max_output_bytes: int = 0
    blocked: int = 0
    pubsub: int = 0
    monitors: int = 0
    replicas: int = 0

    def add(self, client: dict[str, str], idle_limit_s: float) -> None:
        """Count one client."""
        idle_s, flags = number(client.get("idle")) or 0, client.get("flags", "")
        output_bytes = number(client.get("omem")) or 0
        self.count += 1
        self.idle += idle_s >= idle_limit_s
        self.longest_idle_s = max(self.longest_idle_s, idle_s)
        self.oldest_s = max(self.oldest_s, number(client.get("age")) or 0)
        self.output_bytes += output_bytes
        self.max_output_bytes = max(self.max_output_bytes, output_bytes)
        self.blocked += "b" in flags
        self.pubsub += "P" in flags
        self.monitors += "O" in flags
        self.replicas += "S" in flags


def grouped(node: str, clients: Iterable[dict[str, str]], idle_limit_s: float) -> list[ClientGroup]:
    """Return clients by name, user, host and library."""
    sums: dict[tuple[str, str, str, str], _Sum] = {}
    for client in clients:
        library = " ".join(filter(None, (client.get("lib-name"), client.get("lib-ver"))))
        names = (pattern_of(client.get("name", "")), client.get("user", ""), host_of(client.get("addr", "")), library)
        sums.setdefault(names, _Sum()).add(client, idle_limit_s)
    return [
        ClientGroup(node, *names, *(getattr(total, field) for field in ClientGroup.__match_args__[5:]))
        for names, total in sums.items()
    ]


def pattern_of(name: str) -> str:
    """Return the pattern of a client's name.

    >>> pattern_of("worker-4711")
    'worker-<n>'
    """
    return fold(name.encode()).decode("utf-8", "replace")


def host_of(address: str) -> str:
    """Return the host of a client's address.

    >>> host_of("10.0.0.1:4000"), host_of("[::1]:4000"), host_of("/run/valkey.sock:0")
    ('10.0.0.1', '::1', '/run/valkey.sock')
    """
    return address.rpartition(":")[0].strip("[]")
