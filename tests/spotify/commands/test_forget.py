"""What is forgotten is asked again; what was taken out of a row goes back; all named rows or none."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue.leases import Leases, Selection
from spotify.commands.test_batch import Processor
from spotify.upstream import id_of, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache
    from databases import Database

LIMITS = Limits(statement_ms=10_000, lock_ms=10_000)


@pytest.fixture
def processor(database: Database, cache: Cache, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    """Six rows that a batch has matched."""
    database.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL")
    with upstream() as web:
        made = Processor(web, database, cache, boombap, start_boombap)
        made.delete("id > 6")
        assert made.batch()["outcomes"] == {"matched": 6}
        yield made


def answered(processor: Processor, *words: str, code: int = 0) -> dict[str, Any]:
    done = processor.run(*words, "--format", "json")
    assert done.returncode == code, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in database.run(sql)]


def verdicts(database: Database) -> list[int]:
    return [key for (key,) in rows(database, "SELECT track_id FROM spotify_matches ORDER BY track_id")]


def stored(database: Database) -> list[tuple[Any, ...]]:
    return rows(database, "SELECT id, spotify_data ->> 'id' AS spotify_id FROM tracks ORDER BY id")


ALL = [(key, id_of(key)) for key in range(1, 7)]


def test_what_is_forgotten_is_asked_again(processor: Processor):
    before = processor.web.count("/v1")
    answer = answered(processor, "forget", "2", "1", "2")
    assert [(row["key"], row["outcome"], row["spotify_id"], row["quarantined"]) for row in answer["rows"]] == [
        (1, "matched", id_of(1), True),
        (2, "matched", id_of(2), True),
    ]
    assert verdicts(processor.database) == [3, 4, 5, 6]
    assert stored(processor.database) == [(1, None), (2, None), *ALL[2:]]
    done = processor.batch()
    # Not from the cache, which had both answers.
    assert (done["tracks"], done["cache_hits"], processor.web.count("/v1") - before) == (2, 0, 2)
    assert stored(processor.database) == ALL


def test_a_dry_run_changes_nothing(processor: Processor):
    done = processor.run("forget", "1", "--dry-run")
    assert done.returncode == 0
    assert done.stdout == (
        "row  verdict  track                   because\n"
        f"1    matched  {id_of(1)}  {' '.join(reasons(processor.database))}\n"
        "the results of 1 rows would be removed; nothing was changed\n"
    )
    assert (verdicts(processor.database), stored(processor.database)) == ([1, 2, 3, 4, 5, 6], ALL)
    assert processor.database.run("SELECT to_regclass('spotify_quarantine') AS id") == [{"id": None}]
    assert answered(processor, "restore", "1", "--dry-run", code=1)["not_in_quarantine"] == [1]


def reasons(database: Database) -> list[str]:
    ((found,),) = rows(database, "SELECT reasons FROM spotify_matches WHERE track_id = 1")
    assert isinstance(found, list)
    return found


def test_the_text_says_what_was_removed(processor: Processor):
    processor.database.run("DELETE FROM spotify_matches WHERE track_id = 2")
    done = processor.run("forget", "1", "2")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[2:] == [
        "2    no result",
        "the results of 1 rows were removed; the next batch asks again",
        "the metadata of 1 rows is in spotify_quarantine; `spotify restore` puts it back",
    ]


def test_metadata_of_another_track_stays(processor: Processor):
    processor.database.run("UPDATE tracks SET spotify_data = jsonb_build_object('id', 'other') WHERE id = 1")
    assert not answered(processor, "forget", "1")["rows"][0]["quarantined"]
    assert stored(processor.database)[0] == (1, "other")


def test_a_refused_result_is_forgotten_too(processor: Processor):
    processor.database.run(
        "INSERT INTO spotify_dead_letters (track_id, sqlstate, reason, row_json) VALUES (1, '22021', 'x', '{}')"
    )
    assert answered(processor, "forget", "1")["rows"][0]["was_refused"]
    assert rows(processor.database, "SELECT count(*) AS n FROM spotify_dead_letters") == [(0,)]


def test_a_choice_is_forgotten_too(processor: Processor):
    assert processor.run("choose", "1", id_of(5)).returncode == 0
    assert answered(processor, "forget", "1")["rows"][0]["reasons"] == ["chosen"]
    processor.batch()
    assert stored(processor.database) == ALL


@pytest.mark.parametrize("action", ["forget", "restore"])
def test_an_unknown_row_is_named_and_nothing_is_half_done(processor: Processor, action: str):
    done = processor.run(action, "1", "77", "78")
    assert (done.returncode, done.stdout) == (3, "")
    assert "tracks has no rows 77, 78 at " in done.stderr
    assert "; nothing was changed\n" in done.stderr
    assert (verdicts(processor.database), stored(processor.database)) == ([1, 2, 3, 4, 5, 6], ALL)


@pytest.mark.parametrize("action", ["forget", "restore"])
def test_rows_of_a_running_batch_are_left(processor: Processor, action: str):
    with closing(Session(processor.database.target(), LIMITS, Interrupt())) as session:
        leases = Leases(session, Selection(asked=(2, 3)))
        next(leases.chunks())
        done = processor.run(action, "1", "2", "3")
        assert (done.returncode, done.stdout) == (75, "")
        assert done.stderr == (
            "boombap spotify: a running batch works on rows 2, 3; nothing was changed; try again when it is done\n"
        )
    assert verdicts(processor.database) == [1, 2, 3, 4, 5, 6]
    # The leases ended with the session.
    assert answered(processor, "forget", "2")["rows"][0]["outcome"] == "matched"


def test_before_the_first_batch(database: Database, boombap: Any, start_boombap: Any):
    with upstream() as web:
        bare = Processor(web, database, None, boombap, start_boombap)
        done = bare.run("forget", "1", "-q")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no spotify tables at " in done.stderr
    assert "`spotify batch` makes them" in done.stderr


def test_a_cache_that_does_not_answer_is_named(processor: Processor):
    done = processor.run("forget", "1", REDIS_URL="redis://127.0.0.1:1/0")
    assert (done.returncode, done.stdout) == (3, "")
    assert "the results are removed, and their copies in the cache are not: " in done.stderr
    assert "run the command again" in done.stderr
    assert answered(processor, "forget", "1", code=1)["rows"][0]["outcome"] is None
    assert processor.batch()["cache_hits"] == 0


def quarantined(processor: Processor) -> None:
    processor.database.run("UPDATE tracks SET artist = 'Somebody Else' WHERE id <= 2")
    assert answered(processor, "audit", "--apply")["quarantined"] == 2
    assert stored(processor.database)[:2] == [(1, None), (2, None)]


def test_what_an_audit_took_out_goes_back(processor: Processor):
    before = rows(processor.database, "SELECT spotify_data FROM tracks WHERE id <= 2 ORDER BY id")
    quarantined(processor)
    assert answered(processor, "restore", "1", "2", "--dry-run")["dry_run"]
    assert stored(processor.database)[0] == (1, None)
    done = processor.run("restore", "1", "2", "3")
    assert done.returncode == 1
    assert done.stdout == (
        "row  track                   taken out as  because\n"
        f"1    {id_of(1)}  wrong         artist_differs\n"
        f"2    {id_of(2)}  wrong         artist_differs\n"
        "2 rows have their metadata back; `spotify choose` keeps it there\n"
        "spotify_quarantine has nothing of 3\n"
    )
    assert rows(processor.database, "SELECT spotify_data FROM tracks WHERE id <= 2 ORDER BY id") == before
    assert rows(processor.database, "SELECT count(*) AS n FROM spotify_quarantine") == [(0,)]


def test_what_the_row_has_instead_is_kept(processor: Processor):
    quarantined(processor)
    processor.database.run("UPDATE tracks SET spotify_data = jsonb_build_object('id', 'other') WHERE id = 1")
    processor.database.run(
        "INSERT INTO spotify_matches (track_id, outcome, score, reasons) VALUES (1, 'not_found', 0, '{no_candidate}')"
    )
    (row,) = answered(processor, "restore", "1")["rows"]
    assert (row["replaced"], row["verdict"], row["spotify_id"]) == (True, "wrong", id_of(1))
    assert 1 not in verdicts(processor.database)
    # Back again: the latest is what was replaced.
    assert answered(processor, "restore", "1")["rows"][0]["verdict"] == "replaced"
    assert stored(processor.database)[0] == (1, "other")


def test_a_chosen_row_is_not_overturned_by_a_restore(processor: Processor):
    assert processor.run("forget", "1").returncode == 0
    assert processor.run("choose", "1", id_of(5)).returncode == 0
    done = processor.run("restore", "1", "2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the track of row 1 was chosen; nothing was changed; `spotify forget` ends a choice" in done.stderr
    assert stored(processor.database)[0] == (1, id_of(5))


def test_forget_and_restore_are_each_other_undone(processor: Processor):
    assert processor.run("forget", *map(str, range(1, 7))).returncode == 0
    assert processor.run("restore", *map(str, range(1, 7))).returncode == 0
    assert stored(processor.database) == ALL
