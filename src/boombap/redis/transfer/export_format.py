"""Keys in a form that every version reads: by type, as JSON Lines, base64 where bytes are not UTF-8.

A DUMP is exact and fast, but 7.0's does not restore on 6.2 ("payload version or checksum are wrong"). The portable form
holds all that the server tells. A small key is one line, a large one several
that follow each other, each a window of its value::

    {"db": 0, "key": "artist:1", "type": "string", "ttl_ms": 3600000, "value": "…", "dump": {"base64": "…"}, "crc32": 7}
    {"db": 0, "key": "queue", "type": "list", "ttl_ms": null, "part": 0, "window": ["…"], "crc32": 8}
    {"db": 0, "key": "queue", "type": "list", "ttl_ms": null, "part": 1, "last": true, "window": ["…"], "crc32": 9}
"""

from __future__ import annotations

import binascii
import json
from zlib import crc32

from boombap.clients.redis.connection import as_mapping
from boombap.record import Record
from boombap.redis.json_text import base64_of, plain, raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from boombap.clients.redis.connection import Command

SCHEMA = "boombap.redis.backup/1"


PENDING, GROUPS, STREAM_IDS, FIELD_TTLS = "stream_pending", "stream_groups", "stream_ids", "hash_field_ttls"
LOSSES = {
    FIELD_TTLS: ("hash", "the TTL of its fields"),
    GROUPS: ("stream", "its consumer groups"),
    PENDING: ("stream", "the consumers and pending entries of its groups"),
    STREAM_IDS: ("stream", "its last ids and counters"),
}
"""What a form or a server may not be able to hold: the type that has it, and what it is."""


class Group(Record):
    """A consumer group of a stream.

    Attributes:
        last_id: of the last entry that was delivered.
        entries_read: how many were; None where the server does not count.
        consumers: their names.
    """

    name: bytes
    last_id: bytes
    entries_read: int | None = None
    consumers: tuple[bytes, ...] = ()


class Pending(Record):
    """An entry of a stream that a consumer was given and has not acknowledged.

    Attributes:
        idle_ms: how long ago that was.
        deliveries: how often it was given to one.
    """

    group: bytes
    entry: bytes
    consumer: bytes
    idle_ms: int
    deliveries: int


class StreamFacts(Record):
    """What a stream has besides its entries.

    Attributes:
        last_id: the highest id that it ever had.
        entries_added: how many it ever had; None, as `max_deleted_id`, where the server does not say.
    """

    last_id: bytes
    entries_added: int | None = None
    max_deleted_id: bytes | None = None
    groups: tuple[Group, ...] = ()


class ExportedKey(Record):
    """One key with everything that brings it back, or one window of a large one.

    Attributes:
        ttl_ms: what was left of its life; None without a TTL.
        value: by type, as `_READS` and `_WRITES` say; None when only the dump is there, or when it comes in windows.
        dump: what DUMP gave; None when it was not asked for.
        field_ttls: the fields of a hash that expire, with the milliseconds that are left.
        stream: of streams, what is not an entry.
        pending: of streams, what was not acknowledged; the groups are in the same window or an earlier one.
        lost: what the portable value lacks, of `LOSSES`.
        part: the number of a window; None for a value in one piece.
        is_last: whether the value ends with this window.
        windows: reads a large value window by window; None for a value in one piece.
    """

    db: int
    key: bytes
    type: str
    ttl_ms: int | None
    value: Any
    dump: bytes | None
    field_ttls: tuple[tuple[bytes, int], ...] = ()
    stream: StreamFacts | None = None
    pending: tuple[Pending, ...] = ()
    lost: tuple[str, ...] = ()
    part: int | None = None
    is_last: bool = True
    windows: Callable[[], Iterator[ExportedKey]] | None = None


# By type: the command that reads the whole value.
_READS: dict[str, Callable[[bytes], Command]] = {
    "string": lambda key: ("GET", key),
    "list": lambda key: ("LRANGE", key, 0, -1),
    "set": lambda key: ("SMEMBERS", key),
    "hash": lambda key: ("HGETALL", key),
    "zset": lambda key: ("ZRANGE", key, 0, -1, "WITHSCORES"),
    "stream": lambda key: ("XRANGE", key, "-", "+"),
}
TYPES = frozenset(_READS)
"""The types that have a portable form; modules' types have none."""


def read_command(key: bytes, kind: str) -> Command:
    """Return the command that reads a value of a type that has a portable form."""
    return _READS[kind](key)


def value_of(kind: str, reply: Any) -> Any:  # noqa: ANN401 - what the server gave
    """Return a value in its portable shape from the reply to `read_command`, of RESP2 or RESP3."""
    if kind == "hash":
        return [[field, value] for field, value in as_mapping(reply).items()]
    if kind == "zset":
        pairs = reply if not reply or isinstance(reply[0], list) else list(zip(reply[::2], reply[1::2], strict=True))
        return [[member, _score(score)] for member, score in pairs]
    if kind == "stream":
        return [[entry, list(fields)] for entry, fields in reply]
    return reply if kind == "string" else list(reply)


