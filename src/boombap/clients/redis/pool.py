"""A few connections to one server, shared by threads: bounded, checked when handed out, replaced when broken or old."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

from boombap.clients.redis.connection import Connection, Limits
from boombap.clients.redis.slots import name_of
from boombap.errors import Disconnected, ExternalError, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from boombap.clients.redis.connection import Command, Reply, Word
    from boombap.clients.redis.errors import ServerError
    from boombap.clients.redis.target import Target
    from boombap.interrupt import Interrupt

_IDLE_BEFORE_CHECK_S = 30.0
_STEP_S = 0.05
# Running these twice leaves what running them once does. A command that only reads names what it reads at that time.
IDEMPOTENT = frozenset(
    {
        "ACL", "BITCOUNT", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "DEL", "DUMP", "EXISTS", "EXPIRE", "GET",
        "GETRANGE", "HGET", "HGETALL", "HLEN", "HMGET", "HSCAN", "HSET", "INFO", "KEYS", "LATENCY", "LLEN", "LRANGE",
        "MEMORY", "MGET", "MODULE", "MSET", "OBJECT", "PERSIST", "PEXPIRE", "PEXPIREAT", "PING", "PTTL", "ROLE", "SADD",
        "SCAN", "SCARD", "SENTINEL", "SET", "SETEX", "PSETEX", "SLOWLOG", "SMEMBERS", "SREM", "SSCAN", "STRLEN", "TIME",
        "TTL", "TYPE", "UNLINK", "XINFO", "XLEN", "XRANGE", "ZADD", "ZCARD", "ZRANGE", "ZREM", "ZSCAN", "ZSCORE",
    }
)  # fmt: skip
"""Commands that a replaced connection sends again."""


class Pool:
    """Connections made when first needed and closed with the pool.

    Args:
        target: where to connect.
        size: maximum number of connections.
        wait_s: how long a thread waits for a free one.
        lifetime_s: the age at which a connection is replaced.
        locate: returns the target again for each connection, where it may move; by default it stays `target`.
        clock: monotonic seconds; tests pass their own.
    """

    def __init__(
        self,
        target: Target,
        interrupt: Interrupt,
        *,
        limits: Limits | None = None,
        size: int = 4,
        wait_s: float = 10.0,
        lifetime_s: float = 1800.0,
        locate: Callable[[], Target] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.target = target
        self.size = size
        self._interrupt = interrupt
        self._limits = limits or Limits()
        self._wait_s = wait_s
        self._lifetime_s = lifetime_s
        self._locate = locate
        self._clock = clock
        # The last one given back is taken first, so that no more connections are made than are needed. list.pop and
        # append are atomic, which makes a loan 1 us; a semaphore would cost 4.
        self._slots = [_Slot() for _ in range(size)]
        self._waiting = 0
        self._freed = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for slot in self._slots:
            slot.discard()

    def masters(self) -> list[Pool]:
        """Return this pool as the only one; a Cluster has several."""
        return [self]

    def call(self, *command: Word) -> Reply:
        """Return the reply to one command; a dead connection is replaced once for an idempotent one.

        Raises:
            ExternalError: the branch that fits what the server refused, a time-out, or a broken connection.
            Interrupted: when the run was ended meanwhile.
        """
        slot = self._take()
        try:
            return self._ready(slot).call(*command)
        except Disconnected:
            if not is_idempotent(command[0]):
                raise
            self._interrupt.check()
            return self._ready(slot).call(*command)
        finally:
            self._give_back(slot)

    def ask(self, *command: Word) -> Reply | ServerError:
        """Return the reply to one command, an error of the server as a value; otherwise as `call`."""
        return self.pipeline([command])[0]

    def pipeline(self, commands: Iterable[Command]) -> list[Reply | ServerError]:
        """Return the replies to many commands, errors of the server as values.

        A dead connection is replaced once when all commands are idempotent.

        Raises:
            ExternalError: for a time-out or a broken connection.
            Interrupted: when the run was ended meanwhile.
        """
        listed = list(commands)
        slot = self._take()
        try:
            return self._ready(slot).pipeline(listed)
        except Disconnected:
            if not all(is_idempotent(command[0]) for command in listed):
                raise
            self._interrupt.check()
            return self._ready(slot).pipeline(listed)
        finally:
            self._give_back(slot)

    def scan(self, match: bytes | str = b"*", *, count: int = 1000, kind: str = "") -> Iterator[list[bytes]]:
        """Yield the keys of one database in batches, some of them twice as SCAN does; a batch may be empty."""
        cursor: bytes | int = b"0"
        rest: Command = ("TYPE", kind) if kind else ()
        while True:
            cursor, keys = self.call("SCAN", cursor, "MATCH", match, "COUNT", count, *rest)
            yield keys
            if cursor in (b"0", 0):
                return

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a checked connection to one thread.

        Raises:
            TimedOut: when none becomes free in time.
            ExternalError: when one cannot be made.
        """
        slot = self._take()
        try:
            yield self._ready(slot)
        finally:
            self._give_back(slot)

    def _take(self) -> _Slot:
        try:
            return self._slots.pop()
        except IndexError:
            return self._await_slot()

    def _await_slot(self) -> _Slot:
        deadline_s = time.monotonic() + self._wait_s
        with self._freed:
            # Counted before the last look: a thread that gives back after that look sees that somebody waits.
            self._waiting += 1
            try:
                while True:
                    if self._slots:
                        return self._slots.pop()
                    self._interrupt.check()
                    if time.monotonic() >= deadline_s:
                        raise TimedOut(
                            f"all connections to {self.target.label} stayed busy for {self._wait_s:g} s",
                            hint="raise redis_manager.pool_size",
                        )
                    self._freed.wait(_STEP_S)
            finally:
                self._waiting -= 1

    def _give_back(self, slot: _Slot) -> None:
        connection = slot.connection
        if connection is not None and not connection.is_usable:
            slot.connection = None
        slot.idle_since_s = self._clock()
        self._slots.append(slot)
        if self._waiting:
            with self._freed:
                self._freed.notify()

    def _ready(self, slot: _Slot) -> Connection:
        """Return the slot's connection, a new one when it has none or a bad one."""
        connection = slot.connection
        if connection is not None:
            now_s = self._clock()
            if connection.is_usable and now_s - slot.born_s <= self._lifetime_s:
                if now_s - slot.idle_since_s < _IDLE_BEFORE_CHECK_S or _answers(connection):
                    return connection
                self._interrupt.check()
            slot.discard()
        if self._locate:
            self.target = self._locate()
        slot.connection = Connection(self.target, self._limits, self._interrupt)
        slot.born_s = slot.idle_since_s = self._clock()
        return slot.connection


class _Slot:
    """The place of one connection in the pool."""

    __slots__ = ("born_s", "connection", "idle_since_s")

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.born_s = 0.0
        self.idle_since_s = 0.0

    def discard(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _answers(connection: Connection) -> bool:
    try:
        connection.ask("PING")  # a refusal is an answer
    except ExternalError:
        connection.close()
        return False
    return True


def is_idempotent(command: Word) -> bool:
    """Tell whether a command may be sent again when it is not known whether it was run."""
    return name_of(command) in IDEMPOTENT
