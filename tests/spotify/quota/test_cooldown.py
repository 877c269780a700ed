"""A cool-down in PostgreSQL holds for whoever asks next."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.errors import NotFound
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from boombap.spotify.quota.cooldown import Cooldown

if TYPE_CHECKING:
    from databases import Database


@pytest.fixture
def prepared(database: Database) -> Database:
    with closing(Session(database.target(), Limits(lock_ms=5_000), Interrupt())) as session:
        schema.prepare(session)
    return database


def test_the_later_one_stays_and_clocks_may_differ(prepared: Database):
    with prepared.pool() as pool:
        one, other = Cooldown(pool, "a", now=lambda: 1_000.0), Cooldown(pool, "a", now=lambda: 5_000.0)
        assert one.cooldown_until_s() == 0.0
        for until_s in (1_050.0, 44_200.0, 1_020.0):
            one.cool_down(until_s, "rate limit")
        assert other.cooldown_until_s() == pytest.approx(48_200.0, abs=5.0)
        assert Cooldown(pool, "b").cooldown_until_s() == 0.0
    assert prepared.run("SELECT account, reason FROM spotify_cooldowns") == [{"account": "a", "reason": "rate limit"}]


def test_one_that_is_over_is_none(prepared: Database):
    with prepared.pool() as pool:
        mine = Cooldown(pool, "a", now=lambda: 1_000.0)
        mine.cool_down(999.0, "rate limit")
        assert mine.cooldown_until_s() == 0.0


def test_without_tables_it_says_so(database: Database):
    with database.pool() as pool, pytest.raises(NotFound):
        Cooldown(pool, "a").cooldown_until_s()
