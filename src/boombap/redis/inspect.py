"""A value made readable: JSON is decoded, everything else is named. Pickles are never loaded: loading one runs code."""

from __future__ import annotations

import json
from itertools import islice

from boombap.clients.redis.connection import as_mapping
from boombap.clients.redis.errors import ServerError, refusal
from boombap.errors import NotFound
from boombap.redis.json_text import plain
from boombap.redis.keyspace import pickles
from boombap.redis.keyspace.scan import reason_of
from boombap.redis.model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boombap.clients.redis.deployment import Deployment

SHOWN = 100
"""The elements of a collection that are shown."""
_MOST_BYTES = 1024**2
_HEAD_BYTES = 64
_GONE = -2
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
        raise _absent()
    is_known = kind in _READS
    questions: dict[str, tuple[str | bytes | int, ...]] = {
        "PTTL": ("PTTL", key),
        "MEMORY USAGE": ("MEMORY", "USAGE", key),
        "OBJECT ENCODING": ("OBJECT", "ENCODING", key),
    }
    if is_known:
        questions[_LENGTHS[kind]] = (_LENGTHS[kind], key)
    *replies, read = deployment.pipeline([*questions.values(), _reading(kind, key)])
    if isinstance(read, ServerError):
        raise refusal(read, deployment.target, _reading(kind, key)[0])
    answers, denied = _answered(dict(zip(questions, replies, strict=True)))
    if answers["PTTL"] == _GONE:
        raise _absent()
    length = answers[_LENGTHS[kind]] if is_known else 0
    named, shown, note = _string(read, length) if kind == "string" else (kind, _elements(kind, read), "")
    if kind != "string" and is_known:
        note = _part_note(shown, length)
    ttl, encoding = answers["PTTL"], answers["OBJECT ENCODING"]
    return Value(
        key=key,
        type=kind,
        kind=named,
        length=length,
        size_bytes=answers["MEMORY USAGE"],
        ttl_ms=None if ttl is None or ttl < 0 else ttl,
        encoding=None if encoding is None else encoding.decode("ascii", "replace"),
        shown=shown,
        note=note or ("" if is_known else "a type of a module, which is not decoded"),
        has_ttl=None if ttl is None else ttl >= 0,
        denied=denied,
    )


def _absent() -> NotFound:
    return NotFound("no such key", hint="keys are matched byte by byte; see `boombap redis keys`")


def _answered(replies: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the replies with None for what was refused, and by command why it was."""
    denied = {
        command: reason_of(reply) or "not allowed to this user for this key"
        for command, reply in replies.items()
        if isinstance(reply, ServerError)
    }
    return {command: None if command in denied else reply for command, reply in replies.items()}, denied


def _part_note(shown: object, length: int | None) -> str:
    """Return how much of a collection is shown, where that is not all, or may not be all."""
    if length is not None:
        return f"the first {SHOWN} of {length:,} elements" if length > SHOWN else ""
    return f"the first {SHOWN} elements, there may be more" if isinstance(shown, list) and len(shown) >= SHOWN else ""


def _reading(kind: str, key: bytes) -> tuple[str | bytes | int, ...]:
    name, *rest = _READS.get(kind, ("EXISTS",))
    return (name, key, *rest)


def _string(raw: bytes, length: int | None) -> tuple[str, object, str]:
    """Return what a string is, what is shown of it, and what was not done."""
    is_cut = len(raw) >= _MOST_BYTES if length is None else length > len(raw)
    if pickles.judge(raw, raw) or (is_cut and pickles.may_begin(raw)):
        protocol = raw[1] if raw[:1] == b"\x80" else "0 or 1"
        note = f"a Python pickle, protocol {protocol}; never loaded, it may run code"
        return "pickle", raw[:_HEAD_BYTES].hex(" "), note
    if raw.startswith(_ZSTD):
        return "zstd", raw[:_HEAD_BYTES].hex(" "), "compressed with Zstandard, for which there is no decoder here"
    if raw.startswith(_GZIP):
        return "gzip", raw[:_HEAD_BYTES].hex(" "), "compressed with gzip, not decoded"
    of = "" if length is None else f" of {length:,}"
    note = f"the first {_MOST_BYTES:,}{of} bytes" if is_cut else ""
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