def write_commands(item: ExportedKey, key: bytes) -> list[Command]:
    """Return the commands that write a portable value, or append a window of it, under a name; without its TTL."""
    return [*_value_commands(key, item)]


def extra_commands(item: ExportedKey, key: bytes) -> list[tuple[str, Command]]:
    """Return the commands that an older server may refuse, each with what is lost then, of `LOSSES`."""
    commands: list[tuple[str, Command]] = [
        (FIELD_TTLS, ("HPEXPIRE", key, left_ms, "FIELDS", 1, field)) for field, left_ms in item.field_ttls
    ]
    if item.stream is not None:
        commands += _stream_commands(item.stream, key)
    return commands + [(PENDING, _claim(pending, key)) for pending in item.pending]


def _claim(pending: Pending, key: bytes) -> Command:
    return (
        "XCLAIM", key, pending.group, pending.consumer, 0, pending.entry,
        "IDLE", pending.idle_ms, "RETRYCOUNT", pending.deliveries, "FORCE", "JUSTID",
    )  # fmt: skip


def _stream_commands(stream: StreamFacts, key: bytes) -> Iterator[tuple[str, Command]]:
    yield STREAM_IDS, ("XSETID", key, stream.last_id)
    if stream.entries_added is not None and stream.max_deleted_id is not None:
        added, deleted = stream.entries_added, stream.max_deleted_id
        yield STREAM_IDS, ("XSETID", key, stream.last_id, "ENTRIESADDED", added, "MAXDELETEDID", deleted)
    for group in stream.groups:
        yield GROUPS, ("XGROUP", "CREATE", key, group.name, group.last_id)
        if group.entries_read is not None:
            yield STREAM_IDS, ("XGROUP", "SETID", key, group.name, group.last_id, "ENTRIESREAD", group.entries_read)
        for consumer in group.consumers:
            yield PENDING, ("XGROUP", "CREATECONSUMER", key, group.name, consumer)


_AT_ONCE = 1000
# Redis keeps times of expiry as signed 64-bit milliseconds since 1970.
_LONGEST_MS = 2**62


def _value_commands(key: bytes, item: ExportedKey) -> Iterable[Command]:
    kind, value = item.type, item.value
    if kind == "string":
        yield ("APPEND" if item.part else "SET", key, value)
        return
    if kind == "stream":
        if not value and not item.part:
            # The only way to an empty stream that does not need an entry.
            yield ("XGROUP", "CREATE", key, "boombap", "$", "MKSTREAM")
            yield ("XGROUP", "DESTROY", key, "boombap")
        for entry, fields in value:
            yield ("XADD", key, entry, *fields)
        return
    name = {"list": "RPUSH", "set": "SADD", "hash": "HSET", "zset": "ZADD"}[kind]
    for at in range(0, len(value), _AT_ONCE):
        yield (name, key, *_words(kind, value[at : at + _AT_ONCE]))


def _words(kind: str, elements: Sequence[Any]) -> Iterable[Any]:
    if kind == "hash":
        return (word for pair in elements for word in pair)
    if kind == "zset":
        return (word for member, score in elements for word in (score, member))
    return elements


_SUM = b', "crc32": '


def sealed(fields: dict[str, object]) -> bytes:
    """Return a line of JSON that ends with the CRC-32 of what stands before it, without a newline.

    >>> sealed({"a": 1})
    b'{"a": 1, "crc32": 2057863684}'
    """
    line = json.dumps(fields, ensure_ascii=False).encode()[:-1]
    return b"%b%b%d}" % (line, _SUM, crc32(line))


def opened(line: bytes, *, must_be_sealed: bool = False) -> dict[str, Any]:
    """Return the fields of a line whose checksum, when it has one, is right.

    Raises:
        ValueError: when it is cut or damaged, or has no checksum and must have one.
    """
    body, mark, tail = line.strip().rpartition(_SUM)
    is_sealed = bool(mark) and tail[:-1].isdigit() and tail.endswith(b"}")
    if is_sealed and int(tail[:-1]) != crc32(body):
        raise ValueError("its checksum is wrong")
    if must_be_sealed and not is_sealed:
        raise ValueError("it has no checksum, so it is cut or damaged")
    found = json.loads(line.decode())
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for every broken line
    return found


def to_line(item: ExportedKey) -> bytes:
    """Return an item, or one window of it, as one line of JSON."""
    line: dict[str, object] = {
        "db": item.db,
        "key": plain(item.key),
        "type": item.type,
        "ttl_ms": item.ttl_ms,
    }
    if item.part is not None:
        # Not `value`: a reader that knows no windows must refuse the line, not take it for the whole.
        line |= {"part": item.part, "last": item.is_last, "window": plain(item.value)}
    elif item.value is not None:
        line["value"] = plain(item.value)
    if item.dump is not None:
        line["dump"] = base64_of(item.dump)
    if item.field_ttls:
        line["field_ttls"] = [[plain(field), left_ms] for field, left_ms in item.field_ttls]
    if item.stream is not None:
        line["stream"] = _stream_fields(item.stream)
    if item.pending:
        line["pending"] = [[plain(word) for word in _fields_of(pending)] for pending in item.pending]
    if item.lost:
        line["lost"] = list(item.lost)
    return sealed(line)


