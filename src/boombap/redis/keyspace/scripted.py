"""A scan with one script a batch, where the server runs scripts: four times fewer replies, and most of them numbers.

The script only reads. Servers before 7, users without EVAL_RO or without one of its commands, renamed commands, keys
that a user may not read or that another node of a Cluster holds: any error ends it, and from the same cursor on the
scan goes on by single commands, which tell exactly what could not be asked.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from boombap.redis.keyspace import pickles
from boombap.redis.keyspace.scan import Reading, scan_batches
from boombap.redis.keyspace.throttle import ServerTime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any

    from boombap.clients.redis.connection import Connection
    from boombap.redis.keyspace.scan import Batch
    from boombap.redis.keyspace.throttle import AdaptiveBatchSize

# A script holds the server from its beginning to its end.
_LARGEST = 500
_GONE = -1


def batches(
    connection: Connection,
    pattern: bytes,
    batch_size: AdaptiveBatchSize,
    *,
    cursor: int = 0,
    share: float = 1.0,
) -> Iterator[Batch]:
    """Scan from a cursor to the end; every key that is there all the while is given at least once.

    Args:
        share: of the keys that are measured, chosen by their hash; only all of them are measured by the script.
    """
    if share >= 1:
        ended_at = yield from scan_by_script(connection, pattern, batch_size, cursor)
        if ended_at is None:
            return
        cursor = ended_at
    yield from scan_batches(connection, pattern, batch_size, cursor=cursor, share=share)


def scan_by_script(
    connection: Connection, pattern: bytes, batch_size: AdaptiveBatchSize, cursor: int
) -> Generator[Batch, None, int | None]:
    """Scan from a cursor; return the cursor at which the script failed, None at the end."""
    server_time = ServerTime()
    looks: list[tuple[bytes, bytes]] = []
    held: Reading | None = None
    connection.post(_packed(cursor, pattern, batch_size.size))
    while True:
        server_time.start()
        *looked, reply = connection.collect(len(looks) + 1)
        if held is not None:
            held.look(looks, looked)
        if not isinstance(reply, list):
            if held is not None:
                yield held.batch()
            return cursor
        answer = _Answer(reply)
        batch_size.record(server_time.seconds(), len(answer.keys))
        looks = answer.looks()
        cursor = answer.following
        # Sent before this batch is counted, so that the server works meanwhile.
        questions = [pickles.question(key, kind) for key, kind in looks]
        connection.post(b"".join(questions) + (_packed(cursor, pattern, batch_size.size) if cursor else b""))
        if held is not None:
            yield held.batch()
        held = answer.read(connection)
        if not cursor:
            held.look(looks, connection.collect(len(looks)))
            yield held.batch()
            return None


class _Answer:
    """What the script answers.

    Attributes:
        following: the cursor of the next batch.
    """

    def __init__(self, reply: list[Any]) -> None:
        self.following = int(reply[0])
        self.keys, self._sizes, self._kinds, self._ttls, self._doubtful, self._large = reply[1:]

    def looks(self) -> list[tuple[bytes, bytes]]:
        """Return the larger collections that are to be looked into, with their types."""
        if not self._large:
            return []
        sizes = dict(zip(self.keys, self._sizes, strict=True))
        pairs = zip(self._large[::2], self._large[1::2], strict=True)
        return [(key, kind) for key, kind in pairs if pickles.is_looked_at(key, kind, sizes[key])]

    def read(self, connection: Connection) -> Reading:
        """Return everything but what larger collections hold."""
        reading = Reading(connection, self.following, len(self.keys))
        measured = [*zip(self.keys, self._sizes, self._kinds, self._ttls, strict=True)]
        if _GONE in self._sizes:
            measured = [key for key in measured if key[1] != _GONE]
        reading.take(measured)
        verdicts: dict[bytes, set[pickles.Verdict]] = {}
        for key, start, end in zip(*(self._doubtful[part::3] for part in range(3)), strict=True):
            verdicts.setdefault(key, set()).add(pickles.judge(start, end))
        for key, found in verdicts.items():
            reading.judged(key, found)
        return reading


@cache
def _script() -> bytes:
    return Path(__file__).with_name("batch.lua").read_bytes()


def _packed(cursor: int, pattern: bytes, count: int) -> bytes:
    # The whole script each time: 2 KB a batch, and a server that has forgotten it does not matter.
    words = (
        b"EVAL_RO", _script(), b"0", b"%d" % cursor, pattern, b"%d" % min(count, _LARGEST),
        b"%d" % pickles.HEAD_BYTES, b"%d" % pickles.SMALL_BYTES,
    )  # fmt: skip
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
