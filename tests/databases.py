"""Databases for the tests: one cluster a version, started when first asked for, and copies of a loaded sample."""

from __future__ import annotations

import itertools
import threading
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg2

import servers
from boombap.clients.postgres.pool import Pool
from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import Target, from_text
from boombap.db.collect import Request, diagnose
from boombap.demo import sample
from boombap.interrupt import Interrupt
from boombap.local.process import poll

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from psycopg2.extensions import connection

    from boombap.db.model import Diagnosis
    from boombap.local.process import Running

SETTINGS = {
    # What servers.py switches off for speed would be findings.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_prepared_transactions": "5",
    "max_connections": "60",
}
_LIMIT_S = 10.0
_numbers = itertools.count(1)


@dataclass
class Cluster:
    """A running server and the sample databases on it that others are copied from."""

    running: Running
    templates: dict[bool, str] = field(default_factory=dict)

    @property
    def major(self) -> int:
        return int(self.running.version.split(".")[0])

    @property
    def main(self) -> Database:
        """The database that the server came with; for statements about the whole server."""
        return Database(self, "boombap")

    def create(self, template: str = "template1") -> Database:
        name = f"test_{next(_numbers)}"
        # Copied through the WAL, as 15 and later do unless told otherwise, it takes three times the processor time.
        how = "STRATEGY file_copy" if self.major >= 15 else ""
        self.main.run(f"CREATE DATABASE {name} TEMPLATE {template} {how}")
        return Database(self, name)

    def drop(self, database: Database) -> None:
        self.main.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(name)s", {"name": database.name}
        )
        self.main.run(f"DROP DATABASE {database.name}")

    def sample(self, *, faults: bool = False) -> Database:
        """The sample of 1,000 tracks; copy it before you change it."""
        if faults not in self.templates:
            self.templates[faults] = self._load(faults=faults)
        return Database(self, self.templates[faults])

    def copy(self, *, faults: bool = False) -> Database:
        return self.create(self.sample(faults=faults).name)

    def _load(self, *, faults: bool) -> str:
        made = self.create()
        with closing(Session(made.target(), Limits(statement_ms=60_000), Interrupt())) as session:
            sample.load(session, sample.Scale(1_000), faults=faults)
        return made.name


@dataclass(frozen=True)
class Database:
    """One database, and the ways to reach it."""

    cluster: Cluster
    name: str

    def url(self, user: str = "boombap") -> str:
        """Over the socket, where nobody is asked for a password."""
        running = self.cluster.running
        return f"postgresql:///{self.name}?host={running.host}&port={running.port}&user={user}"

    def tcp_url(self, user: str, password: str, *, host: str = "127.0.0.1") -> str:
        return f"postgresql://{user}:{password}@{host}:{self.cluster.running.port}/{self.name}"

    def target(self, user: str = "boombap") -> Target:
        return from_text(self.url(user), name=self.name, origin="the test")

    def connect(self, user: str = "boombap") -> connection:
        connection = psycopg2.connect(self.url(user), application_name="test")
        connection.autocommit = True
        return connection

    def run(self, sql: str, values: Any = None) -> list[dict[str, Any]]:
        with closing(self.connect()) as connection:
            return execute(connection, sql, values)

    def pool(self, user: str = "boombap", *, size: int = 3, limits: Limits | None = None, **options: Any) -> Pool:
        return Pool(self.target(user), Interrupt(), limits=limits or Limits(), size=size, **options)

    def diagnose(
        self, request: Request | None = None, *, user: str = "boombap", limits: Limits | None = None
    ) -> Diagnosis:
        with self.pool(user, limits=limits) as pool:
            return diagnose(pool, request or Request())

    @contextmanager
    def holding(self, *statements: str) -> Iterator[connection]:
        """Run statements in a transaction that stays open."""
        with closing(self.connect()) as connection:
            execute(connection, "BEGIN")
            for statement in statements:
                execute(connection, statement)
            try:
                yield connection
            finally:
                # A backend whose connection is closed may keep its locks for some milliseconds.
                with suppress(psycopg2.Error):
                    execute(connection, "ROLLBACK")

    @contextmanager
    def waiting(self, statement: str, *before: str) -> Iterator[int]:
        """Run a statement that waits for a lock, in a thread; gives its pid once it waits."""
        with self.holding(*before) as connection:
            pid = connection.info.backend_pid
            thread = threading.Thread(target=_run_quietly, args=(connection, statement))
            thread.start()
            try:
                until(lambda: self.run("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", (pid,)))
                yield pid
            finally:
                self.run("SELECT pg_terminate_backend(%s)", (pid,))
                thread.join()

    def sessions(self, application: str = "boombap %") -> list[dict[str, Any]]:
        """What the product has open on the server, this database only."""
        return self.run(
            "SELECT pid, state, wait_event_type, query FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE %s",
            (application,),
        )


class Clusters:
    """Every version's server, started when first asked for."""

    def __init__(self, folder: Callable[[], Path], stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._started: dict[int, Cluster] = {}

    def get(self, major: int) -> Cluster:
        if major not in self._started:
            addresses = ("127.0.0.1", "::1") if servers.has_ipv6() else ("127.0.0.1",)
            running = servers.running_postgres(major, self._folder(), tcp=True, addresses=addresses, **SETTINGS)
            cluster = Cluster(self._stack.enter_context(running))
            cluster.main.run(_ROLES)
            self._started[major] = cluster
        return self._started[major]


PASSWORD = "hunter2-Geheimnis"
_ROLES = f"""
CREATE ROLE owner SUPERUSER LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE watcher LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_monitor;
CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE single LOGIN CONNECTION LIMIT 1;
GRANT pg_monitor TO single;
"""


def execute(connection: connection, sql: str, values: Any = None) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] if cursor.description else []


def until(check: Callable[[], Any], limit_s: float = _LIMIT_S) -> Any:
    """Wait for something to become true; fail when it does not."""
    answer = poll(check, limit_s)
    assert answer, f"did not come about within {limit_s:g} s"
    return answer


def _run_quietly(connection: connection, statement: str) -> None:
    try:
        execute(connection, statement)
    except psycopg2.Error:
        return
