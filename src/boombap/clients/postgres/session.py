"""One connection: transactions with limits that the server enforces, and a way to end them from outside."""

from __future__ import annotations

import io
import os
import re
import threading
from contextlib import contextmanager

from boombap.clients.postgres import charset
from boombap.clients.postgres.driver import psycopg2
from boombap.clients.postgres.errors import connecting, running
from boombap.clients.postgres.search_path import LOCATE, OWN, PINNED, SearchPath
from boombap.errors import ExternalError, QueryFailed
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from boombap.clients.postgres.target import Target
    from boombap.interrupt import Interrupt

    Row = dict[str, Any]
    Parameters = Mapping[str, object] | Sequence[object] | None

OLDEST_VERSION = 120000
# MULE_INTERNAL has no way to UTF-8, and a setting of the role that is reported at the start may have none.
_UNREADABLE_GREETING = re.compile("conversion between|invalid byte sequence|can't decode byte")
# SET LOCAL in the transaction, because PgBouncer refuses the limits as start-up parameters. A light client works with a
# few sessions, each on one core: parallel workers make the answer erratic (69-132 ms for what takes 78 ms without them)
# and take cores from other clients of the server; JIT costs up to 960 ms for a query (PostgreSQL 15) and gains nothing.
_LIMITS = (
    "SET LOCAL statement_timeout = {:d}; SET LOCAL lock_timeout = {:d}; "
    "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off; SET LOCAL work_mem = '32MB'; " + PINNED
)
# As pg_dump does: a table with a policy refuses the query, and does not give some rows as if they were all.
_WHOLE = "SET LOCAL row_security = off; "


class Limits(Record):
    """How long the server may take.

    Attributes:
        connect_s: for one connection attempt; libpq counts whole seconds and waits at least 2.
        statement_ms: for one statement.
        lock_ms: for one lock.
    """

    connect_s: float = 5.0
    statement_ms: int = 5000
    lock_ms: int = 50


