"""Every wanted row is given once, to one process; what a process leaves behind when it dies is free again."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.errors import Disconnected
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.leases import Leases, Phase, Selection, peek
from boombap.spotify.model import Priority, Shard
from databases import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.spotify.model import TrackQuery
    from databases import Cluster, Database

EVERY = set(range(1, 1_001))
ALL = Selection()
_ID = "0123456789abcdefghijAZ"
_HOLDER = """
import sys
from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import from_text
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue.leases import Leases, Selection

leases = Leases(Session(from_text(sys.argv[1], origin="the test"), Limits(), Interrupt()), Selection(), chunk=100)
print(*(wanted.key for wanted in next(leases.chunks())), flush=True)
sys.stdin.read()
"""


def connect(database: Database) -> Session:
    return Session(database.target(), Limits(lock_ms=5_000), Interrupt())


@pytest.fixture
def prepared(database: Database) -> Database:
    """1,000 tracks without anything of Spotify's."""
    database.run("UPDATE tracks SET spotify_data = NULL")
    with closing(connect(database)) as session:
        schema.prepare(session)
    return database


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def leases(database: Database, stack: ExitStack, selection: Selection = ALL, **options: float) -> Leases:
    return stack.enter_context(Leases(connect(database), selection, **options))  # type: ignore[arg-type]


def taken(database: Database, selection: Selection = ALL, **options: float) -> list[TrackQuery]:
    with ExitStack() as stack:
        return [query for chunk in leases(database, stack, selection, **options).chunks() for query in chunk]


def judge(database: Database, track_id: int, outcome: str, age: str) -> None:
    database.run(
        "INSERT INTO spotify_matches (track_id, outcome, spotify_id, score, reasons, checked_at, artist, title)"
        " SELECT id, %s, %s, 1, '{}', now() - %s::interval, artist, title FROM tracks WHERE id = %s",
        (outcome, _ID if outcome == "matched" else None, age, track_id),
    )
    database.run(
        "INSERT INTO spotify_tracks (id, name, artist_ids, album_id) VALUES (%s, 'n', '{}', %s) ON CONFLICT DO NOTHING",
        (_ID, _ID),
    )


def test_every_row_is_given_once(prepared: Database):
    rows = taken(prepared, chunk=300)
    assert [row.key for row in rows] == sorted(EVERY)
    assert {row.priority for row in rows} == {Priority.BACKFILL}
    (first,) = prepared.run("SELECT artist, title, explicit FROM tracks WHERE id = 1")
    assert (rows[0].artist, rows[0].title, rows[0].explicit) == (first["artist"], first["title"], first["explicit"])
    assert prepared.run("SELECT 1 FROM spotify_leases") == []


@pytest.mark.parametrize("max_tracks", [0, 1, 299, 300, 301, 2_000])
def test_no_more_than_asked_for(prepared: Database, max_tracks: int):
    assert len(taken(prepared, Selection(max_tracks=max_tracks), chunk=300)) == min(max_tracks, 1_000)


