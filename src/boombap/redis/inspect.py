"""A value made readable: JSON is decoded, everything else is named. Pickles are never loaded: loading one runs code."""

from __future__ import annotations

import json
from itertools import islice

from boombap.clients.redis.connection import as_mapping
from boombap.clients.redis.errors import ServerError, refusal
from boombap.errors import NotFound
from boombap.redis.json_text import plain
from boombap.redis.keyspace import pickles
from boombap.redis.model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boombap.clients.redis.deployment import Deployment

SHOWN = 100
"""The elements of a collection that are shown."""
_MOST_BYTES = 1024**2
_HEAD_BYTES = 64
# Source: RFC 8878, section 3.1.1; RFC 1952, section 2.3.1.
_ZSTD, _GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"
_LENGTHS = {"string": "STRLEN", "list": "LLEN", "set": "SCARD", "hash": "HLEN", "zset": "ZCARD", "stream": "XLEN"}
_READS: dict[str, tuple[str | int, ...]] = {
    "string": ("GETRANGE", 0, _MOST_BYTES - 1),
    "list": ("LRANGE", 0, SHOWN - 1),
    "set": ("SSCAN", 0, "COUNT", SHOWN),
    "hash": ("HSCAN", 0, "COUNT", SHOWN),
    "zset": ("ZRANGE", 0, SHOWN - 1, "WITHSCORES"),
    "stream": ("XRANGE", "-", "+", "COUNT", SHOWN),
}


def inspect_key(deployment: Deployment, key: bytes) -> Value:
    """Return a key with its value made readable.

    Raises:
        NotFound: when there is no such key.
        ExternalError: when the server refuses a command.
    """
    kind = deployment.call("TYPE", key).decode("ascii", "replace")
    if kind == "none":
        raise NotFound("no such key", hint="keys are matched byte by byte; see `boombap redis keys`")
    ttl, size, encoding, length, read = deployment.pipeline(
        [
            ("PTTL", key),
            ("MEMORY", "USAGE", key),
            ("OBJECT", "ENCODING", key),
            (_LENGTHS.get(kind, "EXISTS"), key),
            _reading(kind, key),
        ]
    )
    if isinstance(read, ServerError):
        raise refusal(read, deployment.target, "GET")
    known = kind in _READS
    named, shown, note = _string(read, length) if kind == "string" else (kind, _elements(kind, read), "")
    if known and kind != "string" and isinstance(length, int) and length > SHOWN:
        note = f"the first {SHOWN} of {length:,} elements"
    return Value(
        key=key,
        type=kind,
        kind=named,
        length=length if isinstance(length, int) and known else 0,
        size_bytes=size if isinstance(size, int) else 0,
        ttl_ms=ttl if isinstance(ttl, int) and ttl >= 0 else None,
        encoding=encoding.decode("ascii", "replace") if isinstance(encoding, bytes) else "",
        shown=shown,
        note=note or ("" if known else "a type of a module, which is not decoded"),
    )


def _reading(kind: str, key: bytes) -> tuple[str | bytes | int, ...]:
    name, *rest = _READS.get(kind, ("EXISTS",))
    return (name, key, *rest)


def _string(raw: bytes, length: Any) -> tuple[str, object, str]:  # noqa: ANN401 - a reply
    """Return what a string is, what is shown of it, and what was not done."""
    if pickles.judge(raw, raw) or (length > len(raw) and pickles.may_begin(raw)):
        protocol = raw[1] if raw[:1] == b"\x80" else "0 or 1"
        note = f"a Python pickle, protocol {protocol}; never loaded, it may run code"
        return "pickle", raw[:_HEAD_BYTES].hex(" "), note
    if raw.startswith(_ZSTD):
        return "zstd", raw[:_HEAD_BYTES].hex(" "), "compressed with Zstandard, for which there is no decoder here"
    if raw.startswith(_GZIP):
        return "gzip", raw[:_HEAD_BYTES].hex(" "), "compressed with gzip, not decoded"
    note = f"the first {_MOST_BYTES:,} of {length:,} bytes" if length > len(raw) else ""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        if not note:
            return "binary", raw[:_HEAD_BYTES].hex(" "), "not UTF-8; the first bytes are shown"
        text = raw.decode("utf-8", "replace")
    if not note and text.lstrip()[:1] in ("{", "["):
        try:
            return "json", json.loads(text), ""
        except (ValueError, RecursionError):
            return "text", text, "looks like JSON, but is none"
    return "text", text, note


def _elements(kind: str, read: Any) -> object:  # noqa: ANN401 - by kind
    if kind == "set":
        return plain(read[1][:SHOWN])
    if kind == "hash":
        return [plain(list(pair)) for pair in islice(as_mapping(read[1]).items(), SHOWN)]
    if kind == "zset":
        pairs = read if not read or isinstance(read[0], list) else list(zip(read[::2], read[1::2], strict=True))
        return [[plain(member), float(score)] for member, score in pairs]
    if kind in ("list", "stream"):
        return plain(read)
    return None
