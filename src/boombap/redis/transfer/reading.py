"""Reads keys from a server: many small ones at a time, a large one window by window, so that memory stays bounded."""

from __future__ import annotations

from functools import partial

from boombap.clients.redis.connection import as_mapping
from boombap.clients.redis.errors import ServerError, refusal
from boombap.errors import ExternalError
from boombap.redis.transfer import export_format
from boombap.redis.transfer.export_format import ExportedKey, Group, Pending, StreamFacts
from boombap.redis.transfer.value_digest import ValueDigest, digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, Literal

    from boombap.clients.redis.connection import Connection

    Form = Literal["both", "portable", "dump"]
    Window = Callable[[Connection, bytes], Iterator[Any]]

LARGE_BYTES = 128 << 10
"""A value that takes more memory than this in the server is read, written and saved in windows, never by DUMP."""
_WINDOW_BYTES = 128 << 10
_BATCH_BYTES = 256 << 10
_MOST_ELEMENTS = 2048
_PENDING_ROWS = 500
_GROWTH = 8
# What an element costs here besides its bytes: an object, and its place in a list.
_OVERHEAD_BYTES = 64
# For servers without MEMORY USAGE: a guess that makes a collection of more than 1,024 elements a large one.
_GUESSED_BYTES = 256
_LENGTHS = {"string": "STRLEN", "list": "LLEN", "set": "SCARD", "hash": "HLEN", "zset": "ZCARD", "stream": "XLEN"}


class Torn(ExternalError):
    """A value changed while its windows were read: they do not belong together."""


def fetch(connection: Connection, db: int, keys: Sequence[bytes], form: Form = "both") -> Iterator[ExportedKey]:
    """Yield keys with their values and times to live; those that are gone are left out.

    A large value is not read yet: its `windows` do that, over the same connection, before the next item is asked for.

    Raises:
        ExternalError: when the server refuses a command.
    """
    batch: list[tuple[bytes, str, int | None]] = []
    batch_bytes = 0
    for key, kind, ttl_ms, size in _facts(connection, keys):
        if size > LARGE_BYTES and kind in export_format.TYPES:
            yield ExportedKey(db, key, kind, ttl_ms, None, None, windows=partial(_windows, connection, db, key, kind))
            continue
        if batch and batch_bytes + size > _BATCH_BYTES:
            yield from _small(connection, db, batch, form)
            batch, batch_bytes = [], 0
        batch.append((key, kind, ttl_ms))
        batch_bytes += size
    yield from _small(connection, db, batch, form)


def _facts(connection: Connection, keys: Sequence[bytes]) -> list[tuple[bytes, str, int | None, int]]:
    """Return the type, the time to live and the size of the keys that are there."""
    replies: list[Any] = connection.pipeline(
        [words for key in keys for words in (("TYPE", key), ("PTTL", key), ("MEMORY", "USAGE", key))]
    )
    for at, name in ((0, "TYPE"), (1, "PTTL")):
        for reply in replies[at::3]:
            if isinstance(reply, ServerError):
                raise refusal(reply, connection.target, name)
    there = [
        (key, kind.decode("ascii", "replace"), _life(ttl), size)
        for key, kind, ttl, size in zip(keys, replies[::3], replies[1::3], replies[2::3], strict=True)
        if kind != b"none"
    ]
    unknown = [(key, kind) for key, kind, _, size in there if not isinstance(size, int) and kind in _LENGTHS]
    lengths = connection.pipeline([(_LENGTHS[kind], key) for key, kind in unknown])
    guessed = {
        key: length * (1 if kind == "string" else _GUESSED_BYTES) if isinstance(length, int) else 0
        for (key, kind), length in zip(unknown, lengths, strict=True)
    }
    return [(key, kind, ttl, size if isinstance(size, int) else guessed.get(key, 0)) for key, kind, ttl, size in there]


def _life(ttl: int) -> int | None:
    return max(1, ttl) if ttl >= 0 else None