def test_two_at_once_never_get_the_same_row(prepared: Database):
    found: list[list[int]] = [[] for _ in range(4)]
    start = threading.Barrier(4)

    def take(mine: list[int]) -> None:
        with Leases(connect(prepared), Selection(), chunk=20) as held:
            start.wait()
            for chunk in held.chunks():
                mine.extend(row.key for row in chunk)
            start.wait()

    threads = [threading.Thread(target=take, args=(mine,)) for mine in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = [key for mine in found for key in mine]
    assert sorted(together) == sorted(EVERY)


@pytest.mark.parametrize("count", [2, 4, 7])
def test_shards_share_the_rows_without_a_rest(prepared: Database, count: int):
    parts = [[row.key for row in taken(prepared, Selection(shard=Shard(n + 1, count)), chunk=90)] for n in range(count)]
    assert sorted(key for part in parts for key in part) == sorted(EVERY)
    assert max(map(len, parts)) < 1.3 * 1_000 / count


def shard_of(key: int, count: int) -> int:
    return ((((key ^ (key >> 32)) & 0xFFFFFFFF) * 1640531527 >> 16) & 0x7FFFFFFF) % count + 1


def test_every_version_puts_a_row_into_the_same_shard(each_cluster: Cluster):
    """Another hash would give rows of a run that is resumed after an update to nobody, or twice."""
    made = each_cluster.create()
    made.run(
        "CREATE TABLE tracks (id bigint PRIMARY KEY, artist text, title text, explicit boolean, spotify_data jsonb)"
    )
    keys = [*range(1, 60), 2**31, 2**32 + 1, 2**53, 2**63 - 1]
    made.run("INSERT INTO tracks (id) SELECT unnest(%s::bigint[])", (keys,))
    with closing(connect(made)) as session:
        schema.prepare(session)
    for number in (1, 2, 3):
        found = [row.key for row in taken(made, Selection(shard=Shard(number, 3)))]
        assert found == [key for key in keys if shard_of(key, 3) == number]
    each_cluster.drop(made)


def test_a_plan_and_what_is_left_are_about_the_shard(prepared: Database, stack: ExitStack):
    shard = Selection(shard=Shard(2, 4))
    mine = {row.key for row in taken(prepared, shard)}
    with closing(connect(prepared)) as session:
        assert {row.key for chunk in peek(session, shard) for row in chunk} == mine
    other = leases(prepared, stack, Selection(shard=Shard(1, 4)))
    assert len(list(other.chunks())) == 1
    assert leases(prepared, stack, shard).unserved().leased == 0
    assert leases(prepared, stack).unserved().leased > 200


def test_a_plan_before_the_first_run_is_about_the_shard(database: Database):
    with closing(connect(database)) as session:
        parts = [[row.key for chunk in peek(session, Selection(shard=Shard(n, 3))) for row in chunk] for n in (1, 2, 3)]
    assert sorted(key for part in parts for key in part) == sorted(EVERY)
    assert all(parts)


def test_a_row_that_another_one_finished_meanwhile_is_not_given(prepared: Database):
    """The snapshot of a process that waits is older than the result that it waits for."""
    insert = "INSERT INTO spotify_leases VALUES (1, 7, now() + interval '1 hour')"
    with prepared.holding(insert) as other, ExitStack() as stack:
        found: list[list[TrackQuery]] = []
        mine = leases(prepared, stack, chunk=10)
        thread = threading.Thread(target=lambda: found.append(next(mine.chunks())))
        thread.start()
        until(lambda: prepared.run("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"))
        with other.cursor() as cursor:
            cursor.execute("DELETE FROM spotify_leases")
            cursor.execute(
                "INSERT INTO spotify_matches (track_id, outcome, score, reasons, artist, title)"
                " SELECT id, 'not_found', 0, '{}', artist, title FROM tracks WHERE id = 1"
            )
            cursor.execute("COMMIT")
        thread.join()
        assert [row.key for row in found[0]] == list(range(2, 11))
        assert prepared.run("SELECT count(*) AS n FROM spotify_leases") == [{"n": 9}]


def test_rows_of_a_killed_process_are_free_at_once(prepared: Database):
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, prepared.url()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    held = {int(word) for word in child.stdout.readline().split()}
    assert len(held) == 100
    assert {row.key for row in taken(prepared)} == EVERY - held
    child.kill()
    child.communicate()
    until(lambda: not prepared.run("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"))
    assert {row.key for row in taken(prepared)} == EVERY


def test_a_lease_ends_with_its_time(prepared: Database, stack: ExitStack):
    mine = leases(prepared, stack, chunk=100, lease_s=0.0)
    held = {row.key for row in next(mine.chunks())}
    assert {row.key for row in taken(prepared)} >= held
    mine.renew()


def test_a_renewed_lease_stands(prepared: Database, stack: ExitStack):
    mine = leases(prepared, stack, chunk=100)
    held = {row.key for row in next(mine.chunks())}
    prepared.run("UPDATE spotify_leases SET ends_at = now() - interval '1 second'")
    mine.renew()
    assert {row.key for row in taken(prepared)} == EVERY - held


def test_rows_given_back_are_free(prepared: Database, stack: ExitStack):
    mine = leases(prepared, stack, chunk=100)
    next(mine.chunks())
    mine.release([1, 2])
    assert {row.key for row in taken(prepared)} == EVERY - set(range(3, 101))


def test_a_row_that_somebody_else_changes_is_left_out(prepared: Database):
    with prepared.holding("UPDATE tracks SET title = 'x' WHERE id = 5"):
        assert {row.key for row in taken(prepared)} == EVERY - {5}


def test_fresh_answers_are_not_asked_for_again(prepared: Database):
    judge(prepared, 1, "matched", "400 days")
    judge(prepared, 2, "not_found", "29 days")
    judge(prepared, 3, "not_found", "31 days")
    judge(prepared, 4, "ambiguous", "1 day")
    prepared.run(
        "INSERT INTO spotify_dead_letters (track_id, sqlstate, reason, row_json, artist, title, failed_at)"
        " SELECT id, '22021', '', '', artist, title, now() - CASE id WHEN 6 THEN 31 ELSE 0 END * interval '1 day'"
        " FROM tracks WHERE id IN (5, 6)"
    )
    assert {row.key for row in taken(prepared)} == EVERY - {1, 2, 4, 5}


@pytest.mark.parametrize("outcome", ["matched", "not_found", "ambiguous"])
@pytest.mark.parametrize(
    "change", ["artist = 'Beethoven'", "title = 'Sonata 14'", "title = NULL", "artist = upper(artist)"]
)
def test_a_verdict_belongs_to_the_words_it_was_made_for(prepared: Database, outcome: str, change: str):
    prepared.run("ALTER TABLE tracks ALTER title DROP NOT NULL")
    prepared.run("UPDATE tracks SET artist = 'Mozart', title = 'Requiem' WHERE id <= 3")
    for track_id in (1, 2, 3):
        judge(prepared, track_id, outcome, "1 day")
    prepared.run(f"UPDATE tracks SET {change} WHERE id = 2")
    assert {row.key for row in taken(prepared)} == EVERY - {1, 3}
    with closing(connect(prepared)) as session:
        assert {row.key for chunk in peek(session, Selection()) for row in chunk} == EVERY - {1, 3}


def test_names_that_are_null_are_words_too(prepared: Database):
    prepared.run("ALTER TABLE tracks ALTER title DROP NOT NULL, ALTER artist DROP NOT NULL")
    prepared.run("UPDATE tracks SET title = NULL, artist = NULL WHERE id <= 2")
    judge(prepared, 1, "not_found", "1 day")
    judge(prepared, 2, "not_found", "1 day")
    prepared.run("UPDATE tracks SET artist = '' WHERE id = 2")
    assert {row.key for row in taken(prepared)} == EVERY - {1}


def test_columns_of_any_collation_are_compared(prepared: Database):
    prepared.run('ALTER TABLE tracks ALTER title TYPE varchar(500) COLLATE "POSIX"')
    judge(prepared, 1, "not_found", "1 day")
    assert {row.key for row in taken(prepared)} == EVERY - {1}


def test_a_refusal_belongs_to_its_words_too(prepared: Database):
    prepared.run(
        "INSERT INTO spotify_dead_letters (track_id, sqlstate, reason, row_json, artist, title)"
        " SELECT id, '22021', '', '', artist, title FROM tracks WHERE id <= 2"
    )
    prepared.run("UPDATE tracks SET title = 'corrected' WHERE id = 2")
    assert {row.key for row in taken(prepared)} == EVERY - {1}


def test_a_matched_row_without_metadata_is_wanted_when_nothing_is_stored(prepared: Database):
    judge(prepared, 1, "matched", "1 day")
    judge(prepared, 2, "matched", "1 day")
    prepared.run("UPDATE spotify_matches SET spotify_id = %s WHERE track_id = 2", (_ID[::-1],))
    rows = {row.key: row for row in taken(prepared)}
    assert rows.keys() == EVERY - {1}
    assert rows[2].spotify_id == _ID[::-1]


def test_priorities(prepared: Database):
    judge(prepared, 900, "matched", "40 days")
    judge(prepared, 901, "matched", "20 days")
    judge(prepared, 902, "not_found", "1 day")
    rows = taken(prepared, Selection(asked=(902, 700), refresh_s=30 * 86_400.0, max_tracks=5))
    assert [(row.key, row.priority, row.spotify_id, row.album_id) for row in rows] == [
        (700, Priority.ASKED, None, None),
        (902, Priority.ASKED, None, None),
        (900, Priority.REFRESH, _ID, _ID),
        (1, Priority.BACKFILL, None, None),
        (2, Priority.BACKFILL, None, None),
    ]


def test_a_refresh_takes_nothing_else(prepared: Database):
    judge(prepared, 900, "matched", "40 days")
    assert [row.key for row in taken(prepared, Selection(phases=(Phase.REFRESH,), refresh_s=86_400.0))] == [900]


def test_what_the_old_enhancer_found_comes_last_with_its_id(database: Database):
    with closing(connect(database)) as session:
        schema.prepare(session)
    database.run("UPDATE tracks SET spotify_data = NULL")
    database.run(
        "UPDATE tracks SET spotify_data = jsonb_build_object('track_id', %s, 'album_id', 'not an id') WHERE id = 1",
        (_ID,),
    )
    database.run("UPDATE tracks SET spotify_data = '{\"id\": 7}' WHERE id = 2")
    database.run("UPDATE tracks SET spotify_data = '[1]' WHERE id = 3")
    database.run("UPDATE tracks SET spotify_data = '{}' WHERE id = 4")
    database.run("UPDATE tracks SET spotify_data = 'null' WHERE id = 5")
    rows = taken(database)
    assert [row.key for row in rows] == [*range(4, 1_001), 1, 2, 3]
    assert [(row.spotify_id, row.album_id) for row in rows[-3:]] == [(_ID, None), (None, None), (None, None)]
    assert len(taken(database, Selection(phases=(Phase.MISSING,)))) == 997


def test_a_plan_sees_the_rows_and_takes_none(database: Database, prepared: Database):
    judge(prepared, 1, "matched", "1 day")
    with closing(connect(prepared)) as session:
        rows = [row for chunk in peek(session, Selection(max_tracks=500), chunk=200) for row in chunk]
    assert [row.key for row in rows] == list(range(2, 502))
    assert prepared.run("SELECT 1 FROM spotify_leases") == []


def test_a_plan_needs_no_tables(database: Database):
    with closing(connect(database)) as session:
        rows = [row for chunk in peek(session, Selection(asked=(7,)), chunk=200) for row in chunk]
    assert {row.key for row in rows} == EVERY
    assert rows[0].key == 7
    assert database.run("SELECT 1 FROM pg_class WHERE relname LIKE 'spotify%'") == []


def test_a_server_that_dies_says_so(prepared: Database):
    held = Leases(connect(prepared), Selection(), chunk=10)
    chunks = held.chunks()
    next(chunks)
    prepared.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'boombap %'")
    with pytest.raises(Disconnected, match=r"the connection to .* broke"):
        next(chunks)
    assert {row.key for row in taken(prepared)} == EVERY