class Session:
    """A connection of our own to one target; use it from one thread at a time.

    The search path is pinned, so SQL names its tables as `search_path` says.

    Args:
        path: what sessions of one pool have learned of the schemas.

    Attributes:
        target: what it is connected to.
        version_num: the server's version as PostgreSQL counts, for example 180006.
    """

    def __init__(self, target: Target, limits: Limits, interrupt: Interrupt, *, path: SearchPath | None = None) -> None:
        self.target = target
        self._path = path or SearchPath()
        self._interrupt = interrupt
        self._connection = _connect(target, limits, interrupt)
        self._charset = charset.of(self._connection) if charset.is_raw(self._connection) else ""
        self.version_num = self._connection.server_version
        self._limits = _LIMITS.format(limits.statement_ms, limits.lock_ms)
        self._is_reading = False
        self._timeout = f"SET LOCAL statement_timeout = {limits.statement_ms:d}; "
        _refuse_old(self)

    @property
    def is_usable(self) -> bool:
        """Tell whether the connection is open and has no open transaction."""
        if self._connection.closed:
            return False
        idle = psycopg2.extensions.TRANSACTION_STATUS_IDLE
        return self._connection.info.transaction_status == idle

    @property
    def backend_pid(self) -> int:
        """Return the backend's process id as sent at connect; a pooler's is not that of the serving backend."""
        pid: int = self._connection.info.backend_pid
        return pid

    def read(self, sql: str, parameters: Parameters = None) -> list[Row]:
        """Return the rows of one query, run in a read-only transaction of its own.

        Raises:
            RowsHidden: when row-level security would leave rows out.
            ExternalError: the branch that fits the SQLSTATE.
            Interrupted: when the run was ended meanwhile; nothing is left running on the server.
        """
        try:
            return self._read(sql, parameters)
        except (UnicodeDecodeError, QueryFailed) as error:
            is_readable = isinstance(error, QueryFailed) and error.sqlstate not in charset.UNREADABLE
            if is_readable or self._charset:
                raise
        self._read_bytes()
        return self._read(sql, parameters)

    def _read(self, sql: str, parameters: Parameters) -> list[Row]:
        # One message for limits and query: the server applies SET LOCAL to the statements that follow it.
        has_begun = self._is_reading and self._is_in_transaction
        begin = "" if has_begun else "BEGIN READ ONLY; " + _WHOLE + self._limits
        text = begin + self._qualified(sql, parameters)
        is_kept = False
        with self._running(), self._connection.cursor() as cursor:
            try:
                cursor.execute(text, self._sent(parameters))
                rows = self._shown(_rows(cursor))
                is_kept = self._is_reading
                return rows
            finally:
                if not is_kept:
                    self._roll_back()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Make the queries of the block one read-only transaction, whose limits are sent once.

        ``now()`` is the time when it began. A query that fails ends it, and the next one begins another.
        """
        self._is_reading = True
        try:
            yield
        finally:
            self._is_reading = False
            self._roll_back()

    def _read_bytes(self) -> None:
        """Have the server send texts as they are, from now on."""
        charset.register()
        self._charset = charset.of(self._connection)
        with self._running():
            self._connection.set_client_encoding("SQL_ASCII")

    def _shown(self, rows: list[Row]) -> list[Row]:
        if not self._charset:
            return rows
        return [{name: charset.shown(value, self._charset) for name, value in row.items()} for row in rows]

    def _sent(self, parameters: Parameters) -> Parameters:
        if not self._charset or not isinstance(parameters, dict):
            return parameters
        return {name: charset.sent(value, self._charset) for name, value in parameters.items()}

    def write(self, sql: str, parameters: Parameters = None) -> list[Row]:
        """Run SQL and return its rows, none if it has none.

        Outside of `transaction` it is a transaction of its own, without limits. Diagnostics never write.
        """
        text = self._qualified(sql, parameters)
        with self._running(), self._connection.cursor() as cursor:
            # Several statements in one message are one transaction, in which SET LOCAL holds.
            cursor.execute(text if self._is_in_transaction else PINNED + text, parameters)
            return _rows(cursor) if cursor.description else []

    def alone(self, sql: str) -> None:
        """Run one statement that refuses a transaction: VACUUM, or CREATE INDEX CONCURRENTLY.

        The search path is set for the session meanwhile, which does not go through a pooler of transactions.
        """
        text = self._qualified(sql, None)
        with self._running(), self._connection.cursor() as cursor:
            cursor.execute(PINNED.replace("LOCAL ", ""))
            try:
                cursor.execute(text)
            finally:
                if not self._connection.closed:
                    cursor.execute("RESET search_path")

    def copy(self, sql: str, rows: bytes) -> None:
        """Send rows, as `copy.encode` returns them, through a ``COPY … FROM STDIN``; within `transaction`."""
        text = self._qualified(sql, None)
        with self._running(), self._connection.cursor() as cursor:
            cursor.copy_expert(text, io.BytesIO(rows))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what the block writes and copies one transaction, within the limits; any error undoes all of it.

        Raises:
            Conflict: a deadlock, or another transaction came between; the whole block may be run again.
            Disconnected: also when the connection breaks at the commit; then it is not known whether it came through.
        """
        self.write("BEGIN; " + self._limits)
        try:
            yield
            self.write("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def close(self) -> None:
        """Close the connection; harmless when it is closed already."""
        self._connection.close()

    @property
    def _is_in_transaction(self) -> bool:
        return bool(self._connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_INTRANS)

    def _qualified(self, sql: str, parameters: Parameters) -> str:
        return self._path.qualify(sql, self._locate, has_parameters=parameters is not None)

    def _locate(self, relations: list[str]) -> Row:
        """Return where relations and extensions are, as the role's own search path has it."""
        is_within = self._is_in_transaction
        with self._running(), self._connection.cursor() as cursor:
            cursor.execute((OWN if is_within else self._timeout) + LOCATE, {"relations": relations})
            (row,) = _rows(cursor)
            if is_within:
                cursor.execute(PINNED)
            return row

    @contextmanager
    def _running(self) -> Iterator[None]:
        with self._interrupt.cancel_with(self._cancel), running(self.target, self._interrupt):
            yield

    def _cancel(self) -> None:
        # A cancel opens a connection of its own and may hang with the network; the run must not wait for it.
        threading.Thread(target=self._cancel_quietly, daemon=True).start()

    def _cancel_quietly(self) -> None:
        try:
            self._connection.cancel()
        except psycopg2.Error:
            return

    def _roll_back(self) -> None:
        if self._connection.closed:
            return
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
        except psycopg2.Error:
            # The connection is broken; the statement's own error is already on its way, the pool replaces it.
            self._connection.close()


def _connect(target: Target, limits: Limits, interrupt: Interrupt) -> psycopg2.extensions.connection:
    interrupt.check()
    parameters: dict[str, Any] = {
        # One name per run: `db` leaves its own sessions out of what it counts.
        "application_name": f"boombap {os.getpid()}",
        "connect_timeout": str(max(2, round(limits.connect_s))),
        "client_encoding": "UTF8",
        **target.parameters,
    }
    if target.password:
        parameters["password"] = target.password.reveal()
    with connecting(target):
        connection = _open(parameters)
    connection.autocommit = True
    return connection


def _open(parameters: Mapping[str, Any]) -> psycopg2.extensions.connection:
    try:
        connection: psycopg2.extensions.connection = psycopg2.connect(**parameters)
    except psycopg2.OperationalError as error:
        if not _UNREADABLE_GREETING.search(str(error)):
            raise
        charset.register()
        connection = psycopg2.connect(**{**parameters, "client_encoding": "SQL_ASCII"})
    return connection


def _rows(cursor: psycopg2.extensions.cursor) -> list[Row]:
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _refuse_old(session: Session) -> None:
    if session.version_num >= OLDEST_VERSION:
        return
    version = session.version_num // 10000
    session.close()
    raise ExternalError(
        f"PostgreSQL {version} at {session.target.label} is too old", hint="12 is the oldest supported version"
    )
