"""Keys in a form that every version reads: by type, as JSON Lines, base64 where bytes are not UTF-8.

A DUMP is exact and fast, but 7.0's does not restore on 6.2 ("payload version or checksum are wrong"). The portable form
of a stream has its entries; consumer groups are only in the DUMP form. One line a key::

    {"db": 0, "key": "artist:1", "type": "string", "ttl_ms": 3600000, "value": "…", "dump": {"base64": "…"}}
"""

from __future__ import annotations

import base64
import binascii
import json

from boombap.clients.redis.connection import as_mapping
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from boombap.clients.redis.connection import Command

SCHEMA = "boombap.redis.backup/1"


class ExportedKey(Record):
    """One key with everything that brings it back.

    Attributes:
        ttl_ms: what was left of its life; None without a TTL.
        value: by type, as `_READS` and `_WRITES` say; None when only the dump is there.
        dump: what DUMP gave; None when it was not asked for.
    """

    db: int
    key: bytes
    type: str
    ttl_ms: int | None
    value: Any
    dump: bytes | None


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


def write_commands(item: ExportedKey) -> list[Command]:
    """Return the commands that recreate a key from its portable value; the key must not be there.

    The time to live comes with the first command or directly after it.
    """
    commands = [*_value_commands(item.key, item.type, item.value)]
    if item.ttl_ms is not None:
        commands.append(("PEXPIRE", item.key, item.ttl_ms))
    return commands


_AT_ONCE = 1000
# Redis keeps times of expiry as signed 64-bit milliseconds since 1970.
_LONGEST_MS = 2**62


def _value_commands(key: bytes, kind: str, value: Any) -> Iterable[Command]:  # noqa: ANN401 - by kind
    if kind == "string":
        yield ("SET", key, value)
        return
    if kind == "stream":
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


def to_line(item: ExportedKey) -> str:
    """Return an item as one line of JSON."""
    line: dict[str, object] = {
        "db": item.db,
        "key": plain(item.key),
        "type": item.type,
        "ttl_ms": item.ttl_ms,
    }
    if item.value is not None:
        line["value"] = plain(item.value)
    if item.dump is not None:
        line["dump"] = _base64(item.dump)
    return json.dumps(line, ensure_ascii=False)


def from_line(line: str) -> ExportedKey:
    """Return the item of a line.

    Raises:
        ValueError: when the line is none of ours.
    """
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for every broken line
    try:
        key, kind, ttl_ms = raw(found["key"]), found["type"], found["ttl_ms"]
        value, dump = raw(found.get("value")), raw(found.get("dump"))
        db = int(found.get("db", 0))
    except (KeyError, TypeError, binascii.Error) as error:
        raise ValueError(f"no item: {error}") from None
    if not isinstance(key, bytes) or not isinstance(kind, str) or not isinstance(ttl_ms, int | None):
        raise ValueError("key, type or ttl_ms is of the wrong kind")  # noqa: TRY004 - as above
    if ttl_ms is not None and (isinstance(ttl_ms, bool) or not 1 <= ttl_ms <= _LONGEST_MS):
        raise ValueError(f"ttl_ms is {ttl_ms}, which would delete the key or is refused")
    if not isinstance(dump, bytes | None) or (value is not None and not _fits(kind, value)):
        raise ValueError(f"the value does not fit the type {kind}")
    if value is None and dump is None:
        raise ValueError("neither value nor dump")
    return ExportedKey(db, key, kind, ttl_ms, value, dump)


def plain(value: Any) -> Any:  # noqa: ANN401 - any shape of values
    r"""Return bytes as text where they are UTF-8, else as an object with base64; lists likewise, element by element.

    >>> plain([b"a", b"\xff"])
    ['a', {'base64': '/w=='}]
    """
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return _base64(value)
    return [plain(one) for one in value] if isinstance(value, list) else value


def raw(value: Any) -> Any:  # noqa: ANN401 - what JSON gave
    """Return what `plain` was given.

    Raises:
        binascii.Error: for base64 that is none.
    """
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        return base64.b64decode(value["base64"], validate=True)
    return [raw(one) for one in value] if isinstance(value, list) else value


def _base64(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode("ascii")}


def _score(score: Any) -> bytes:  # noqa: ANN401 - bytes in RESP2, float in RESP3
    return score if isinstance(score, bytes) else repr(score).encode()


def _fits(kind: str, value: Any) -> bool:  # noqa: ANN401 - what JSON gave
    if kind == "string":
        return isinstance(value, bytes)
    if kind not in TYPES or not isinstance(value, list) or not value:
        return False
    if kind in ("list", "set"):
        return all(isinstance(one, bytes) for one in value)
    if not all(isinstance(one, list) and len(one) == 2 and isinstance(one[0], bytes) for one in value):  # noqa: PLR2004
        return False
    if kind == "stream":
        return all(isinstance(one[1], list) and all(isinstance(word, bytes) for word in one[1]) for one in value)
    return all(isinstance(one[1], bytes) for one in value)
