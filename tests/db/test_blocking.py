"""Blocking trees from rows; the rows themselves are tested on a server in test_cli.py."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from boombap.db.blocking import arrange


def row(pid: int, *blocked_by: int, **other: Any) -> dict[str, Any]:
    return {
        "pid": pid,
        "blocked_by": list(blocked_by) or None,
        "user": "u",
        "application": "a",
        "state": "active",
        "query": f"UPDATE {pid}",
        "in_state_s": 1.0,
        "wants": "ShareLock on transactionid" if blocked_by else None,
        "prepared": None,
        **other,
    }


def shape(*rows: dict[str, Any]) -> list[tuple[int, int]]:
    return [(one.pid, one.depth) for one in arrange(rows)]


def test_each_root_is_followed_by_those_it_holds_up():
    assert shape(row(1), row(2, 1), row(3, 2), row(4, 1), row(9), row(10, 9)) == [
        (1, 0),
        (2, 1),
        (3, 2),
        (4, 1),
        (9, 0),
        (10, 1),
    ]


def test_only_a_root_has_a_remedy():
    root, waiting = arrange([row(1), row(2, 1)])
    assert (root.remedy, waiting.remedy) == ("SELECT pg_terminate_backend(1);", "")


def test_a_session_that_waits_for_two_stands_once():
    assert shape(row(1), row(2), row(3, 1, 2)) == [(1, 0), (3, 1), (2, 0)]


def test_a_deadlock_has_a_stand_in_for_its_root():
    assert shape(row(5, 6), row(6, 5)) == [(5, 0), (6, 1)]


def test_a_prepared_transaction_is_named_and_quoted():
    hidden = {"user": None, "application": None, "state": None, "query": None, "in_state_s": None}
    root, _ = arrange([row(0, prepared="it's", **hidden), row(7, 0)])
    assert (root.state, root.remedy) == ("prepared transaction", "ROLLBACK PREPARED 'it''s';")


def test_passwords_in_statements_are_hidden():
    (one,) = arrange([row(1, query="ALTER ROLE u\n  PASSWORD 'hunter2 it''s'")])
    assert one.query == "ALTER ROLE u PASSWORD ***"


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=10))
def test_every_session_stands_exactly_once(waits: list[list[int]]):
    rows = [row(pid, *(other for other in others if other < len(waits))) for pid, others in enumerate(waits)]
    found = [one.pid for one in arrange(rows)]
    assert sorted(found) == list(range(len(waits)))
