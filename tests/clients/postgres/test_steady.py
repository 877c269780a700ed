"""Work that is done again on a new connection, on a server that ends connections."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.steady import MAX_SESSIONS, SteadySession
from boombap.errors import ExternalError, QueryFailed
from boombap.interrupt import Interrupt

if TYPE_CHECKING:
    from databases import Database


class Ending:
    """Opens sessions of which the server has ended the first ones."""

    def __init__(self, database: Database, ended: int) -> None:
        self.database = database
        self.ended = ended
        self.opened: list[Session] = []

    def __call__(self) -> Session:
        session = Session(self.database.target(), Limits(), Interrupt())
        self.opened.append(session)
        if len(self.opened) <= self.ended:
            (row,) = session.read("SELECT pg_backend_pid() AS pid")
            self.database.run("SELECT pg_terminate_backend(%(pid)s, 5000)", row)
        return session


def one(session: Session) -> int:
    return int(session.read("SELECT 1 AS n")[0]["n"])


@pytest.mark.parametrize("ended", range(MAX_SESSIONS))
def test_work_is_done_again_on_a_new_session(healthy: Database, ended: int):
    opening = Ending(healthy, ended)
    renewed: list[Session] = []
    with closing(SteadySession(opening(), opening, renewed.append)) as steady:
        assert steady.run(one) == 1
        assert steady.run(one) == 1
        assert renewed == opening.opened[1:]
        assert len(opening.opened) == ended + 1


def test_a_session_that_breaks_while_it_is_prepared_is_opened_again(healthy: Database):
    opening = Ending(healthy, 2)
    with closing(SteadySession(opening(), opening, one)) as steady:
        assert steady.run(one) == 1


def test_a_server_that_ends_every_session_is_an_error(healthy: Database):
    opening = Ending(healthy, 99)
    with closing(SteadySession(opening(), opening)) as steady, pytest.raises(ExternalError):
        steady.run(one)
    assert len(opening.opened) == MAX_SESSIONS


def test_work_that_fails_on_an_open_session_is_not_done_again(healthy: Database):
    opening = Ending(healthy, 0)
    with closing(SteadySession(opening(), opening)) as steady, pytest.raises(QueryFailed):
        steady.run(lambda session: session.read("SELECT 1 / 0"))
    assert len(opening.opened) == 1


def test_a_session_that_may_not_be_opened_again_is_an_error(healthy: Database):
    with closing(SteadySession(Ending(healthy, 1)())) as steady, pytest.raises(ExternalError):
        steady.run(one)
