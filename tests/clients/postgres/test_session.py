"""One connection: read-only, within its limits, and ended from outside."""

from __future__ import annotations

import threading
import time
import traceback
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import from_text
from boombap.errors import (
    AccessDenied,
    Conflict,
    Disconnected,
    ExternalError,
    Interrupted,
    NotFound,
    QueryFailed,
    TimedOut,
    Unreachable,
)
from boombap.interrupt import Interrupt
from databases import until
from fakes import not_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Cluster, Database


@pytest.fixture
def interrupt() -> Interrupt:
    return Interrupt()


@pytest.fixture
def session(healthy: Database, interrupt: Interrupt) -> Iterator[Session]:
    with closing(Session(healthy.target(), Limits(statement_ms=2000, lock_ms=1000), interrupt)) as session:
        yield session


def test_rows_come_with_their_column_names(session: Session):
    assert session.read("SELECT 1 AS one, %(two)s AS two", {"two": "zwei"}) == [{"one": 1, "two": "zwei"}]


def test_it_cannot_write(session: Session):
    with pytest.raises(QueryFailed) as caught:
        session.read("DELETE FROM {path.tracks}")
    assert "read-only" in str(caught.value)
    assert session.is_usable


def test_the_server_enforces_its_limits(session: Session):
    (row,) = session.read("SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l")
    assert row == {"s": "2s", "l": "1s"}


def test_limits_end_with_their_transaction(session: Session):
    session.read("SELECT 1 AS one")
    assert session.write("SHOW statement_timeout") == [{"statement_timeout": "0"}]


def test_a_statement_that_takes_too_long_ends(healthy: Database, interrupt: Interrupt):
    with closing(Session(healthy.target(), Limits(statement_ms=50), interrupt)) as session:
        with pytest.raises(TimedOut, match=r"raise db\.statement_timeout"):
            session.read("SELECT pg_sleep(10)")
        assert session.read("SELECT 1 AS one")


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT * FROM no_such_table", NotFound),
        ("SELECT no_such_column FROM {path.tracks}", NotFound),
        ("SELECT no_such_function()", NotFound),
        ("SELECT 1 / 0", QueryFailed),
        ("SELEKT", QueryFailed),
    ],
)
def test_errors_are_ours_and_leave_the_session_usable(session: Session, sql: str, kind: type[ExternalError]):
    with pytest.raises(kind) as caught:
        session.read(sql)
    assert session.is_usable
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'Tr0mpete-im-Keller'::int",
        'SELECT 1 / 0 AS "Tr0mpete-im-Keller"',
        'SELECT * FROM "Tr0mpete-im-Keller"',
        "SELECT 'Tr0mpete-im-Keller' FROM",
        "DO $$ BEGIN RAISE 'Tr0mpete-im-Keller' USING DETAIL = 'Tr0mpete-im-Keller'; END $$",
    ],
)
def test_no_word_of_the_server_s_is_shown(session: Session, sql: str):
    """The server repeats values, which may be secrets, in its errors; an error is looked up by its code."""
    with pytest.raises(ExternalError) as caught:
        session.read(sql)
    shown = "".join(traceback.format_exception(caught.value, limit=0))
    assert "Tr0mpete" not in f"{caught.value} {caught.value!r} {caught.value.hint} {shown}"


def test_a_missing_right_is_told(healthy: Database, interrupt: Interrupt):
    with (
        closing(Session(healthy.target("plain"), Limits(), interrupt)) as session,
        pytest.raises(AccessDenied, match="plain lacks a right"),
    ):
        session.read("SELECT * FROM {path.tracks}")


def test_a_session_killed_between_statements_is_not_usable(session: Session, healthy: Database):
    healthy.run("SELECT pg_terminate_backend(%s)", (session.backend_pid,))
    with pytest.raises(Disconnected):
        session.read("SELECT 1 AS one")
    assert not session.is_usable


def test_a_session_killed_in_the_middle_of_a_statement_says_so(session: Session, healthy: Database):
    killer = threading.Thread(target=_kill_when_active, args=(healthy, session.backend_pid))
    killer.start()
    with pytest.raises(Disconnected, match="broke"):
        session.read("SELECT pg_sleep(20)")
    killer.join()


def _kill_when_active(database: Database, pid: int) -> None:
    asleep = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
    until(lambda: database.run(asleep, (pid,)))
    database.run("SELECT pg_terminate_backend(%s)", (pid,))


