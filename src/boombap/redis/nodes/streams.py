"""Every stream that matches, with its groups: how far each is behind, what is pending, and whether anybody reads."""

from __future__ import annotations

from boombap.clients.redis.connection import as_mapping
from boombap.clients.redis.errors import ServerError
from boombap.record import Record
from boombap.redis.keyspace.scan import ELSEWHERE
from boombap.redis.nodes.asking import Refusals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from boombap.clients.redis.connection import Connection
    from boombap.redis.keyspace.shards import Keyspace, Shard
    from boombap.redis.nodes.asking import Denied

_BATCH = 1000
# Streams of a batch are asked about together; each answer holds its first and last entry.
_ASKED = 50
# Ids below this are numbers that somebody chose, not milliseconds: 2001-09-09.
_FIRST_TIME_MS = 1_000_000_000_000


class GroupFacts(Record):
    """One group of consumers.

    Attributes:
        lag: entries that were not delivered to it yet; None where the server cannot tell (before 7.0, or entries were
            deleted in the middle).
        pending: entries that were delivered and not acknowledged.
        oldest_pending_age_s: since the oldest of them was added; None without one, or where ids are no times.
        oldest_pending_idle_s: since that one was last delivered.
        active_consumers: those that did something within the limit; None when XINFO CONSUMERS may not be asked.
        least_idle_s: since any of its consumers did something; None without consumers.
    """

    name: bytes
    lag: int | None
    pending: int
    oldest_pending_age_s: float | None
    oldest_pending_idle_s: float | None
    consumers: int
    active_consumers: int | None
    least_idle_s: float | None


class StreamFacts(Record):
    """One stream. What is None could not be asked.

    Attributes:
        node: the node that holds it.
        first_id: of its oldest entry; None when it is empty.
        first_age_s: since that entry was added; None where ids are no times.
    """

    key: bytes
    db: int
    node: str
    length: int | None = None
    size_bytes: int | None = None
    first_id: str | None = None
    last_id: str | None = None
    first_age_s: float | None = None
    last_age_s: float | None = None
    groups: tuple[GroupFacts, ...] | None = None


class Streams(Record):
    """All streams that match, the one that is furthest behind first."""

    streams: tuple[StreamFacts, ...]
    idle_limit_s: float
    max_lag: int
    denied: tuple[Denied, ...]


def read(
    keyspace: Keyspace,
    pattern: bytes,
    matches: Callable[[bytes], bool],
    *,
    db: int | None,
    idle_limit_s: float,
    max_lag: int,
) -> Streams:
    """Return the streams that match; `db` looks at one database only."""
    refusals = Refusals()

    def read_shard(
        shard: Shard, connection: Connection, progressed: Callable[[], None]
    ) -> dict[tuple[int, bytes], StreamFacts]:
        found: dict[tuple[int, bytes], StreamFacts] = {}
        for keys in _stream_keys(connection, pattern):
            chosen = [key for key in dict.fromkeys(keys) if matches(key) and (shard.db, key) not in found]
            for start in range(0, len(chosen), _ASKED):
                reader = _Reader(connection, shard, refusals, idle_limit_s)
                found |= {(shard.db, stream.key): stream for stream in reader.read(chosen[start : start + _ASKED])}
            progressed()
        return found

    streams: dict[tuple[int, bytes], StreamFacts] = {}
    for found in keyspace.read_shards(db, read_shard):
        streams |= found
    return Streams(tuple(sorted(streams.values(), key=_urgency)), idle_limit_s, max_lag, refusals.all)