def _stream_fields(stream: StreamFacts) -> dict[str, object]:
    return {
        "last_id": plain(stream.last_id),
        "entries_added": stream.entries_added,
        "max_deleted_id": plain(stream.max_deleted_id),
        "groups": [
            [plain(group.name), plain(group.last_id), group.entries_read, plain(list(group.consumers))]
            for group in stream.groups
        ],
    }


def _fields_of(pending: Pending) -> tuple[bytes | int, ...]:
    return (pending.group, pending.entry, pending.consumer, pending.idle_ms, pending.deliveries)


def from_line(line: bytes, *, must_be_sealed: bool = False) -> ExportedKey:
    """Return the item of a line.

    Raises:
        ValueError: when the line is none of ours.
    """
    return from_fields(opened(line, must_be_sealed=must_be_sealed))


def from_fields(found: dict[str, Any]) -> ExportedKey:
    """Return the item of a line that was opened.

    Raises:
        ValueError: when the line is none of ours.
    """
    part = found.get("part")
    try:
        key, kind, ttl_ms = raw(found["key"]), found["type"], found["ttl_ms"]
        value, dump = raw(found["window"] if part is not None else found.get("value")), raw(found.get("dump"))
        db = int(found.get("db", 0))
        field_ttls = tuple((raw(field), _life_ms(left_ms)) for field, left_ms in found.get("field_ttls", ()))
        stream = _stream_facts(found["stream"]) if "stream" in found else None
        pending = tuple(_pending(*words) for words in found.get("pending", ()))
        lost = tuple(name for name in found.get("lost", ()) if name in LOSSES)
    except (KeyError, TypeError, binascii.Error) as error:
        raise ValueError(f"no item: {error}") from None
    if not isinstance(key, bytes) or not isinstance(kind, str) or not isinstance(ttl_ms, int | None):
        raise ValueError("key, type or ttl_ms is of the wrong kind")  # noqa: TRY004 - as above
    if ttl_ms is not None:
        _life_ms(ttl_ms)
    if not isinstance(dump, bytes | None) or (value is not None and not _fits(kind, value)):
        raise ValueError(f"the value does not fit the type {kind}")
    if value is None and dump is None:
        raise ValueError("neither value nor dump")
    if part is not None and (not isinstance(part, int) or part < 0 or not isinstance(found.get("last"), bool)):
        raise ValueError("part or last is of the wrong kind")
    is_last = part is None or found["last"]
    return ExportedKey(db, key, kind, ttl_ms, value, dump, field_ttls, stream, pending, lost, part, is_last)


def _life_ms(left_ms: Any) -> int:  # noqa: ANN401 - what JSON gave
    if not isinstance(left_ms, int) or isinstance(left_ms, bool) or not 1 <= left_ms <= _LONGEST_MS:
        raise ValueError(f"ttl_ms is {left_ms}, which would delete the key or is refused")
    return left_ms


def _stream_facts(found: dict[str, Any]) -> StreamFacts:
    groups = tuple(
        Group(_bytes(name), _bytes(at), _count(read), tuple(map(_bytes, consumers)))
        for name, at, read, consumers in found["groups"]
    )
    deleted = raw(found["max_deleted_id"])
    return StreamFacts(_bytes(found["last_id"]), _count(found["entries_added"]), deleted, groups)


def _pending(group: Any, entry: Any, consumer: Any, idle_ms: Any, deliveries: Any) -> Pending:  # noqa: ANN401 - JSON
    return Pending(_bytes(group), _bytes(entry), _bytes(consumer), _count(idle_ms) or 0, _count(deliveries) or 0)


def _bytes(value: Any) -> bytes:  # noqa: ANN401 - what JSON gave
    found = raw(value)
    if not isinstance(found, bytes):
        raise TypeError("a text is of the wrong kind")
    return found


def _count(value: Any) -> int | None:  # noqa: ANN401 - what JSON gave
    if not isinstance(value, int | None):
        raise TypeError("a count is of the wrong kind")
    return value


def _score(score: Any) -> bytes:  # noqa: ANN401 - bytes in RESP2, float in RESP3
    return score if isinstance(score, bytes) else repr(score).encode()


def _fits(kind: str, value: Any) -> bool:  # noqa: ANN401 - what JSON gave
    if kind == "string":
        return isinstance(value, bytes)
    if kind not in TYPES or not isinstance(value, list) or not (value or kind == "stream"):
        return False
    if kind in ("list", "set"):
        return all(isinstance(one, bytes) for one in value)
    if not all(isinstance(one, list) and len(one) == 2 and isinstance(one[0], bytes) for one in value):  # noqa: PLR2004
        return False
    if kind == "stream":
        return all(isinstance(one[1], list) and all(isinstance(word, bytes) for word in one[1]) for one in value)
    return all(isinstance(one[1], bytes) for one in value)
