"""What is known is written once, completely, and whatever the server refuses costs nobody else."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import servers
from boombap.clients.postgres.pool import Pool
from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import from_text
from boombap.errors import Conflict, ExternalError, TimedOut
from boombap.interrupt import Interrupt
from boombap.local import postgres
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.leases import Leases, Selection
from boombap.spotify.catalogue.writer import CatalogueWriter, Written
from boombap.spotify.model import Outcome, TrackQuery
from boombap.spotify.settings import FIELDS
from databases import until
from spotify.answers import a_match, an_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from databases import Cluster, Database

LIMITS = Limits(statement_ms=10_000, lock_ms=10_000)


@pytest.fixture
def prepared(database: Database) -> Database:
    database.run("UPDATE tracks SET spotify_data = NULL")
    with closing(Session(database.target(), LIMITS, Interrupt())) as session:
        schema.prepare(session)
    return database


@pytest.fixture
def store(prepared: Database) -> Iterator[CatalogueWriter]:
    with prepared.pool(limits=LIMITS) as pool:
        yield CatalogueWriter(pool, fields=FIELDS)


def counts(database: Database) -> tuple[int, ...]:
    (row,) = database.run(
        "SELECT (SELECT count(*) FROM spotify_artists) AS artists, (SELECT count(*) FROM spotify_albums) AS albums,"
        " (SELECT count(*) FROM spotify_tracks) AS tracks, (SELECT count(*) FROM spotify_matches) AS matches,"
        " (SELECT count(*) FROM tracks WHERE spotify_data IS NOT NULL) AS filled,"
        " (SELECT count(*) FROM spotify_dead_letters) AS dead, (SELECT count(*) FROM spotify_leases) AS leases"
    )
    return tuple(row.values())


def test_everything_is_written(store: CatalogueWriter, prepared: Database):
    assert store.write([a_match(1), a_match(2), a_match(3, Outcome.NOT_FOUND)]) == Written(3, 0)
    assert counts(prepared) == (3, 2, 2, 3, 2, 0, 0)
    (track,) = prepared.run("SELECT * FROM spotify_tracks WHERE id = %s", (an_id("t", 1),))
    del track["checked_on"], track["name_hash"]
    assert track == {
        "id": an_id("t", 1),
        "name": "Song 1",
        "artist_ids": [an_id("r", 1), an_id("r", 99)],
        "album_id": an_id("l", 1),
        "duration_ms": 180_001,
        "explicit": True,
        "isrc": "USXX10000001",
        "popularity": 1,
        "track_number": 2,
        "disc_number": 1,
        "preview_url": "https://p.example/1",
    }
    (match,) = prepared.run("SELECT * FROM spotify_matches WHERE track_id = 1")
    assert match.pop("checked_at")
    assert match == {
        "track_id": 1,
        "outcome": "matched",
        "spotify_id": an_id("t", 1),
        "candidate_id": None,
        "requested_id": None,
        "score": pytest.approx(0.97),
        "margin": pytest.approx(0.2),
        "reasons": ["isrc", "title"],
        **prepared.run("SELECT artist, title FROM tracks WHERE id = 1")[0],
    }


def test_tracks_get_both_shapes_of_spotify_data(store: CatalogueWriter, prepared: Database):
    store.write([a_match(1)])
    (row,) = prepared.run("SELECT spotify_data FROM tracks WHERE id = 1")
    assert row["spotify_data"] == {
        "id": an_id("t", 1),
        "track_id": an_id("t", 1),
        "name": "Song 1",
        "artists": [{"id": an_id("r", 1), "name": "MC 1"}, {"id": an_id("r", 99), "name": "DJ Gast"}],
        "album": {"id": an_id("l", 1), "name": "Album 1", "release_date": "1999-11"},
        "album_id": an_id("l", 1),
        "album_name": "Album 1",
        "release_date": "1999-11",
        "duration_ms": 180_001,
        "explicit": True,
        "popularity": 1,
        "isrc": "USXX10000001",
        "preview_url": "https://p.example/1",
        "external_urls": {"spotify": "https://open.spotify.com/track/" + an_id("t", 1)},
    }


@pytest.mark.parametrize("outcome", [Outcome.AMBIGUOUS, Outcome.LOCAL_ONLY])
def test_a_candidate_is_not_the_answer(store: CatalogueWriter, prepared: Database, outcome: Outcome):
    store.write([a_match(1, outcome)])
    (match,) = prepared.run("SELECT outcome, spotify_id, candidate_id FROM spotify_matches")
    assert match == {"outcome": outcome.value, "spotify_id": None, "candidate_id": an_id("t", 1)}
    assert counts(prepared) == (0, 0, 0, 1, 0, 0, 0)


def test_a_failure_is_no_verdict(store: CatalogueWriter, prepared: Database):
    assert store.write([a_match(1, Outcome.FAILED)]) == Written(0, 0)
    assert store.write([]) == Written(0, 0)
    assert counts(prepared) == (0, 0, 0, 0, 0, 0, 0)


def test_twice_is_once(store: CatalogueWriter, prepared: Database):
    batch = [a_match(number) for number in range(1, 51)]
    store.write(batch)
    before = prepared.run("SELECT xmin::text FROM spotify_tracks UNION ALL SELECT xmin::text FROM tracks ORDER BY 1")
    store.write([*batch, *batch])
    after = prepared.run("SELECT xmin::text FROM spotify_tracks UNION ALL SELECT xmin::text FROM tracks ORDER BY 1")
    assert before == after
    assert counts(prepared) == (11, 20, 50, 50, 50, 0, 0)


def test_what_development_mode_leaves_out_is_kept(store: CatalogueWriter, prepared: Database):
    store.write([a_match(7)])
    store.write([a_match(7, popularity=None, isrc=None, preview_url=None, album=None, name="Song 7 (new)")])
    (track,) = prepared.run("SELECT name, popularity, isrc, preview_url, album_id FROM spotify_tracks")
    assert track == {
        "name": "Song 7 (new)",
        "popularity": 7,
        "isrc": "USXX10000007",
        "preview_url": "https://p.example/7",
        "album_id": an_id("l", 7),
    }
    (row,) = prepared.run("SELECT spotify_data FROM tracks WHERE id = 7")
    assert row["spotify_data"]["popularity"] == 7
    assert row["spotify_data"]["name"] == "Song 7 (new)"


@pytest.mark.parametrize("key", ["id", "track_id"])
def test_what_the_old_enhancer_knew_of_the_same_track_is_kept(store: CatalogueWriter, prepared: Database, key: str):
    old = {key: an_id("t", 1), "popularity": 77, "migrated_from_sqlite": True}
    prepared.run("UPDATE tracks SET spotify_data = %s WHERE id = 1", (json.dumps(old),))
    store.write([a_match(1, popularity=None)])
    (row,) = prepared.run("SELECT spotify_data FROM tracks WHERE id = 1")
    assert (row["spotify_data"]["popularity"], row["spotify_data"]["migrated_from_sqlite"]) == (77, True)


@pytest.mark.parametrize("old", ['{"id": "another", "popularity": 77}', "[1, 2]", '"text"', "null"])
def test_what_belongs_to_another_track_is_replaced(store: CatalogueWriter, prepared: Database, old: str):
    prepared.run("UPDATE tracks SET spotify_data = %s WHERE id = 1", (old,))
    store.write([a_match(1, popularity=None)])
    (row,) = prepared.run("SELECT spotify_data FROM tracks WHERE id = 1")
    assert row["spotify_data"]["id"] == an_id("t", 1)
    assert "popularity" not in row["spotify_data"]


def test_only_the_fields_that_are_wanted_are_stored(prepared: Database):
    with prepared.pool(limits=LIMITS) as pool:
        CatalogueWriter(pool, fields=("album",)).write([a_match(1)])
        CatalogueWriter(pool, fields=()).write([a_match(2)])
    rows = prepared.run("SELECT album_id, duration_ms, explicit, isrc, popularity, preview_url FROM spotify_tracks")
    assert {tuple(row.values()) for row in rows} == {(an_id("l", 1), *[None] * 5), (None,) * 6}
    assert prepared.run("SELECT id, release_date FROM spotify_albums") == [{"id": an_id("l", 1), "release_date": None}]


def test_lists_without_rows_store_what_spotify_says(prepared: Database):
    with prepared.pool(limits=LIMITS) as pool:
        assert CatalogueWriter(pool, fields=FIELDS, keyed=False).write([a_match(1)]) == Written(1, 0)
    assert counts(prepared) == (2, 1, 1, 0, 0, 0, 0)


def test_a_relinked_track_is_stored_under_its_own_id(store: CatalogueWriter, prepared: Database):
    store.write([a_match(1, requested_id=an_id("t", 5))])
    (match,) = prepared.run("SELECT spotify_id, requested_id FROM spotify_matches")
    assert match == {"spotify_id": an_id("t", 1), "requested_id": an_id("t", 5)}


BAD = {
    "NUL": ({"name": "a\0b"}, "22021"),
    "lone surrogate": ({"name": "a\ud800b"}, "22021"),
    "id too long": ({"id": "x" * 23}, "22001"),
    "number too large": ({"popularity": 2**40}, "22003"),
    "no id": ({"id": None}, "23514"),
}


@pytest.mark.parametrize(("changes", "sqlstate"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_costs_no_other(
    store: CatalogueWriter, prepared: Database, changes: dict[str, object], sqlstate: str
):
    batch = [a_match(number) for number in range(1, 31)]
    batch[12] = a_match(13, **changes)
    assert store.write(batch) == Written(29, 1)
    (dead,) = prepared.run("SELECT track_id, sqlstate, reason, row_json FROM spotify_dead_letters")
    assert (dead["track_id"], dead["sqlstate"]) == (13, sqlstate)
    assert dead["reason"]
    assert json.loads(dead["row_json"])[0][1] == "MC 3"
    assert counts(prepared)[2:] == (29, 29, 29, 1, 0)


def test_a_trigger_that_refuses_is_no_fault_of_the_batch(store: CatalogueWriter, prepared: Database):
    prepared.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF new.track_id = 2 THEN RAISE 'no'; END IF; RETURN new; END $$;"
        "CREATE TRIGGER refuse BEFORE INSERT ON spotify_matches FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    assert store.write([a_match(1), a_match(2), a_match(3)]) == Written(2, 1)


def test_a_row_that_was_refused_and_is_good_now_is_no_dead_letter(store: CatalogueWriter, prepared: Database):
    store.write([a_match(1, name="a\0b")])
    store.write([a_match(1, name="a\0c")])
    assert counts(prepared)[5] == 1
    store.write([a_match(1)])
    assert counts(prepared)[2:6] == (1, 1, 1, 0)


@given(name=st.text(), album=st.text(), reasons=st.lists(st.text()))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_stored_or_refused(
    store: CatalogueWriter, prepared: Database, name: str, album: str, reasons: list[str]
):
    prepared.run("TRUNCATE spotify_tracks, spotify_albums, spotify_matches, spotify_dead_letters")
    match = a_match(1, name=name)
    assert match.track is not None
    assert match.track.album is not None
    track = match.track._replace(album=match.track.album._replace(name=album))
    written = store.write([match._replace(track=track, reasons=tuple(reasons))])
    is_bad = "\0" in name + album + "".join(reasons)
    assert written == (Written(0, 1) if is_bad else Written(1, 0))
    if not is_bad:
        (row,) = prepared.run("SELECT spotify_data FROM tracks WHERE id = 1")
        assert (row["spotify_data"]["name"], row["spotify_data"]["album_name"]) == (name, album)


def test_done_ends_the_lease_in_the_same_transaction(prepared: Database):
    with ExitStack() as stack:
        pool = stack.enter_context(prepared.pool(limits=LIMITS))
        leases = stack.enter_context(
            Leases(Session(prepared.target(), LIMITS, Interrupt()), Selection(max_tracks=4), chunk=4)
        )
        next(leases.chunks())
        store = CatalogueWriter(pool, fields=FIELDS, holder=leases.holder)
        store.write([a_match(1), a_match(2, name="a\0b"), a_match(3, Outcome.FAILED)])
        assert prepared.run("SELECT track_id FROM spotify_leases ORDER BY 1") == [{"track_id": 3}, {"track_id": 4}]
        CatalogueWriter(pool, fields=FIELDS, holder=leases.holder + 1).write([a_match(4)])
        assert prepared.run("SELECT track_id FROM spotify_leases ORDER BY 1") == [{"track_id": 3}, {"track_id": 4}]


@pytest.fixture
def leased(prepared: Database) -> Iterator[CatalogueWriter]:
    """A writer for all rows, which are leased."""
    with ExitStack() as stack:
        pool = stack.enter_context(prepared.pool(limits=LIMITS))
        leases = stack.enter_context(Leases(Session(prepared.target(), LIMITS, Interrupt()), Selection()))
        list(leases.chunks())
        yield CatalogueWriter(pool, fields=FIELDS, holder=leases.holder)


def data_of(database: Database, track_id: int) -> object:
    return database.run("SELECT spotify_data FROM tracks WHERE id = %s", (track_id,))[0]["spotify_data"]


def test_a_verdict_keeps_the_words_of_its_lease(leased: CatalogueWriter, prepared: Database):
    """A row that is corrected while Spotify is asked about it gets nothing of another song."""
    before = prepared.run("SELECT artist, title FROM tracks WHERE id = 1")
    prepared.run("UPDATE tracks SET title = 'Sonata 14' WHERE id = 1")
    leased.write([a_match(1), a_match(2)])
    assert (data_of(prepared, 1), data_of(prepared, 2) is None) == (None, False)
    assert prepared.run("SELECT artist, title FROM spotify_matches WHERE track_id = 1") == before


@pytest.mark.parametrize("outcome", [Outcome.NOT_FOUND, Outcome.AMBIGUOUS, Outcome.LOCAL_ONLY])
def test_what_was_found_for_other_words_goes(store: CatalogueWriter, prepared: Database, outcome: Outcome):
    store.write([a_match(1), a_match(2), a_match(3)])
    prepared.run("UPDATE tracks SET title = 'Sonata 14' WHERE id IN (1, 3)")
    prepared.run('UPDATE tracks SET spotify_data = \'{"id": "of an earlier program"}\' WHERE id = 3')
    store.write([a_match(1, outcome), a_match(2, outcome), a_match(3, outcome)])
    assert data_of(prepared, 1) is None
    assert data_of(prepared, 2) is not None, "the same words: an old answer is better than none"
    assert data_of(prepared, 3) == {"id": "of an earlier program"}


def test_a_refusal_keeps_the_words_of_its_lease(leased: CatalogueWriter, prepared: Database):
    before = prepared.run("SELECT artist, title FROM tracks WHERE id = 1")
    prepared.run("UPDATE tracks SET title = 'Sonata 14' WHERE id = 1")
    assert leased.write([a_match(1, name="a\0b")]) == Written(0, 1)
    assert prepared.run("SELECT artist, title FROM spotify_dead_letters") == before


def test_rows_that_have_lost_their_metadata_get_it_back(store: CatalogueWriter, prepared: Database):
    store.write([a_match(n) for n in range(1, 6)])
    prepared.run("UPDATE spotify_matches SET checked_at = '2026-01-01'")
    prepared.run("UPDATE spotify_tracks SET checked_on = '2026-01-01'")
    before = prepared.run("SELECT * FROM tracks ORDER BY id"), prepared.run("SELECT * FROM spotify_matches")
    for track_id, lost in enumerate([None, "null", "{}"], 1):
        prepared.run("UPDATE tracks SET spotify_data = %s WHERE id = %s", (lost, track_id))
    assert list(store.refill()) == [3]
    assert (prepared.run("SELECT * FROM tracks ORDER BY id"), prepared.run("SELECT * FROM spotify_matches")) == before
    assert prepared.run("SELECT DISTINCT checked_on::text FROM spotify_tracks") == [{"checked_on": "2026-01-01"}]
    assert list(store.refill()) == []


def test_a_row_with_other_words_gets_nothing_back(store: CatalogueWriter, prepared: Database):
    store.write([a_match(1), a_match(2)])
    prepared.run("UPDATE tracks SET spotify_data = NULL")
    prepared.run("UPDATE tracks SET title = 'Sonata 14' WHERE id = 1")
    with prepared.holding("SELECT 1 FROM tracks WHERE id = 2 FOR UPDATE"):
        assert list(store.refill()) == []
    assert list(store.refill()) == [1]
    assert data_of(prepared, 1) is None


def test_several_threads_write_the_same_rows(prepared: Database):
    """In opposite orders: without an order of the locks they would wait for each other in a circle."""
    batches = [[a_match(number) for number in range(1, 201)] for _ in range(3)]
    batches[1].reverse()
    errors: list[BaseException] = []

    def write(store: CatalogueWriter, mine: int) -> None:
        try:
            for turn in range(3):
                store.write([match._replace(score=mine / 10 + turn / 100) for match in batches[mine]])
        except BaseException as error:  # noqa: BLE001 - looked at below
            errors.append(error)

    with prepared.pool(limits=LIMITS) as pool:
        store = CatalogueWriter(pool, fields=FIELDS)
        threads = [threading.Thread(target=write, args=(store, mine)) for mine in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert counts(prepared) == (11, 20, 200, 200, 200, 0, 0)


@pytest.mark.parametrize(("state", "kind"), [("40P01", Conflict), ("40001", Conflict), ("57014", TimedOut)])
def test_what_may_pass_by_itself_is_raised_as_such(
    store: CatalogueWriter, prepared: Database, state: str, kind: type[ExternalError]
):
    """The batch is undone as a whole, and the caller may write it again."""
    prepared.run(
        "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE 'no' USING ERRCODE = '{state}'; END $$;"
        "CREATE TRIGGER stumble AFTER INSERT ON spotify_matches FOR EACH STATEMENT EXECUTE FUNCTION stumble()"
    )
    batch = [a_match(number) for number in range(1, 11)]
    with pytest.raises(kind) as caught:
        store.write(batch)
    assert caught.value.transient
    assert counts(prepared) == (0, 0, 0, 0, 0, 0, 0)
    prepared.run("DROP TRIGGER stumble ON spotify_matches")
    assert store.write(batch) == Written(10, 0)


def test_a_statement_time_out_undoes_the_batch(prepared: Database):
    with prepared.pool(limits=Limits(statement_ms=100, lock_ms=10_000)) as pool:
        store = CatalogueWriter(pool, fields=FIELDS)
        with prepared.holding("LOCK TABLE spotify_matches IN EXCLUSIVE MODE"), pytest.raises(TimedOut):
            store.write([a_match(1)])
        assert counts(prepared) == (0, 0, 0, 0, 0, 0, 0)
        assert store.write([a_match(1)]) == Written(1, 0)


def test_a_connection_that_breaks_in_a_flush_loses_and_doubles_nothing(store: CatalogueWriter, prepared: Database):
    batch = [a_match(number) for number in range(1, 11)]
    caught: list[ExternalError] = []

    def write() -> None:
        try:
            store.write(batch)
        except ExternalError as error:
            caught.append(error)

    with prepared.holding("LOCK TABLE spotify_matches IN EXCLUSIVE MODE"):
        thread = threading.Thread(target=write)
        thread.start()
        waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'spotify_matches'::regclass"
        (row,) = until(lambda: prepared.run(waiting))
        prepared.run("SELECT pg_terminate_backend(%s)", (row["pid"],))
        thread.join()
    assert [(type(error).__name__, error.transient) for error in caught] == [("Disconnected", True)]
    assert counts(prepared) == (0, 0, 0, 0, 0, 0, 0)
    assert store.write(batch) == Written(10, 0)
    assert counts(prepared) == (11, 10, 10, 10, 10, 0, 0)


def test_a_server_that_stops_between_flushes_says_so_and_resumes(tmp_path: Path):
    with servers.running_postgres(18, tmp_path) as running:
        target = from_text(running.url, origin="the test")
        with closing(Session(target, LIMITS, Interrupt())) as session:
            session.write(
                "CREATE TABLE {current.tracks} (id int PRIMARY KEY, artist text, title text, spotify_data jsonb)"
            )
            session.write("INSERT INTO {path.tracks} SELECT generate_series(1, 10)")
            schema.prepare(session)
        with Pool(target, Interrupt(), limits=LIMITS, size=1) as pool:
            store = CatalogueWriter(pool, fields=FIELDS)
            store.write([a_match(1)])
            postgres.stop(tmp_path)
            with pytest.raises(ExternalError) as caught:
                store.write([a_match(1), a_match(2)])
            assert caught.value.transient
            with servers.running_postgres(18, tmp_path):
                assert store.write([a_match(1), a_match(2)]) == Written(2, 0)
                assert pool.read("SELECT count(*) AS n FROM {path.spotify_tracks}") == [{"n": 2}]


def test_every_version_of_postgresql_takes_a_batch(each_cluster: Cluster):
    made = each_cluster.create()
    made.run("CREATE TABLE tracks (id int PRIMARY KEY, artist text, title text, spotify_data jsonb)")
    made.run("INSERT INTO tracks VALUES (1)")
    with closing(Session(made.target(), LIMITS, Interrupt())) as session:
        schema.prepare(session)
    with made.pool(limits=LIMITS) as pool:
        assert CatalogueWriter(pool, fields=FIELDS).write([a_match(1)]) == Written(1, 0)
    each_cluster.drop(made)


def test_a_wanted_row_that_is_gone_leaves_its_verdict(store: CatalogueWriter, prepared: Database):
    gone = a_match(1)._replace(wanted=TrackQuery(2_000_000, "x", "y"))
    assert store.write([gone]) == Written(1, 0)