def _stream_keys(connection: Connection, pattern: bytes) -> Iterator[list[bytes]]:
    cursor = b"0"
    while True:
        cursor, keys = connection.call("SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH, "TYPE", "stream")
        yield keys
        if cursor == b"0":
            return


def _urgency(stream: StreamFacts) -> tuple[int, int, int, bytes]:
    groups = stream.groups or ()
    behind = max((group.lag or 0 for group in groups), default=0)
    return (-behind, -sum(group.pending for group in groups), -(stream.length or 0), stream.key)


class _Reader:
    """Asks one node about some of its streams."""

    def __init__(self, connection: Connection, shard: Shard, refusals: Refusals, idle_limit_s: float) -> None:
        self._connection = connection
        self._shard = shard
        self._refusals = refusals
        self._idle_limit_s = idle_limit_s
        self._now_ms = self._server_time_ms()

    def read(self, keys: Sequence[bytes]) -> Iterator[StreamFacts]:
        """Yield those that are still there, and still are streams."""
        commands = (("XINFO", "STREAM"), ("XINFO", "GROUPS"), ("MEMORY", "USAGE"))
        replies: list[Any] = self._connection.pipeline([(*command, key) for key in keys for command in commands])
        for key, about, groups, size in zip(keys, replies[::3], replies[1::3], replies[2::3], strict=True):
            if not any(_is_gone(reply) for reply in (about, groups, size)) and size is not None:
                yield self._stream(key, about, groups, size)

    def _stream(self, key: bytes, about: Any, groups: Any, size: Any) -> StreamFacts:  # noqa: ANN401 - replies
        checked = self._refusals.checked
        target = self._connection.target
        facts = as_mapping(checked(about, target, "XINFO STREAM") or [])
        listed = checked(groups, target, "XINFO GROUPS")
        first, last = _entry_id(facts.get(b"first-entry")), _entry_id(facts.get(b"last-entry"))
        return StreamFacts(
            key=key,
            db=self._shard.db,
            node=target.address,
            length=facts.get(b"length"),
            size_bytes=checked(size, target, "MEMORY USAGE"),
            first_id=first,
            last_id=last,
            first_age_s=self._age_s(first),
            last_age_s=self._age_s(last),
            groups=None if listed is None else tuple(self._group(key, as_mapping(group)) for group in listed),
        )

    def _group(self, key: bytes, facts: dict[bytes, Any]) -> GroupFacts:
        name, pending = facts[b"name"], facts[b"pending"]
        idles_s = self._idles_s(key, name) if facts[b"consumers"] else []
        oldest = self._ask("XPENDING", key, name, "-", "+", 1) if pending else None
        entry_id = oldest[0][0].decode() if oldest else None
        return GroupFacts(
            name=name,
            lag=facts.get(b"lag"),
            pending=pending,
            oldest_pending_age_s=self._age_s(entry_id),
            oldest_pending_idle_s=oldest[0][2] / 1000 if oldest else None,
            consumers=facts[b"consumers"],
            active_consumers=None if idles_s is None else sum(idle_s < self._idle_limit_s for idle_s in idles_s),
            least_idle_s=min(idles_s, default=None) if idles_s is not None else None,
        )

    def _idles_s(self, key: bytes, group: bytes) -> list[float] | None:
        consumers = self._ask("XINFO CONSUMERS", key, group)
        return None if consumers is None else [as_mapping(consumer)[b"idle"] / 1000 for consumer in consumers]

    def _ask(self, command: str, *arguments: Any) -> Any:  # noqa: ANN401 - a command and its reply
        reply = self._connection.ask(*command.split(" "), *arguments)
        if _is_gone(reply):
            return []
        return self._refusals.checked(reply, self._connection.target, command)

    def _server_time_ms(self) -> int | None:
        reply = self._refusals.checked(self._connection.ask("TIME"), self._connection.target, "TIME")
        return None if reply is None else int(reply[0]) * 1000 + int(reply[1]) // 1000

    def _age_s(self, entry_id: str | None) -> float | None:
        added_ms = int(entry_id.partition("-")[0]) if entry_id else 0
        if self._now_ms is None or not _FIRST_TIME_MS <= added_ms <= self._now_ms:
            return None
        return (self._now_ms - added_ms) / 1000


def _entry_id(entry: Any) -> str | None:  # noqa: ANN401 - a part of a reply
    return entry[0].decode("ascii", "replace") if entry else None


def _is_gone(reply: object) -> bool:
    """Tell whether a key, or a group, went away since it was listed, or its slot is elsewhere now."""
    if not isinstance(reply, ServerError):
        return False
    return reply.word in {"WRONGTYPE", "NOGROUP", *ELSEWHERE} or "no such key" in reply.text.lower()
