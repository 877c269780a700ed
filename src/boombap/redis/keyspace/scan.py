"""One scan of one shard by single commands: SCAN, and what a batch's keys are, in one write with the next SCAN.

Of 1M keys `redis-cli --memkeys` needs 12-27 s, because it waits for each answer. A key may be gone before it is looked
at, and SCAN may give one twice; both are said in the reference and neither is an error. What the user may not ask, or
the server does not know, is said for each command; a key of which another node of a Cluster answers is passed over.
"""

from __future__ import annotations

from types import MappingProxyType
from zlib import crc32

from boombap.clients.redis.errors import ServerError, refusal
from boombap.record import Record
from boombap.redis.keyspace import pickles
from boombap.redis.keyspace.throttle import ServerTime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from boombap.clients.redis.connection import Connection
    from boombap.redis.keyspace.throttle import AdaptiveBatchSize

    Measured = tuple[bytes, int | None, bytes, int | None]

_WHOLE = 1 << 16
# The commands of a key as they go over the wire; formatting them at once takes a third of packing each.
_QUESTIONS = (
    b"*3\r\n$6\r\nMEMORY\r\n$5\r\nUSAGE\r\n$%d\r\n%b\r\n"
    b"*2\r\n$4\r\nTYPE\r\n$%d\r\n%b\r\n*2\r\n$4\r\nPTTL\r\n$%d\r\n%b\r\n"
)
_COMMANDS = ("MEMORY USAGE", "TYPE", "PTTL")
_ASKED = len(_COMMANDS)
_SCAN = b"*6\r\n$4\r\nSCAN\r\n$%d\r\n%b\r\n$5\r\nMATCH\r\n$%d\r\n%b\r\n$5\r\nCOUNT\r\n$%d\r\n%b\r\n"
_GONE = -2
ELSEWHERE = frozenset({"MOVED", "ASK", "TRYAGAIN"})
"""What a node of a Cluster says of a key that is on another one, or on its way there."""


class Batch(Record):
    """Some keys and what they are.

    Attributes:
        cursor: where the scan goes on after this batch; 0 at its end.
        scanned: the keys that SCAN gave, measured or not.
        measured: key, bytes, type, TTL in milliseconds (-1: none) of each key that was looked at and still there;
            None, and an empty type, for what could not be asked.
        pickles: those of its keys whose values are pickles, or hold one; known one batch later than the rest.
        suspects: those whose values begin like a pickle and do not end like one.
        elsewhere: keys that another node of the Cluster answers for.
        unreadable: keys that this user may not read.
        denied: by command, why the server did not answer it.
    """

    cursor: int
    scanned: int
    measured: list[Measured]
    pickles: Sequence[bytes] = ()
    suspects: Sequence[bytes] = ()
    elsewhere: Sequence[bytes] = ()
    unreadable: int = 0
    denied: Mapping[str, str] = MappingProxyType({})


def scan_batches(
    connection: Connection,
    pattern: bytes,
    batch_size: AdaptiveBatchSize,
    *,
    cursor: int = 0,
    share: float = 1.0,
) -> Iterator[Batch]:
    """Scan from a cursor to the end, by single commands; every key that is there all the while is given at least once.

    Args:
        share: of the keys that are measured, chosen by their hash.
    """
    limit = int(share * _WHOLE)
    server_time = ServerTime()

    def ask(scanned: list[bytes], looks: list[tuple[bytes, bytes]], following: int) -> _Asked:
        keys = scanned if limit >= _WHOLE else [key for key in scanned if crc32(key) & 0xFFFF < limit]
        request = [_QUESTIONS % (size := len(key), key, size, key, size, key) for key in keys]
        request += [pickles.question(key, kind) for key, kind in looks]
        if following:
            request.append(_scan(following, pattern, batch_size.size))
        connection.post(b"".join(request))
        return _Asked(keys, looks, following, len(scanned))

    connection.post(_scan(cursor, pattern, batch_size.size))
    following, keys = _scan_reply(connection, connection.collect(1)[0])
    asked = ask(keys, [], following)
    held: Reading | None = None
    while True:
        server_time.start()
        replies = connection.collect(asked.count)
        batch_size.record(server_time.seconds(), len(asked.keys))
        answered = asked
        reading = Reading(connection, answered.following, answered.scanned)
        if held is not None:
            # Nothing else is on its way now, so that a second look gets its answer.
            held.look(answered.looks, replies[answered.end :])
        looks = [*_looks(answered.keys, replies[: answered.end])]
        if answered.following:
            # Sent before this batch is counted, so that the server works meanwhile.
            following, keys = _scan_reply(connection, replies[-1])
            asked = ask(keys, looks, following)
        if held is not None:
            yield held.batch()
        # A scan that stops after this batch goes on with the keys that the next one would have had.
        held = reading
        held.measure(answered.keys, replies[: answered.end])
        if not answered.following:
            connection.post(b"".join(pickles.question(key, kind) for key, kind in looks))
            held.look(looks, connection.collect(len(looks)))
            yield held.batch()
            return


class _Asked:
    """What was asked of the server at one time."""

    __slots__ = ("count", "end", "following", "keys", "looks", "scanned")

    def __init__(self, keys: list[bytes], looks: list[tuple[bytes, bytes]], following: int, scanned: int) -> None:
        self.keys = keys
        self.looks = looks
        self.following = following
        self.scanned = scanned
        self.end = _ASKED * len(keys)
        self.count = self.end + len(looks) + (following != 0)


