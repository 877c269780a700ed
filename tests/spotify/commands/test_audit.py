"""The audit of both tables as a process: metadata in `tracks`, and matches that `tracks` does not show."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from spotify.commands.test_batch import Processor
from spotify.upstream import id_of, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache
    from databases import Database


@pytest.fixture
def processor(database: Database, cache: Cache, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    """Four rows without metadata, and their matches: right, wrong, chosen and wrong, and without a stored track."""
    with upstream() as web:
        made = Processor(web, database, cache, boombap, start_boombap)
        made.delete("id > 4")
        with closing(Session(database.target(), Limits(), Interrupt())) as session:
            schema.prepare(session)
        database.run(
            """
            UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL;
            INSERT INTO spotify_artists (id, name) VALUES ('nas', 'Nas'), ('abba', 'Abba');
            INSERT INTO spotify_tracks (id, name, artist_ids)
                SELECT lpad(id::text, 22, '0'), title, ARRAY[CASE id WHEN 1 THEN 'nas' ELSE 'abba' END]
                FROM tracks WHERE id < 4;
            INSERT INTO spotify_matches (track_id, outcome, spotify_id, score, reasons, artist, title)
                SELECT id, 'matched', lpad(id::text, 22, '0'), 1,
                    ARRAY[CASE id WHEN 3 THEN 'chosen' ELSE 'title' END], artist, title
                FROM tracks
            """
        )
        yield made


def audited(processor: Processor, *words: str, code: int) -> dict[str, Any]:
    done = processor.run("audit", *words, "--format", "json")
    assert done.returncode == code, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def matched(database: Database) -> list[int]:
    return [row["track_id"] for row in database.run("SELECT track_id FROM spotify_matches ORDER BY track_id")]


def test_matches_that_tracks_does_not_show_are_judged(processor: Processor):
    answer = audited(processor, code=1)
    assert answer["verdicts"] == {"right": 1, "wrong": 1, "chosen": 1, "unstored": 1}
    (wrong,) = answer["wrong"]
    assert (wrong["key"], wrong["spotify_id"], wrong["source"]) == (2, id_of(2), "spotify_matches")
    assert "1 matches were not judged: no table has their track" in processor.run("audit").stdout


def test_a_wrong_match_is_taken_out_and_kept(processor: Processor):
    assert audited(processor, "--apply", code=0)["quarantined"] == 1
    assert matched(processor.database) == [1, 3, 4]
    (kept,) = processor.database.run("SELECT track_id, spotify_data ->> 'name' AS name FROM spotify_quarantine")
    assert kept == {"track_id": 2, "name": "Song 2"}
    assert audited(processor, "--apply", code=0)["quarantined"] == 0


def test_a_verdict_about_other_words_is_not_judged(processor: Processor):
    processor.database.run("UPDATE tracks SET title = 'Another' WHERE id = 2")
    assert "wrong" not in audited(processor, code=0)["verdicts"]


def test_a_match_beside_other_metadata_is_judged_for_itself(processor: Processor):
    """Wrong metadata goes, the right match stays, and fills the row again."""
    processor.database.run(
        """
        UPDATE tracks SET spotify_data = '{"track_id": "zzzzzzzzzzzzzzzzzzzzzz", "artists": [{"name": "Abba"}]}'
        WHERE id = 1
        """
    )
    answer = audited(processor, "--apply", code=0)
    assert [(row["key"], row["source"]) for row in answer["wrong"]] == [(1, "spotify_data"), (2, "spotify_matches")]
    assert answer["quarantined"] == 2
    assert matched(processor.database) == [1, 3, 4]
