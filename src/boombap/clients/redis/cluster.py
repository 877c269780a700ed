"""A Cluster: every command goes to the node that holds its key, and follows the slots when they move.

Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec, "Redirection and resharding".
"""

from __future__ import annotations

import threading
import time

from boombap.clients.redis.connection import Limits
from boombap.clients.redis.errors import ServerError, refusal
from boombap.clients.redis.pool import Pool, is_idempotent
from boombap.clients.redis.slots import SLOTS, slot_for
from boombap.errors import Disconnected, ExternalError, QueryFailed, Unreachable
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from boombap.clients.redis.connection import Command, Reply, Word
    from boombap.clients.redis.target import Target
    from boombap.interrupt import Interrupt

    Place = tuple[str, int]

_REDIRECTIONS = 16
# A Cluster is down for 1-2 s after its creation and during a failover, by its cluster-node-timeout.
_PATIENCE_S = 10.0
_PAUSE_S = 0.1
_MOVING = ("MOVED", "ASK")
_PASSING = ("TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN")


class Node(Record):
    """One master and its replicas, as host and port.

    Attributes:
        id: of the master; it stays with the node wherever that runs.
        ranges: the slots that it holds, as text.
    """

    master: tuple[str, int]
    replicas: tuple[tuple[str, int], ...] = ()
    id: str = ""
    ranges: str = ""


