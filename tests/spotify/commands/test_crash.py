"""Killed at any point, again and again: nothing is lost or doubled, and what is done is not asked for again."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from databases import until

if TYPE_CHECKING:
    from databases import Database

_KILLS = 20
# Prints what it asks for before it writes it, as a request costs quota whether or not its answer is kept.
_WORKER = """
import sys
from boombap.clients.postgres.pool import Pool
from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import from_text
from boombap.spotify.settings import FIELDS
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue.leases import Leases, Selection
from boombap.spotify.catalogue.writer import CatalogueWriter
from spotify.answers import a_match

target, limits = from_text(sys.argv[1], origin="the test"), Limits(statement_ms=10_000, lock_ms=10_000)
with Pool(target, Interrupt(), limits=limits, size=1) as pool:
    with Leases(Session(target, limits, Interrupt()), Selection(), chunk=10) as leases:
        store = CatalogueWriter(pool, fields=FIELDS, holder=leases.holder)
        for chunk in leases.chunks():
            print(*(wanted.key for wanted in chunk), flush=True)
            store.write([a_match(wanted.key) for wanted in chunk])
"""


def start(database: Database) -> subprocess.Popen[str]:
    tests = Path(__file__).parents[2]
    program = f"import sys; sys.path.insert(0, {str(tests)!r})\n{_WORKER}"
    return subprocess.Popen([sys.executable, "-c", program, database.url()], stdout=subprocess.PIPE, text=True)


def done(database: Database) -> set[int]:
    return {row["track_id"] for row in database.run("SELECT track_id FROM spotify_matches")}


def killed(database: Database, chance: random.Random) -> list[int]:
    """Let a worker write for a while and kill it; gives the rows that it asked for."""
    with start(database) as worker:
        assert worker.stdout is not None
        lines = [worker.stdout.readline() for _ in range(chance.randint(1, 5))]
        # Between the chunks or in the middle of one.
        until(lambda: chance.random() < 0.3)
        worker.kill()
        lines += worker.stdout.readlines()
    return [int(word) for line in lines for word in line.split()]


@pytest.mark.timeout(60)
@pytest.mark.slow
def test_killed_at_twenty_points_and_resumed(database: Database):
    database.run("UPDATE tracks SET spotify_data = NULL")
    with closing(Session(database.target(), Limits(lock_ms=5_000), Interrupt())) as session:
        schema.prepare(session)
    chance = random.Random(20)
    asked = 0
    for _ in range(_KILLS):
        before = done(database)
        keys = killed(database, chance)
        asked += len(keys)
        assert before.isdisjoint(keys)
        until(lambda: not database.sessions())
    with start(database) as worker:
        asked += len(worker.communicate()[0].split())
    assert worker.returncode == 0
    assert done(database) == set(range(1, 1_001))
    # A kill costs what was under way, one chunk, and no more.
    assert asked <= 1_000 + _KILLS * 10
    (row,) = database.run(
        "SELECT count(*) AS filled, count(DISTINCT spotify_data ->> 'id') AS ids,"
        " (SELECT count(*) FROM spotify_tracks) AS tracks, (SELECT count(*) FROM spotify_leases) AS leases"
        " FROM tracks WHERE spotify_data IS NOT NULL"
    )
    assert row == {"filled": 1_000, "ids": 1_000, "tracks": 1_000, "leases": 0}