def _small(
    connection: Connection, db: int, there: Sequence[tuple[bytes, str, int | None]], form: Form
) -> Iterator[ExportedKey]:
    values = _values(connection, [(key, kind) for key, kind, _ in there]) if form != "dump" else {}
    # A type that has no portable form is kept as it is.
    dumped = [key for key, _, _ in there if form != "portable" or key not in values]
    dumps = dict(zip(dumped, connection.pipeline([("DUMP", key) for key in dumped]), strict=True))
    for key, kind, ttl_ms in there:
        item, dump = values.get(key), dumps.get(key)
        if isinstance(dump, ServerError):
            if item is None:
                raise refusal(dump, connection.target, "DUMP")
            dump = None
        elif key in dumps and dump is None:
            continue  # gone since a moment ago
        if item is not None or dump is not None:
            item = item or ExportedKey(db, key, kind, ttl_ms, None, None)
            yield item.replace(db=db, ttl_ms=ttl_ms, dump=dump)


def _values(connection: Connection, keys: Sequence[tuple[bytes, str]]) -> dict[bytes, ExportedKey]:
    """Return the portable values of keys; without those that changed their type, or went, since a moment ago."""
    wanted = [(key, kind) for key, kind in keys if kind in export_format.TYPES]
    replies = connection.pipeline([export_format.read_command(key, kind) for key, kind in wanted])
    found = {}
    for (key, kind), reply in zip(wanted, replies, strict=True):
        if isinstance(reply, ServerError) or reply is None or not (reply or kind in ("string", "stream")):
            continue
        item = ExportedKey(0, key, kind, None, export_format.value_of(kind, reply), None)
        found[key] = _whole_stream(connection, item) if kind == "stream" else item
    hashes = [item for item in found.values() if item.type == "hash"]
    return found | {item.key: item for item in _FieldTtls(connection).added(hashes)}


def _whole_stream(connection: Connection, item: ExportedKey) -> ExportedKey:
    item = _with_stream(connection, item)
    try:
        pending = [row for rows in _pending_of(connection, item) for row in rows]
    except ExternalError:
        if not connection.is_usable:
            raise
        return item.replace(lost=(*item.lost, export_format.PENDING))
    return item.replace(pending=tuple(pending))


