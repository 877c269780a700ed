"""A few connections to one target, shared by threads: bounded, checked when handed out, replaced when broken or old."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager

from boombap.clients.postgres.search_path import SearchPath
from boombap.clients.postgres.session import Limits, Session
from boombap.errors import Disconnected, ExternalError, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from boombap.clients.postgres.session import Parameters, Row
    from boombap.clients.postgres.target import Target
    from boombap.interrupt import Interrupt

    Read = Callable[..., list[Row]]
    """`Session.read`."""

_IDLE_BEFORE_CHECK_S = 30.0


class Pool:
    """Connections made when first needed and closed with the pool.

    Args:
        target: where to connect.
        size: maximum number of connections.
        wait_s: how long a thread waits for a free one.
        lifetime_s: the age at which a connection is replaced.
        clock: monotonic seconds; tests pass their own.
    """

    def __init__(
        self,
        target: Target,
        interrupt: Interrupt,
        *,
        limits: Limits,
        size: int,
        wait_s: float = 10.0,
        lifetime_s: float = 1800.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.target = target
        self.size = size
        self._interrupt = interrupt
        self._limits = limits
        self._path = SearchPath()
        self._wait_s = wait_s
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[tuple[Session, float, float]] = []
        self._open = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for session, _, _ in idle:
            self._discard(session)

    def read(self, sql: str, parameters: Parameters = None) -> list[Row]:
        """Return the rows of one read-only query; a dead connection is replaced once, since reading is idempotent."""
        try:
            with self.session() as session:
                return session.read(sql, parameters)
        except Disconnected:
            self._interrupt.check()
            with self.session() as session:
                return session.read(sql, parameters)

    @contextmanager
    def reading(self) -> Iterator[Read]:
        """Lend `Session.read` of one connection, for queries of one transaction; a dead connection is replaced once."""
        with ExitStack() as stack:

            def begin() -> Session:
                session = stack.enter_context(self.session())
                stack.enter_context(session.reading())
                return session

            session = begin()

            def read(sql: str, parameters: Parameters = None) -> list[Row]:
                nonlocal session
                try:
                    return session.read(sql, parameters)
                except Disconnected:
                    self._interrupt.check()
                    stack.close()
                    session = begin()
                    return session.read(sql, parameters)

            yield read

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a checked connection to one thread.

        Raises:
            TimedOut: when none becomes free in time.
            ExternalError: when the first one cannot be made; later failures only leave the pool smaller.
        """
        session, born_s = self._checkout()
        try:
            yield session
        finally:
            self._give_back(session, born_s)
            self._free.release()

    def _checkout(self) -> tuple[Session, float]:
        while self._free.acquire(timeout=self._wait_s):
            try:
                return self._take()
            except ExternalError:
                if not self._has_others():
                    self._free.release()
                    raise
                # The server accepts no more connections: the permit stays taken, and the pool works with fewer.
        raise TimedOut(
            f"all connections to {self.target.label} stayed busy for {self._wait_s:g} s", hint="raise db.pool_size"
        )

    def _take(self) -> tuple[Session, float]:
        while True:
            with self._lock:
                entry = self._idle.pop() if self._idle else None
            if entry is None:
                return self._connect(), self._clock()
            session, born_s, idle_since_s = entry
            if self._is_good(session, born_s, idle_since_s):
                return session, born_s
            self._discard(session)

    def _connect(self) -> Session:
        session = Session(self.target, self._limits, self._interrupt, path=self._path)
        with self._lock:
            self._open += 1
        return session

    def _discard(self, session: Session) -> None:
        session.close()
        with self._lock:
            self._open -= 1

    def _has_others(self) -> bool:
        with self._lock:
            return self._open > 0

    def _is_good(self, session: Session, born_s: float, idle_since_s: float) -> bool:
        now_s = self._clock()
        if not session.is_usable or now_s - born_s > self._lifetime_s:
            return False
        if now_s - idle_since_s < _IDLE_BEFORE_CHECK_S:
            return True
        try:
            return bool(session.read("SELECT 1 AS alive"))
        except Disconnected:
            return False

    def _give_back(self, session: Session, born_s: float) -> None:
        if not session.is_usable:
            self._discard(session)
            return
        with self._lock:
            self._idle.append((session, born_s, self._clock()))
