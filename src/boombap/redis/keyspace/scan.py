"""One walk over the keys of one shard: SCAN, and what a batch's keys are, in one write with the next SCAN.

Of 1M keys `redis-cli --memkeys` needs 12-27 s, because it waits for each answer. A key may be gone before it is looked
at, and SCAN may give one twice; both are said in the reference and neither is an error.
"""

from __future__ import annotations

import time
from zlib import crc32

from boombap.clients.redis.errors import ServerError, refusal
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from boombap.clients.redis.connection import Connection
    from boombap.redis.keyspace.throttle import AdaptiveBatchSize

# Opcode PROTO and a protocol from 2 on; source: CPython's Lib/pickletools.py. Protocols 0 and 1 have no mark.
PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
"""How string values that are Python pickles begin."""
_WHOLE = 1 << 16
# The four commands of a key as they go over the wire; formatting them at once takes a third of packing each.
_ASK = (
    b"*3\r\n$6\r\nMEMORY\r\n$5\r\nUSAGE\r\n$%d\r\n%b\r\n"
    b"*2\r\n$4\r\nTYPE\r\n$%d\r\n%b\r\n*2\r\n$4\r\nPTTL\r\n$%d\r\n%b\r\n"
)
_ASKED = 3
_LOOK = b"*4\r\n$8\r\nGETRANGE\r\n$%d\r\n%b\r\n$1\r\n0\r\n$1\r\n1\r\n"
_SCAN = b"*6\r\n$4\r\nSCAN\r\n$%d\r\n%b\r\n$5\r\nMATCH\r\n$%d\r\n%b\r\n$5\r\nCOUNT\r\n$%d\r\n%b\r\n"
_GONE = -2


class Batch(Record):
    """Some keys and what they are.

    Attributes:
        cursor: where the walk goes on after this batch; 0 at its end.
        scanned: the keys that SCAN gave, measured or not.
        measured: key, bytes, type, TTL in milliseconds (-1: none) of each key that was looked at and still there.
        pickles: those of its keys whose values are pickles; they are known one batch later than the rest.
    """

    cursor: int
    scanned: int
    measured: list[tuple[bytes, int, bytes, int]]
    pickles: list[bytes]


def scan_batches(
    connection: Connection,
    pattern: bytes,
    batch_size: AdaptiveBatchSize,
    *,
    cursor: int = 0,
    share: float = 1.0,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Batch]:
    """Walk from a cursor to the end; every key that is there all the while is given at least once.

    Args:
        share: of the keys that are measured, chosen by their hash.
    """
    most = int(share * _WHOLE)

    def ask(scanned: list[bytes], strings: list[bytes], following: int) -> _Asked:
        keys = scanned if most >= _WHOLE else [key for key in scanned if crc32(key) & 0xFFFF < most]
        request = [_ASK % (size := len(key), key, size, key, size, key) for key in keys]
        request += [_LOOK % (len(key), key) for key in strings]
        if following:
            request.append(_scan(following, pattern, batch_size.size))
        connection.post(b"".join(request))
        return _Asked(keys, strings, following, len(scanned))

    connection.post(_scan(cursor, pattern, batch_size.size))
    following, keys = _scan_reply(connection, connection.collect(1)[0])
    asked = ask(keys, [], following)
    held: Batch | None = None
    while True:
        begun_s = clock()
        replies = connection.collect(asked.count)
        batch_size.record(clock() - begun_s, len(asked.keys))
        answered = asked
        strings = [
            key
            for key, kind in zip(answered.keys, replies[1 : answered.end : _ASKED], strict=True)
            if kind == b"string"
        ]
        if answered.following:
            # Sent before this batch is counted, so that the server works meanwhile.
            following, keys = _scan_reply(connection, replies[-1])
            asked = ask(keys, strings, following)
        if held is not None:
            heads = zip(answered.strings, replies[answered.end :], strict=False)
            yield held.replace(pickles=[key for key, head in heads if head in PICKLES])
        # A walk that stops after this batch goes on with the keys that the next one would have had.
        held = Batch(
            answered.following,
            answered.scanned,
            list(_measured(connection, answered.keys, replies[: answered.end])),
            [],
        )
        if not answered.following:
            yield held.replace(pickles=_last_pickles(connection, strings))
            return


class _Asked:
    """What was asked of the server at one time."""

    __slots__ = ("count", "end", "following", "keys", "scanned", "strings")

    def __init__(self, keys: list[bytes], strings: list[bytes], following: int, scanned: int) -> None:
        self.keys = keys
        self.strings = strings
        self.following = following
        self.scanned = scanned
        self.end = _ASKED * len(keys)
        self.count = self.end + len(strings) + (following != 0)


def _measured(
    connection: Connection, keys: list[bytes], replies: list[object]
) -> Iterator[tuple[bytes, int, bytes, int]]:
    sizes, kinds, ttls = (replies[at : _ASKED * len(keys) : _ASKED] for at in range(_ASKED))
    for key, size, kind, ttl in zip(keys, sizes, kinds, ttls, strict=True):
        if isinstance(size, ServerError):
            raise refusal(size, connection.target, "MEMORY")
        if isinstance(kind, bytes) and isinstance(ttl, int) and size is not None and ttl != _GONE:
            yield key, size, kind, ttl  # type: ignore[misc]


def _last_pickles(connection: Connection, strings: list[bytes]) -> list[bytes]:
    connection.post(b"".join(_LOOK % (len(key), key) for key in strings))
    return [key for key, head in zip(strings, connection.collect(len(strings)), strict=True) if head in PICKLES]


def _scan(cursor: int, pattern: bytes, count: int) -> bytes:
    at, number = b"%d" % cursor, b"%d" % count
    return _SCAN % (len(at), at, len(pattern), pattern, len(number), number)


def _scan_reply(connection: Connection, reply: object) -> tuple[int, list[bytes]]:
    if isinstance(reply, ServerError):
        raise refusal(reply, connection.target, "SCAN")
    scanned: Any = reply
    return int(scanned[0]), scanned[1]
