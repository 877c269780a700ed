"""A few connections shared by threads: bounded, replaced when broken or old, and content with fewer."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from boombap.errors import Disconnected, Interrupted, NotFound, TimedOut, Unreachable

if TYPE_CHECKING:
    from databases import Database


def pid_of(session: object) -> int:
    return int(session.backend_pid)  # type: ignore[attr-defined]


def test_a_connection_is_used_again(healthy: Database):
    with healthy.pool() as pool:
        with pool.session() as first:
            pass
        with pool.session() as second:
            assert pid_of(first) == pid_of(second)


def test_no_more_connections_than_its_size(healthy: Database):
    with healthy.pool(size=2, wait_s=0.05) as pool, ExitStack() as stack:
        pids = {pid_of(stack.enter_context(pool.session())) for _ in range(2)}
        assert len(pids) == 2
        with pytest.raises(TimedOut, match=r"raise db\.pool_size"), pool.session():
            pass


def test_a_thread_gets_the_connection_that_another_gives_back(healthy: Database):
    with healthy.pool(size=1) as pool:
        rows: list[object] = []
        with pool.session():
            thread = threading.Thread(target=lambda: rows.append(pool.read("SELECT 1 AS one")))
            thread.start()
            assert rows == []
        thread.join()
    assert rows == [[{"one": 1}]]


def test_a_dead_connection_is_replaced_once(healthy: Database):
    with healthy.pool(size=1) as pool:
        (row,) = pool.read("SELECT pg_backend_pid() AS pid")
        healthy.run("SELECT pg_terminate_backend(%s)", (row["pid"],))
        (again,) = pool.read("SELECT pg_backend_pid() AS pid")
    assert again["pid"] != row["pid"]


def test_a_statement_that_kills_its_connection_each_time_fails(healthy: Database):
    with healthy.pool(size=1) as pool:
        with pytest.raises(Disconnected):
            pool.read("SELECT pg_terminate_backend(pg_backend_pid())")
        assert pool.read("SELECT 1 AS one") == [{"one": 1}]


def test_questions_of_one_reading_are_one_transaction(healthy: Database):
    with healthy.pool(size=1) as pool, pool.reading() as read:
        moments = {read("SELECT now() AS at")[0]["at"] for _ in range(3)}
        (limits,) = read(
            "SELECT current_setting('lock_timeout') AS lock, current_setting('transaction_read_only') AS ro"
        )
    assert len(moments) == 1
    assert limits == {"lock": "50ms", "ro": "on"}


def test_a_question_that_fails_costs_its_reading_nothing_else(healthy: Database):
    with healthy.pool(size=1) as pool, pool.reading() as read:
        assert read("SELECT 1 AS one") == [{"one": 1}]
        with pytest.raises(NotFound):
            read("SELECT * FROM no_such_table")
        (limits,) = read("SELECT current_setting('lock_timeout') AS lock, current_setting('row_security') AS rows")
    assert limits == {"lock": "50ms", "rows": "off"}


def test_a_reading_goes_on_over_a_new_connection(healthy: Database):
    with healthy.pool(size=1) as pool:
        with pool.reading() as read:
            (first,) = read("SELECT pg_backend_pid() AS pid")
            healthy.run("SELECT pg_terminate_backend(%s)", (first["pid"],))
            (second,) = read("SELECT pg_backend_pid() AS pid")
        assert first["pid"] != second["pid"]
        with pool.session() as session:
            assert session.is_usable, "the transaction of a reading ends with it"


def test_other_errors_are_not_tried_again(healthy: Database):
    with healthy.pool(size=1) as pool:
        with pytest.raises(NotFound):
            pool.read("SELECT * FROM no_such_table")
        assert pool.read("SELECT 1 AS one") == [{"one": 1}]


def test_an_old_connection_is_replaced(healthy: Database):
    now = [0.0]
    with healthy.pool(size=1, lifetime_s=60, clock=lambda: now[0]) as pool:
        with pool.session() as first:
            pass
        now[0] = 61.0
        with pool.session() as second:
            assert pid_of(first) != pid_of(second)
        assert first._connection.closed


def test_a_connection_that_died_while_idle_is_noticed_when_handed_out(healthy: Database):
    now = [0.0]
    with healthy.pool(size=1, clock=lambda: now[0]) as pool:
        with pool.session() as first:
            pass
        healthy.run("SELECT pg_terminate_backend(%s)", (pid_of(first),))
        now[0] = 31.0
        with pool.session() as second:
            assert second.read("SELECT 1 AS one")


def test_a_server_that_admits_one_connection_serves_two_threads(healthy: Database):
    with healthy.pool("single", size=2) as pool:
        together = threading.Barrier(2)
        rows: list[object] = []

        def work() -> None:
            together.wait()
            rows.append(pool.read("SELECT pg_sleep(0.05)::text AS done"))

        with pool.session():
            pass
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(rows) == 2


def test_no_connection_at_all_is_an_error(healthy: Database):
    with (
        closing(healthy.connect("single")),
        healthy.pool("single", size=2) as pool,
        pytest.raises(Unreachable, match="no free connection"),
    ):
        pool.read("SELECT 1 AS one")


def test_a_failed_first_connection_leaves_the_pool_whole(healthy: Database):
    with healthy.pool("single", size=1, wait_s=0.5) as pool:
        with closing(healthy.connect("single")), pytest.raises(Unreachable):
            pool.read("SELECT 1 AS one")
        assert _read_when_admitted(pool) == [{"one": 1}]


def _read_when_admitted(pool: object) -> object:
    # The server counts a closed session until its process has ended.
    from databases import until

    def attempt() -> object:
        try:
            return pool.read("SELECT 1 AS one")  # type: ignore[attr-defined]
        except Unreachable:
            return None

    return until(attempt)


def test_closing_the_pool_closes_its_connections(healthy: Database):
    with healthy.pool(size=2) as pool, pool.session() as first, pool.session() as second:
        pass
    assert first._connection.closed
    assert second._connection.closed


def test_an_interrupted_run_gets_no_connection(healthy: Database):
    with healthy.pool() as pool:
        pool._interrupt.set(2)
        with pytest.raises(Interrupted):
            pool.read("SELECT 1 AS one")
