"""The keys that are used most, as far as a server counts that: by frequency with an LFU policy, else by time.

OBJECT FREQ and OBJECT IDLETIME do not count as a use. The policy is never changed here: that would change what the
server evicts.
"""

from __future__ import annotations

import heapq

from boombap.clients.redis.errors import ServerError
from boombap.record import Record
from boombap.redis.keyspace.scan import ELSEWHERE, is_about_the_key
from boombap.redis.nodes.asking import Refusals, info_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from boombap.clients.redis.connection import Connection
    from boombap.redis.keyspace.shards import Keyspace, Shard
    from boombap.redis.nodes.asking import Denied

_BATCH = 1000


class HotKey(Record):
    """One key that is used often, or was used lately.

    Attributes:
        frequency: 0 to 255, by a logarithm and with decay; None without an LFU policy.
        idle_s: since it was used; None with an LFU policy.
    """

    key: bytes
    db: int
    node: str
    frequency: int | None
    idle_s: int | None


class HotNode(Record):
    """What one node counts.

    Attributes:
        policy: its maxmemory-policy; empty when INFO may not be asked.
        counts_uses: whether the policy is an LFU one; None when that is not known.
        keys: how many there are in the databases that were looked at.
        looked_at: how many of them were asked.
    """

    address: str
    policy: str
    counts_uses: bool | None
    keys: int
    looked_at: int


class HotKeys(Record):
    """The hottest keys of all nodes: those with a frequency first, then by when they were used.

    Attributes:
        is_complete: whether every key that matches was asked.
        unreadable: keys that this user may not read.
    """

    nodes: tuple[HotNode, ...]
    keys: tuple[HotKey, ...]
    is_complete: bool
    unreadable: int
    denied: tuple[Denied, ...]


def read(
    keyspace: Keyspace,
    pattern: bytes,
    matches: Callable[[bytes], bool],
    *,
    db: int | None,
    rows: int,
    limit: int,
) -> HotKeys:
    """Return the hottest keys that match.

    Args:
        rows: how many.
        limit: without an LFU policy at most this many keys of each database are asked; SCAN gives them in no order.
    """
    refusals = Refusals()

    def search_shard(shard: Shard, connection: Connection, progressed: Callable[[], None]) -> _Search:
        search = _Search(connection, shard, refusals, rows, progressed)
        search.run(pattern, matches, limit)
        return search

    searches = keyspace.read_shards(db, search_shard)
    hottest = heapq.nlargest(rows, (hot for search in searches for hot in search.best), key=heat)
    return HotKeys(
        nodes=tuple(_summed(searches)),
        keys=tuple(hottest),
        is_complete=all(search.is_complete for search in searches),
        unreadable=sum(search.unreadable for search in searches),
        denied=refusals.all,
    )


def heat(hot: HotKey) -> tuple[int, int]:
    """Return what hot keys are ordered by."""
    return (-1 if hot.frequency is None else hot.frequency, -(hot.idle_s or 0))


class _Search:
    """Looks for the hottest keys of one database of one node.

    Attributes:
        best: the hottest of those that were asked.
    """

    def __init__(
        self, connection: Connection, shard: Shard, refusals: Refusals, rows: int, progressed: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._progressed = progressed
        self._refusals = refusals
        self._rows = rows
        self.shard = shard
        self.address = connection.target.address
        info = refusals.checked(connection.ask("INFO", "memory"), connection.target, "INFO")
        self.policy = info_fields(info).get("maxmemory_policy", "")
        self.counts_uses = "lfu" in self.policy if self.policy else None
        self.best: list[HotKey] = []
        self.looked_at = 0
        self.unreadable = 0
        self.is_complete = True
        self._is_misled = False

    def run(self, pattern: bytes, matches: Callable[[bytes], bool], limit: int) -> None:
        """Ask each key; without an LFU policy at most `limit` of them."""
        best: dict[bytes, HotKey] = {}
        for keys in _batches(self._connection, pattern):
            chosen = [key for key in dict.fromkeys(keys) if matches(key)]
            if not self.counts_uses and self.looked_at + len(chosen) > limit:
                chosen = chosen[: limit - self.looked_at]
                self.is_complete = False
            best |= {hot.key: hot for hot in self._asked(chosen)}
            self._progressed()
            best = {hot.key: hot for hot in heapq.nlargest(self._rows, best.values(), key=heat)}
            if self._is_misled and not self.counts_uses:
                self.counts_uses, self.looked_at, self.is_complete = True, 0, True
                self.run(pattern, matches, limit)
                return
            if not self.is_complete:
                break
        self.best = list(best.values())

    def _asked(self, keys: list[bytes]) -> Iterator[HotKey]:
        word = "FREQ" if self.counts_uses else "IDLETIME"
        replies: list[Any] = self._connection.pipeline([("OBJECT", word, key) for key in keys])
        self.looked_at += len(keys)
        for key, reply in zip(keys, replies, strict=True):
            value = self._value(reply, word)
            if value is not None:
                frequency, idle_s = (value, None) if self.counts_uses else (None, value)
                yield HotKey(key, self.shard.db, self.address, frequency, idle_s)

    def _value(self, reply: Any, word: str) -> int | None:  # noqa: ANN401 - a reply
        if not isinstance(reply, ServerError):
            return None if reply is None else int(reply)
        if reply.word in ELSEWHERE or "no such key" in reply.text.lower():
            return None
        self.unreadable += is_about_the_key(reply)
        if self.counts_uses is None and "LFU" in reply.text:
            # Where the policy is not known, IDLETIME was asked of a server that keeps frequencies instead.
            self._is_misled = True
            return None
        self._refusals.checked(reply, self._connection.target, f"OBJECT {word}")
        return None


def _batches(connection: Connection, pattern: bytes) -> Iterator[list[bytes]]:
    cursor = b"0"
    while True:
        cursor, keys = connection.call("SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH)
        yield keys
        if cursor == b"0":
            return


def _summed(searches: list[_Search]) -> Iterator[HotNode]:
    """Yield one row per node; a search is of one of its databases."""
    for address in dict.fromkeys(search.address for search in searches):
        own = [search for search in searches if search.address == address]
        keys, looked_at = sum(search.shard.keys for search in own), sum(search.looked_at for search in own)
        yield HotNode(address, own[0].policy, own[0].counts_uses, keys, looked_at)
