"""The record of a shard is kept up to date while nothing happens, and costs the run nothing when it cannot be."""

from __future__ import annotations

import logging
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.errors import ExternalError
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.runs import ShardRecord
from boombap.spotify.model import Outcome, Shard
from boombap.spotify.run.heartbeat import Heartbeat
from boombap.spotify.run.statistics import RunStatistics
from databases import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Database


@pytest.fixture
def record(database: Database) -> Iterator[ShardRecord]:
    with ExitStack() as stack:
        with closing(Session(database.target(), Limits(lock_ms=5_000), Interrupt())) as session:
            schema.prepare(session)
        yield ShardRecord(stack.enter_context(database.pool()), "batch", Shard(), 1)


def row(database: Database) -> tuple[object, ...]:
    (found,) = database.run("SELECT total, tracks, matched, exit_code, ended_by FROM spotify_runs")
    return tuple(found.values())


def test_the_counts_are_written_while_the_run_goes_on(database: Database, record: ShardRecord):
    statistics = RunStatistics()
    with Heartbeat(record, every_s=0.02) as heartbeat:
        heartbeat.total = 9
        statistics.outcomes.update([Outcome.MATCHED, Outcome.MATCHED, Outcome.NOT_FOUND])
        heartbeat.count(statistics)
        until(lambda: row(database) == (9, 3, 2, None, None))
        (before,) = database.run("SELECT updated_at FROM spotify_runs")
        until(lambda: database.run("SELECT updated_at FROM spotify_runs") != [before])
    assert row(database) == (9, 3, 2, 0, None)


def test_an_error_is_the_end(database: Database, record: ShardRecord):
    with Heartbeat(record) as heartbeat:
        heartbeat.error = ExternalError("gone", hint="come back")
    assert row(database)[3:] == (3, "gone; come back")


def test_a_bug_is_recorded_without_its_message(database: Database, record: ShardRecord):
    with pytest.raises(KeyError), Heartbeat(record):
        raise KeyError("secret")
    assert row(database)[3:] == (70, "unexpected KeyError")


def test_a_table_that_is_gone_is_told_once(database: Database, record: ShardRecord, caplog: pytest.LogCaptureFixture):
    package = logging.getLogger("boombap.spotify")  # whose root does not propagate once a command has run
    package.addHandler(caplog.handler)
    try:
        with Heartbeat(record, every_s=0.02):
            database.run("DROP TABLE spotify_runs")
            until(lambda: caplog.messages)
    finally:
        package.removeHandler(caplog.handler)
    assert len(set(map(id, caplog.records))) == 1
    assert "`spotify status` does not show how far this run is: " in caplog.messages[0]