class _FieldTtls:
    """Asks which fields of a hash expire, where the server knows that fields can."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_known = True

    def added(self, items: Sequence[ExportedKey]) -> list[ExportedKey]:
        """Return hashes, or windows of one, with the fields that expire."""
        # The first one tells whether it is worth to ask for the others.
        first = [self._with(item, reply) for item, reply in self._asked(items[:1])]
        return first + [self._with(item, reply) for item, reply in self._asked(items[1:])]

    def _asked(self, items: Sequence[ExportedKey]) -> list[tuple[ExportedKey, Any]]:
        if not self._is_known:
            return [(item, None) for item in items]
        commands: list[Any] = []
        for item in items:
            fields = [field for field, _ in item.value]
            commands.append(("HPTTL", item.key, "FIELDS", len(fields), *fields))
        return list(zip(items, self._connection.pipeline(commands), strict=True))

    def _with(self, item: ExportedKey, reply: Any) -> ExportedKey:  # noqa: ANN401 - a reply
        if isinstance(reply, list):
            left = zip((field for field, _ in item.value), reply, strict=False)
            return item.replace(field_ttls=tuple((field, ms) for field, ms in left if ms > 0))
        if isinstance(reply, ServerError) and reply.word == "NOPERM":
            return item.replace(lost=(export_format.FIELD_TTLS,))
        self._is_known = False
        return item


def _with_stream(connection: Connection, item: ExportedKey) -> ExportedKey:
    """Return a stream with what it has besides entries, and a note of what could not be read of it."""
    about: list[Any] = connection.pipeline([("XINFO", "STREAM", item.key), ("XINFO", "GROUPS", item.key)])
    facts, groups = about
    lost = []
    found: list[Group] = []
    if isinstance(groups, list):
        known_groups = [as_mapping(group) for group in groups]
        consumers = connection.pipeline([("XINFO", "CONSUMERS", item.key, group[b"name"]) for group in known_groups])
        found = [_group(group, names) for group, names in zip(known_groups, consumers, strict=True)]
        if any(isinstance(names, ServerError) for names in consumers):
            lost.append(export_format.PENDING)
    else:
        lost.append(export_format.GROUPS)
    if not isinstance(facts, list | dict):
        return item.replace(lost=(*lost, export_format.STREAM_IDS))
    known = as_mapping(facts)
    stream = StreamFacts(
        known[b"last-generated-id"], known.get(b"entries-added"), known.get(b"max-deleted-entry-id"), tuple(found)
    )
    return item.replace(stream=stream, lost=tuple(lost))


def _group(facts: dict[Any, Any], consumers: Any) -> Group:  # noqa: ANN401 - a reply
    names = () if isinstance(consumers, ServerError) else tuple(as_mapping(consumer)[b"name"] for consumer in consumers)
    return Group(facts[b"name"], facts[b"last-delivered-id"], facts.get(b"entries-read"), names)


def _pending_of(connection: Connection, item: ExportedKey) -> Iterator[tuple[Pending, ...]]:
    """Yield what the consumers of a stream have not acknowledged, in windows.

    Raises:
        ExternalError: when the server refuses it.
    """
    for group in item.stream.groups if item.stream else ():
        start = b"-"
        while rows := _asked(connection, "XPENDING", item.key, group.name, start, "+", _PENDING_ROWS):
            yield tuple(Pending(group.name, entry, consumer, idle, times) for entry, consumer, idle, times in rows)
            start = b"(" + rows[-1][0]


def _windows(connection: Connection, db: int, key: bytes, kind: str) -> Iterator[ExportedKey]:
    """Yield a large value window by window; the last one only when nothing has changed since the first was read.

    Raises:
        Torn: when the key changed, or went, meanwhile; what was yielded is worth nothing then.
    """
    digest = None if _watch(connection, key) else ValueDigest(kind)
    try:
        length = _asked(connection, _LENGTHS[kind], key)
        ttl_ms = _life(_asked(connection, "PTTL", key))
        field_ttls = _FieldTtls(connection)
        held: ExportedKey | None = None
        read = 0
        for number, value in enumerate(_WINDOWS[kind](connection, key)):
            if held is not None:
                yield held
            held = ExportedKey(db, key, kind, ttl_ms, value, None, part=number, is_last=False)
            read += len(value)
            if digest is not None:
                digest.add(value)
            if kind == "hash":
                [held] = field_ttls.added([held])
        if held is not None and kind == "stream":
            held = _with_stream(connection, held)
            for rows in _pending_of(connection, held):
                yield held
                held = ExportedKey(
                    db, key, kind, ttl_ms, [], None, pending=rows, part=(held.part or 0) + 1, is_last=False
                )
        # SCAN may give an element twice; lists and strings have neither more nor less than they had.
        is_whole = read == length if kind in ("list", "string") else read >= length
        if held is None or not is_whole or not _is_unchanged(connection, key, kind, digest):
            raise Torn("its value changed while it was read")
        yield held.replace(is_last=True, part=held.part or None)
    finally:
        if connection.is_usable:
            connection.ask("UNWATCH")


def _watch(connection: Connection, key: bytes) -> bool:
    """Watch a key, and tell whether a transaction can show in the end that it has not changed."""
    # Tried before, because EXEC ends the watch; without a right to one of the four a change would not be seen.
    commands = [("MULTI",), ("EXISTS", key), ("EXEC",), ("WATCH", key)]
    return not any(isinstance(reply, ServerError) for reply in connection.pipeline(commands))


def _is_unchanged(connection: Connection, key: bytes, kind: str, digest: ValueDigest | None) -> bool:
    """Tell whether a value is the one that was read; where it is not watched, by the digest of a second reading."""
    if digest is not None:
        return digest_of(kind, _WINDOWS[kind](connection, key)) == digest.value()
    # A transaction is not run when a watched key was changed. One that has expired was not changed, hence EXISTS.
    return bool(connection.pipeline([("MULTI",), ("EXISTS", key), ("EXEC",)])[-1] == [1])


def _asked(connection: Connection, *words: Any) -> Any:  # noqa: ANN401 - a command and its reply
    reply = connection.ask(*words)
    if isinstance(reply, ServerError):
        if reply.word == "WRONGTYPE":
            raise Torn("its type changed while it was read")
        raise refusal(reply, connection.target, words[0])
    return reply


class _WindowSize:
    """How many elements to ask for, so that a window has about as many bytes as it should."""

    def __init__(self) -> None:
        self.count = 1

    def note(self, words: Sequence[Any], elements: int) -> None:
        """Learn from a window that came."""
        if not elements:
            return
        average = max(bytes_of(words) / elements, 1)
        fits = min(int(_WINDOW_BYTES / average), _MOST_ELEMENTS)
        self.count = max(1, min(fits, self.count * _GROWTH))


def bytes_of(words: Sequence[Any]) -> int:
    """Return about how much memory the elements of a value take here."""
    return sum(bytes_of(word) if isinstance(word, list | tuple) else len(word) + _OVERHEAD_BYTES for word in words)


def _string(connection: Connection, key: bytes) -> Iterator[bytes]:
    at = 0
    while piece := _asked(connection, "GETRANGE", key, at, at + _WINDOW_BYTES - 1):
        yield piece
        at += len(piece)


def _list(connection: Connection, key: bytes) -> Iterator[list[bytes]]:
    at, size = 0, _WindowSize()
    while piece := _asked(connection, "LRANGE", key, at, at + size.count - 1):
        yield piece
        at += len(piece)
        size.note(piece, len(piece))


def _stream(connection: Connection, key: bytes) -> Iterator[list[Any]]:
    start, size = b"-", _WindowSize()
    while piece := export_format.value_of("stream", _asked(connection, "XRANGE", key, start, "+", "COUNT", size.count)):
        yield piece
        start = b"(" + piece[-1][0]
        size.note(piece, len(piece))


def _scanned(name: str, words: int, connection: Connection, key: bytes) -> Iterator[list[Any]]:
    cursor, size = b"0", _WindowSize()
    while True:
        cursor, found = _asked(connection, name, key, cursor, "COUNT", size.count)
        size.note(found, len(found) // words)
        elements = found if words == 1 else list(zip(found[::2], found[1::2], strict=True))
        del found  # pairs need not be there twice
        yield from _split(elements)
        if cursor == b"0":
            return


def _split(elements: list[Any]) -> Iterator[list[Any]]:
    """Yield what one step gave in windows: the server may give many more elements than it was asked for."""
    elements.reverse()
    while elements:
        window: list[Any] = []
        left = _WINDOW_BYTES
        while elements and left > 0 and len(window) < _MOST_ELEMENTS:
            element = elements.pop()
            window.append(list(element) if isinstance(element, tuple) else element)
            left -= bytes_of([element])
        yield window


_WINDOWS: dict[str, Window] = {
    "string": _string,
    "list": _list,
    "set": partial(_scanned, "SSCAN", 1),
    "hash": partial(_scanned, "HSCAN", 2),
    "zset": partial(_scanned, "ZSCAN", 2),
    "stream": _stream,
}


def attempts(item: ExportedKey, write: Callable[[Iterator[ExportedKey]], Any]) -> str:
    """Hand the windows of a large value to what writes them, again when they are torn; return why it failed, or "".

    `write` must undo what it wrote when the iterator raises.
    """
    assert item.windows is not None, "chosen for it"
    for _ in range(_ATTEMPTS):
        try:
            write(item.windows())
        except Torn as error:
            reason = str(error)
        else:
            return ""
    return reason


_ATTEMPTS = 3
