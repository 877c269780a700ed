"""What each process says of its shard, and what all of them come to."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.errors import BoombapError, ExternalError, Interrupted, RetryLater
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.leases import Leases, Selection
from boombap.spotify.catalogue.runs import RunProgress, ShardCounts, ShardRecord, read_runs
from boombap.spotify.model import Shard
from databases import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Cluster, Database


class Runs:
    """Processes on one database; each has its own leases, as a real one has."""

    def __init__(self, database: Database, stack: ExitStack) -> None:
        self.database = database
        self._pool = stack.enter_context(database.pool())
        with closing(self.connect()) as session:
            schema.prepare(session)

    def connect(self) -> Session:
        return Session(self.database.target(), Limits(lock_ms=5_000), Interrupt())

    def begin(self, number: int, total: int, action: str = "batch") -> tuple[ShardRecord, Session]:
        session = self.connect()
        shard = Shard(number, total)
        return ShardRecord(self._pool, action, shard, Leases(session, Selection(shard=shard)).holder), session

    def work(self, number: int, total: int, error: BoombapError | None = None, tracks: int = 10) -> None:
        record, session = self.begin(number, total)
        record.end(ShardCounts(tracks, tracks, tracks - 1, 2), error)
        self.kill(session)

    def kill(self, session: Session) -> None:
        pid = session.backend_pid
        session.close()
        until(lambda: not self.database.run("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)))

    def read(self) -> tuple[RunProgress, ...]:
        with closing(self.connect()) as session:
            return read_runs(session)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def runs(database: Database, stack: ExitStack) -> Runs:
    return Runs(database, stack)


def test_the_shards_of_a_run_add_up(runs: Runs):
    runs.work(1, 6)
    runs.work(2, 6, ExternalError("Spotify is down"))
    runs.work(3, 6, Interrupted(15))
    record, session = runs.begin(4, 6)
    runs.database.run("UPDATE spotify_runs SET started_at = now() - interval '10 s' WHERE shard = 4")
    record.update(ShardCounts(30, 10, 9, 1))
    _, killed = runs.begin(5, 6)
    runs.kill(killed)
    (run,) = runs.read()
    assert (run.run, run.action, run.shards) == (1, "batch", 6)
    assert (run.running, run.ended, run.failed) == ((4,), (1,), {2: "Spotify is down"})
    assert (run.interrupted, run.missing) == ((3, 5), (6,))
    assert (run.tracks, run.matched, run.requests) == (40, 36, 7)
    assert run.rate_per_s == pytest.approx(1.0, rel=0.2)
    assert run.left_s == pytest.approx(20.0, rel=0.2)
    runs.kill(session)
    (run,) = runs.read()
    assert (run.running, run.interrupted, run.rate_per_s, run.left_s) == ((), (3, 4, 5), 0, None)


def test_a_shard_that_was_interrupted_goes_on_in_its_run(runs: Runs):
    _, killed = runs.begin(1, 2)
    runs.kill(killed)
    runs.work(2, 2, RetryLater("rate-limited"))
    runs.work(2, 2)
    runs.work(1, 2)
    (run,) = runs.read()
    assert (run.ended, run.interrupted, run.failed, run.missing) == ((1, 2), (), {}, ())
    assert run.tracks == 30


def test_a_shard_that_is_done_begins_the_next_run(runs: Runs):
    for _ in range(2):
        runs.work(1, 2)
        runs.work(2, 2)
    assert [(run.run, run.ended) for run in runs.read()] == [(2, (1, 2)), (1, (1, 2))]


def test_a_shard_on_which_another_process_works_is_another_run(runs: Runs):
    _, first = runs.begin(1, 1)
    _, second = runs.begin(1, 1)
    assert [run.running for run in runs.read()] == [(1,), (1,)]
    for session in (first, second):
        runs.kill(session)


def test_other_kinds_of_runs_are_apart(runs: Runs):
    for number, total, action in ((1, 2, "batch"), (2, 3, "batch"), (2, 2, "refresh")):
        _, session = runs.begin(number, total, action)
        runs.kill(session)
    assert [(run.action, run.shards, run.interrupted) for run in runs.read()] == [
        ("refresh", 2, (2,)),
        ("batch", 3, (2,)),
        ("batch", 2, (1,)),
    ]


def test_a_run_of_yesterday_is_over(runs: Runs):
    runs.work(1, 2)
    runs.database.run("UPDATE spotify_runs SET updated_at = now() - interval '2 hours'")
    runs.work(2, 2)
    assert [run.missing for run in runs.read()] == [(1,), (2,)]


def test_a_process_without_a_word_for_a_minute_is_not_running(runs: Runs):
    """Behind PgBouncer the lock of a killed process may stay."""
    _, session = runs.begin(1, 1)
    runs.database.run("UPDATE spotify_runs SET updated_at = now() - interval '61 s'")
    assert [(run.running, run.interrupted) for run in runs.read()] == [((), (1,))]
    runs.kill(session)


def test_old_runs_are_forgotten_but_never_the_last_number(runs: Runs):
    for _ in range(2):
        runs.work(1, 1)
    runs.database.run("UPDATE spotify_runs SET updated_at = now() - interval '31 days'")
    runs.work(1, 1)
    assert [run.run for run in runs.read()] == [3, 2]


def test_a_long_run_is_shown_beside_many_short_ones(runs: Runs):
    _, session = runs.begin(3, 4)
    for _ in range(7):
        runs.work(1, 1)
    assert [run.run for run in runs.read()] == [8, 7, 6, 5, 4, 1]
    runs.kill(session)


def test_the_reason_of_an_end_fits_any_encoding(cluster: Cluster, stack: ExitStack):
    made = cluster.create()
    made.run("CREATE TABLE tracks (id serial PRIMARY KEY, artist text, title text, spotify_data jsonb)")
    with ExitStack() as inner:
        runs = Runs(made, inner)
        runs.work(1, 1, ExternalError("caf\u00e9 \u2026 \0" + "x" * 5_000))
        (run,) = runs.read()
    assert run.failed[1].startswith(r"caf\xe9 \u2026 xxx")
    assert len(run.failed[1]) == 500
    cluster.drop(made)