class Reading:
    """What the replies to one batch say.

    Args:
        following: the cursor after this batch.
        scanned: the keys that SCAN gave.
    """

    def __init__(self, connection: Connection, following: int, scanned: int) -> None:
        self._connection = connection
        self._following = following
        self._scanned = scanned
        self._measured: list[Measured] = []
        self._pickles: list[bytes] = []
        self._suspects: list[bytes] = []
        self._elsewhere: list[bytes] = []
        self._unreadable = 0
        self._denied: dict[str, str] = {}

    def batch(self) -> Batch:
        """Return everything that was read."""
        return Batch(
            self._following, self._scanned, self._measured, self._pickles, self._suspects,
            self._elsewhere, self._unreadable, self._denied,
        )  # fmt: skip

    def take(self, measured: list[Measured]) -> None:
        """Take in keys that are measured."""
        self._measured = measured

    def measure(self, keys: Sequence[bytes], replies: Sequence[object]) -> None:
        """Take in sizes, types and TTLs, one after the other."""
        sizes, kinds, ttls = (replies[start::_ASKED] for start in range(_ASKED))
        for key, size, kind, ttl in zip(keys, sizes, kinds, ttls, strict=True):
            if type(size) is int and type(ttl) is int and type(kind) is bytes:
                if ttl != _GONE:
                    self._measured.append((key, size, kind, ttl))
            else:
                self._measure_in_part(key, (size, kind, ttl))

    def look(self, looks: Sequence[tuple[bytes, bytes]], replies: Sequence[object]) -> None:
        """Take in the first bytes of strings and some elements of collections."""
        doubtful: list[tuple[bytes, bytes]] = []
        for (key, kind), reply in zip(looks, replies, strict=False):
            if isinstance(reply, ServerError):
                self._refused(pickles.COMMANDS[kind], reply)
            elif kind != b"string":
                self.judged(key, {pickles.judge(element, element) for element in pickles.elements(reply)})
            elif isinstance(reply, bytes) and pickles.may_begin(reply):
                doubtful.append((key, reply))
        if doubtful:
            ends = self._connection.pipeline([("GETRANGE", key, -1, -1) for key, _ in doubtful])
            for (key, start), end in zip(doubtful, ends, strict=True):
                self.judged(key, {pickles.judge(start, end if isinstance(end, bytes) else b"")})

    def judged(self, key: bytes, verdicts: set[pickles.Verdict]) -> None:
        """Take in what a value, or each of some elements of it, looks like."""
        if "pickle" in verdicts:
            self._pickles.append(key)
        elif "suspect" in verdicts:
            self._suspects.append(key)

    def _measure_in_part(self, key: bytes, replies: tuple[object, object, object]) -> None:
        errors = [reply for reply in replies if isinstance(reply, ServerError)]
        if any(error.word in ELSEWHERE for error in errors):
            self._elsewhere.append(key)
            return
        if any(is_about_the_key(error) for error in errors):
            self._unreadable += 1
            return
        for command, reply in zip(_COMMANDS, replies, strict=True):
            if isinstance(reply, ServerError):
                self._refused(command, reply)
        size, kind, ttl = (None if isinstance(reply, ServerError) else reply for reply in replies)
        is_gone = ttl == _GONE or kind == b"none" or (size is None and not isinstance(replies[0], ServerError))
        if not is_gone:
            self._measured.append((key, size, kind or b"", ttl))  # type: ignore[arg-type]

    def _refused(self, command: str, error: ServerError) -> None:
        if error.word in ELSEWHERE or error.word == "WRONGTYPE" or is_about_the_key(error):
            return  # said by the questions about the key itself, or the key has changed since
        reason = reason_of(error)
        if reason is None:
            raise refusal(error, self._connection.target, command.partition(" ")[0])
        self._denied[command] = reason


def is_about_the_key(error: ServerError) -> bool:
    """Tell whether a user may give a command, but not for this key."""
    return error.word == "NOPERM" and "access" in error.text


def reason_of(error: ServerError) -> str | None:
    """Return why a command is never answered; None for an error that is another time's or another key's."""
    if error.word == "NOPERM":
        return "not allowed to this user"
    if "unknown command" in error.text.lower() or "unknown subcommand" in error.text.lower():
        return "renamed or not known to this server"
    return None


def _looks(keys: Sequence[bytes], replies: Sequence[object]) -> Iterator[tuple[bytes, bytes]]:
    for key, size, kind in zip(keys, replies[::_ASKED], replies[1::_ASKED], strict=True):
        if isinstance(kind, bytes) and pickles.is_looked_at(key, kind, size):
            yield key, kind


def _scan(cursor: int, pattern: bytes, count: int) -> bytes:
    start, number = b"%d" % cursor, b"%d" % count
    return _SCAN % (len(start), start, len(pattern), pattern, len(number), number)


def _scan_reply(connection: Connection, reply: object) -> tuple[int, list[bytes]]:
    if isinstance(reply, ServerError):
        raise refusal(reply, connection.target, "SCAN")
    scanned: Any = reply
    return int(scanned[0]), scanned[1]