def test_an_interruption_ends_the_statement_on_the_server(session: Session, healthy: Database, interrupt: Interrupt):
    caught: list[BaseException] = []

    def work() -> None:
        try:
            session.read("SELECT pg_sleep(20)")
        except Interrupted as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    asleep = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
    until(lambda: healthy.run(asleep, (session.backend_pid,)))
    interrupt.set(2)
    started_s = time.monotonic()
    interrupt.end_waits()
    thread.join()
    assert time.monotonic() - started_s < 1.0
    assert [type(error) for error in caught] == [Interrupted]
    assert not healthy.run(asleep, (session.backend_pid,))


def test_nothing_connects_after_an_interruption(healthy: Database, interrupt: Interrupt):
    interrupt.set(15)
    with pytest.raises(Interrupted) as caught:
        Session(healthy.target(), Limits(), interrupt)
    assert caught.value.exit_code == 143


def test_every_version_is_known(each_cluster: Cluster, interrupt: Interrupt):
    with closing(Session(each_cluster.main.target(), Limits(), interrupt)) as session:
        assert session.version_num // 10000 == each_cluster.major
        assert session.read("SELECT 1 AS one") == [{"one": 1}]


def test_a_server_older_than_12_is_refused(interrupt: Interrupt):
    with not_postgres.listening(not_postgres.too_old) as listener:
        target = from_text(f"postgresql://u@127.0.0.1:{listener.port}/db", origin="the test")
        with pytest.raises(ExternalError, match="is too old; 12 is the oldest"):
            Session(target, Limits(), interrupt)


def test_a_server_that_stays_silent_is_given_up(interrupt: Interrupt):
    with not_postgres.listening(not_postgres.silent) as listener:
        target = from_text(f"postgresql://u@127.0.0.1:{listener.port}/db", origin="the test")
        with pytest.raises(Unreachable, match="connect time-out"):
            Session(target, Limits(connect_s=1), interrupt)


def test_a_transaction_is_kept_as_a_whole(database: Database, interrupt: Interrupt):
    def replace(session: Session, rows: bytes) -> None:
        with session.transaction():
            session.write("DELETE FROM {path.kept}")
            session.copy("COPY {path.kept} FROM STDIN", rows)
            assert session.write("SHOW lock_timeout") == [{"lock_timeout": "50ms"}]

    database.run("CREATE TABLE kept (n int)")
    with closing(Session(database.target(), Limits(), interrupt)) as session:
        replace(session, b"1\n2\n")
        with pytest.raises(QueryFailed) as caught:
            replace(session, b"3\nthree\n")
        assert caught.value.sqlstate == "22P02"
        assert session.is_usable
    assert database.run("SELECT sum(n) AS n FROM kept") == [{"n": 3}]


def test_a_deadlock_says_that_it_may_be_tried_again(database: Database, interrupt: Interrupt):
    lock = "SELECT pg_advisory_xact_lock({})"

    def cross(session: Session) -> None:
        with session.transaction():
            session.write("SET LOCAL deadlock_timeout = '10ms'")
            session.write(lock.format(1))
            with database.waiting(lock.format(1), "SET LOCAL deadlock_timeout = '20s'", lock.format(2)):
                session.write(lock.format(2))

    with closing(Session(database.target(), Limits(statement_ms=20_000, lock_ms=20_000), interrupt)) as session:
        with pytest.raises(Conflict, match="deadlock"):
            cross(session)
        assert session.is_usable


def test_a_literal_percent_sign_needs_no_parameters(session: Session):
    assert session.read("SELECT 'a%b' AS text") == [{"text": "a%b"}]


def test_a_trigger_that_trusts_the_search_path_is_told(database: Database, interrupt: Interrupt):
    database.run(
        "CREATE TABLE seen (n int); CREATE TABLE kept (n int);"
        "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN INSERT INTO seen VALUES (1); RETURN new; END$$;"
        "CREATE TRIGGER see BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION see()"
    )
    insert = "INSERT INTO {path.kept} VALUES (1)"
    with closing(Session(database.target(), Limits(), interrupt)) as session:
        with pytest.raises(NotFound, match="names something without its schema"):
            session.write(insert)
        database.run("ALTER FUNCTION see() SET search_path = public")
        session.write(insert)
    assert database.run("SELECT n FROM seen") == [{"n": 1}]