class Cluster:
    """Pools to all masters, made when first needed and closed with the Cluster.

    Args:
        target: any node; user, password and TLS are taken for all of them.
        size: maximum number of connections to one node.
        patience_s: how long a command waits for a failover to end.
    """

    def __init__(
        self,
        target: Target,
        interrupt: Interrupt,
        *,
        limits: Limits | None = None,
        size: int = 4,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self.target = target
        self._interrupt = interrupt
        self._limits = limits or Limits()
        self._size = size
        self._patience_s = patience_s
        self._pools: dict[Place, Pool] = {}
        self._slots: list[Place | None] = [None] * SLOTS
        self._nodes: tuple[Node, ...] = ()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            pool.__exit__(kind, error, traceback)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Return the masters that hold slots, with their replicas."""
        return self._nodes

    def masters(self) -> list[Pool]:
        """Return a pool to each master that holds slots."""
        return [self.pool(node.master) for node in self._nodes]

    def call(self, *command: Word) -> Reply:
        """Return the reply to one command, from the node that holds its key.

        Raises:
            ExternalError: the branch that fits what the server refused, a time-out, or a broken connection.
            Interrupted: when the run was ended meanwhile.
        """
        reply = self.ask(*command)
        if isinstance(reply, ServerError):
            raise refusal(reply, self.target, command[0])
        return reply

    def ask(self, *command: Word) -> Reply | ServerError:
        """Return the reply to one command, an error of the server as a value; otherwise as `call`."""
        deadline_s = time.monotonic() + self._patience_s
        slot = slot_for(command)
        asking: Place | None = None
        for _ in range(_REDIRECTIONS):
            reply = self._try(command, slot, asking)
            asking = None
            is_late = time.monotonic() >= deadline_s
            if isinstance(reply, ExternalError):
                if is_late:
                    raise reply
            elif not isinstance(reply, ServerError) or is_late or reply.word not in (*_MOVING, *_PASSING):
                return reply
            elif reply.word in _MOVING:
                asking = self._follow(reply, slot)
                continue
            self._interrupt.sleep(_PAUSE_S)
            self.refresh()
        raise QueryFailed(
            f"the Cluster at {self.target.label} sent {command[0]!r} from node to node {_REDIRECTIONS} times",
            hint="see CLUSTER NODES on each of them, they do not agree",
        )

    def pipeline(self, commands: Iterable[Command]) -> list[Reply | ServerError]:
        """Return the replies to many commands, one pipeline per node; redirected ones are repeated one by one.

        Raises:
            ExternalError: for a time-out or a broken connection.
            Interrupted: when the run was ended meanwhile.
        """
        listed = list(commands)
        replies: list[Reply | ServerError] = [None] * len(listed)
        late: list[int] = []
        for place, members in self._by_node(listed).items():
            try:
                answers = self.pool(place).pipeline([listed[index] for index in members])
            except (Disconnected, Unreachable):
                if not all(is_idempotent(listed[index][0]) for index in members):
                    raise
                late += members
                continue
            for index, reply in zip(members, answers, strict=True):
                replies[index] = reply
                if isinstance(reply, ServerError) and reply.word in (*_MOVING, *_PASSING):
                    late.append(index)
        for index in sorted(late):
            replies[index] = self.ask(*listed[index])
        return replies

    def scan(self, match: bytes | str = b"*", *, count: int = 1000, kind: str = "") -> Iterator[list[bytes]]:
        """Yield the keys of all masters in batches, some of them twice as SCAN does; a batch may be empty."""
        for pool in self.masters():
            yield from pool.scan(match, count=count, kind=kind)

    def pool(self, place: Place) -> Pool:
        """Return the pool to one node."""
        with self._lock:
            if place not in self._pools:
                target = self.target.at(*place)
                self._pools[place] = Pool(target, self._interrupt, limits=self._limits, size=self._size)
            return self._pools[place]

    def holder(self, slot: int) -> Pool:
        """Return the pool to the master that holds a slot."""
        return self.pool(self._place(slot))

    def first_slot(self, master: Pool) -> int | None:
        """Return the first slot that a master holds."""
        place = (master.target.host, master.target.port)
        return self._slots.index(place) if place in self._slots else None

    def refresh(self) -> None:
        """Ask one node after the other, until one answers, who holds which slot.

        Raises:
            ExternalError: when none answers.
        """
        places: list[Place | None] = [*(place for node in self._nodes for place in (node.master, *node.replicas)), None]
        for place in places:
            pool = self.pool(place or (self.target.host, self.target.port))
            try:
                ranges = pool.call("CLUSTER", "SLOTS")
            except ExternalError:
                if place is None:
                    raise
                continue
            self._learn(ranges, pool.target.host)
            return

    def _learn(self, slot_ranges: list[list[Reply]], asked: str) -> None:
        slots: list[Place | None] = [None] * SLOTS
        nodes: dict[Place, Node] = {}
        for first, last, *members in slot_ranges:
            # A node that does not know its own address leaves it empty.
            master, *replicas = [((member[0] or b"").decode() or asked, int(member[1])) for member in members]
            ranges = f"{nodes[master].ranges},{first}-{last}" if master in nodes else f"{first}-{last}"
            # Since 4.0 a third element names the node.
            node_id = members[0][2].decode("ascii", "replace") if len(members[0]) > 2 else ""  # noqa: PLR2004
            nodes[master] = Node(master, tuple(replicas), node_id, ranges)
            slots[first : last + 1] = [master] * (last + 1 - first)
        if nodes:
            self._slots, self._nodes = slots, tuple(nodes.values())

    def _try(self, command: Command, slot: int | None, asking: Place | None) -> Reply | ServerError | ExternalError:
        try:
            if asking:
                return self.pool(asking).pipeline([("ASKING",), command])[1]
            return self.pool(self._place(slot)).ask(*command)
        except Unreachable as error:
            return error
        except Disconnected as error:
            if is_idempotent(command[0]):
                return error
            raise

    def _place(self, slot: int | None) -> Place:
        anyone = self._nodes[0].master if self._nodes else (self.target.host, self.target.port)
        return (self._slots[slot] if slot is not None else None) or anyone

    def _by_node(self, commands: list[Command]) -> dict[Place, list[int]]:
        indexes: dict[Place, list[int]] = {}
        for index, command in enumerate(commands):
            indexes.setdefault(self._place(slot_for(command)), []).append(index)
        return indexes

    def _follow(self, moving: ServerError, slot: int | None) -> Place | None:
        """Return the node to ask once; one that has taken over the slot for good is remembered instead."""
        _, _, place = moving.text.split(" ")[:3]
        host, _, port = place.rpartition(":")
        to = (host.strip("[]") or self.target.host, int(port))
        if moving.word == "ASK":
            return to
        if slot is not None and self._slots[slot] != to:
            self.refresh()
            self._slots[slot] = to
        return None
