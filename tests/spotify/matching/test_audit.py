"""The audit: what earlier programs matched wrongly, found without a request."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.interrupt import Interrupt
from boombap.spotify.matching.audit import QUARANTINED, Audited, AuditRow, Verdict, gather_statistics, judge_all
from boombap.spotify.model import Artist, Track
from boombap.spotify.queries.load import query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Database

EVE, NAMESAKE = "E" * 22, "N" * 22


def id_of(number: int) -> str:
    return f"{number:022d}"


def migrated(key: int, title: str, artist_id: str = EVE, *, number: int | None = None, **more: object) -> AuditRow:
    answer = {"id": id_of(number or key), "name": title, "artists": [{"id": artist_id, "name": "Eve"}], **more}
    return AuditRow(key, "Eve", title, json.dumps(answer))


def flat(key: int, title: str, artist: str = "Eve", *, number: int | None = None) -> AuditRow:
    answer = {"track_id": id_of(number or key), "artists": [{"id": EVE, "name": artist}], "album_name": "x"}
    return AuditRow(key, "Eve", title, json.dumps(answer))


# Enough rows of the artist for her id to be known.
SOUND = [migrated(key, title) for key, title in enumerate(["One Way", "Two Steps", "Three Kings", "Four Walls"], 901)]


def judge(*rows: AuditRow) -> list[Audited]:
    every = [*SOUND, *rows]
    return list(judge_all(every, gather_statistics(lambda: every)))[len(SOUND) :]


def verdict(*rows: AuditRow) -> list[tuple[str, str]]:
    return [(str(audited.verdict), audited.reasons[0]) for audited in judge(*rows)]


def test_a_stranger_in_the_flat_shape_is_wrong() -> None:
    assert verdict(flat(1, "Barking", "Trinidad Ghost")) == [("wrong", "artist_differs")]


def test_copied_names_prove_nothing() -> None:
    (found,) = judge(migrated(1, "Satisfaction"))
    assert (found.verdict, found.reasons) == (Verdict.UNCHECKED, ("title_unchecked", "artist", "artist_id"))


def test_a_namesake_behind_copied_names_is_doubtful() -> None:
    assert verdict(migrated(1, "Broken Road", NAMESAKE)) == [("doubtful", "artist_id_differs")]


OWN = [
    migrated(key, f"Song of her {key}", explicit=True, popularity=20 + key % 10, album={"name": "Scorpion"})
    for key in range(801, 821)
]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"explicit": False, "popularity": 2}, ("wrong", "artist_id_strange")),
        ({"explicit": False, "popularity": 70}, ("doubtful", "artist_id_differs")),
        ({"explicit": False}, ("doubtful", "artist_id_differs")),
        ({"explicit": True, "popularity": 2}, ("doubtful", "artist_id_differs")),
        ({"popularity": 2}, ("doubtful", "artist_id_differs")),
        ({"explicit": False, "popularity": 2, "album": {"name": "Scorpion"}}, ("unchecked", "title_unchecked")),
    ],
)
def test_a_strangers_track_is_told_from_a_hosts(facts: dict[str, Any], expected: tuple[str, str]) -> None:
    """A stranger is clean where she is explicit, and less heard; a host's hit, or her own album, is not."""
    assert verdict(*OWN, migrated(1, "Never Gone", NAMESAKE, **facts))[-1] == expected


def test_a_clean_row_of_an_artist_who_often_is_clean_proves_nothing() -> None:
    mixed = [migrated(key, f"Song {key}", explicit=key % 2 == 0, popularity=50) for key in range(801, 821)]
    stranger = migrated(1, "Never Gone", NAMESAKE, explicit=False, popularity=2)
    assert verdict(*mixed, stranger)[-1] == ("doubtful", "artist_id_differs")


def test_copied_names_under_anothers_id_do_not_keep_a_shared_id() -> None:
    found = judge(flat(1, "Ice", number=7), migrated(2, "Stand Up", NAMESAKE, number=7))
    assert [audited.verdict for audited in found] == [Verdict.SHARED] * 2


def test_the_id_of_few_rows_is_no_witness() -> None:
    rows = [migrated(1, "Alpha"), migrated(2, "Bravo", NAMESAKE)]
    assert [audited.verdict for audited in judge_all(rows, gather_statistics(lambda: rows))] == [Verdict.UNCHECKED] * 2


def test_names_that_are_spotifys_own_decide() -> None:
    own = AuditRow(
        1,
        "Eve",
        "Satisfaction",
        json.dumps({"id": id_of(1), "name": "Satisfaction - Remix", "artists": [{"name": "Eve"}]}),
    )
    full = AuditRow(
        2,
        "Eve",
        "Satisfaction",
        json.dumps(
            {
                "id": id_of(2),
                "track_id": id_of(2),
                "name": "Satisfaction",
                "artists": [{"name": "Eve"}, {"name": "Dre"}],
            }
        ),
    )
    assert verdict(own, full) == [("wrong", "version_differs"), ("right", "title")]


def test_what_spotify_itself_said_is_believed_before_what_is_stored() -> None:
    right = Track(id_of(1), "Broken Road (feat. Dre)", (Artist(EVE, "Eve"),))
    wrong = Track(id_of(2), "Broken Road", (Artist(NAMESAKE, "Eve St. Jones"),))
    rows = [migrated(1, "Broken Road")._replace(known=right), migrated(2, "Broken Road")._replace(known=wrong)]
    assert [audited.verdict for audited in judge(*rows)] == [Verdict.RIGHT, Verdict.WRONG]


def test_one_id_under_two_titles_is_wrong_at_least_once() -> None:
    found = judge(flat(1, "Ice", number=7), flat(2, "N.B.C.", number=7))
    assert [(audited.verdict, audited.sharing) for audited in found] == [(Verdict.SHARED, 2)] * 2


def test_the_row_that_had_the_name_keeps_a_shared_id() -> None:
    found = judge(flat(1, "Ice", number=7), migrated(2, "Stand Up", number=7))
    assert [audited.verdict for audited in found] == [Verdict.SHARED, Verdict.UNCHECKED]


def test_one_id_under_two_spellings_is_one_song() -> None:
    found = judge(flat(1, "How We Do (Feat. Fabolous)", number=7), flat(2, "How We Do?", number=7))
    assert [audited.verdict for audited in found] == [Verdict.UNCHECKED] * 2
    assert all("id_shared_by_same_song" in audited.reasons for audited in found)


def test_a_version_that_cannot_be_checked_is_doubtful() -> None:
    assert verdict(flat(1, "Revolution (Demo)")) == [("doubtful", "version_unchecked")]


def test_what_cannot_be_read_is_told_and_taken_out() -> None:
    (found,) = judge(AuditRow(1, "Eve", "Satisfaction", "{}"))
    assert (found.verdict, found.reasons, found.verdict in QUARANTINED) == (Verdict.UNREADABLE, ("empty",), True)


def test_rows_are_judged_one_by_one() -> None:
    endless = (migrated(key, f"Song {key}") for key in iter(int, 1))
    assert next(judge_all(endless, gather_statistics(lambda: SOUND))).row.key == 0


@pytest.fixture
def stored(empty: Database) -> Database:
    empty.run("CREATE TABLE tracks (id serial PRIMARY KEY, artist text, title text, spotify_data jsonb)")
    empty.run(
        'CREATE TABLE spotify_matches (track_id bigint PRIMARY KEY, spotify_id text, artist text COLLATE "C",'
        ' title text COLLATE "C", reasons text[])'
    )
    empty.run("CREATE TABLE spotify_artists (id text PRIMARY KEY, name text)")
    empty.run(
        "CREATE TABLE spotify_tracks (id text PRIMARY KEY, name text, artist_ids text[], duration_ms integer,"
        " explicit boolean, isrc text)"
    )
    empty.run(
        "INSERT INTO tracks (artist, title, spotify_data) VALUES ('Eve', 'Ice', %s), ('Eve', 'Fire', %s),"
        " ('Eve', 'Nil', NULL), ('Eve', 'Null', 'null')",
        (flat(1, "Ice", "Dre").stored, flat(2, "Fire").stored),
    )
    empty.run("INSERT INTO spotify_tracks VALUES (%s, 'Fire', %s, 1000, true, 'X')", (id_of(2), [EVE]))
    empty.run("INSERT INTO spotify_artists VALUES (%s, 'Eve')", (EVE,))
    empty.run("INSERT INTO spotify_matches VALUES (1), (2)")
    return empty


def ran(database: Database, name: str, values: Any = None) -> list[dict[str, Any]]:
    """Run one of the audit's statements as the command does."""
    with closing(Session(database.target(), Limits(), Interrupt())) as session:
        return session.write(query(name), values)


@pytest.mark.parametrize("name", ["audit_rows", "audit_rows_bare"])
def test_stored_rows_are_read_as_text(stored: Database, name: str) -> None:
    rows = ran(stored, name, {"after": 0, "most": 10})
    assert [(row["id"], row["title"], json.loads(row["stored"])["track_id"]) for row in rows] == [
        (1, "Ice", id_of(1)),
        (2, "Fire", id_of(2)),
    ]
    known = rows[1]["known"]
    assert (known is None) == (name == "audit_rows_bare")
    assert known is None or json.loads(known)["artists"] == [{"id": EVE, "name": "Eve"}]
    assert ran(stored, name, {"after": 1, "most": 1})[0]["id"] == 2


def test_quarantine_moves_what_did_not_change_since(stored: Database) -> None:
    ran(stored, "audit_schema")
    ran(stored, "audit_schema")
    judged = {
        "track_ids": [1, 2],
        "stored": [flat(1, "Ice", "Dre").stored, '{"changed": "since"}'],
        "verdicts": ["wrong", "wrong"],
        "reasons": ["artist_differs", "id_shared,artist"],
    }
    assert ran(stored, "audit_quarantine", judged) == [{"id": 1}]
    assert ran(stored, "audit_quarantine", judged) == []
    assert [row["id"] for row in stored.run("SELECT id FROM tracks WHERE spotify_data IS NULL ORDER BY id")] == [1, 3]
    assert stored.run("SELECT track_id FROM spotify_matches") == [{"track_id": 2}]
    (kept,) = stored.run("SELECT track_id, verdict, reasons FROM spotify_quarantine")
    assert kept == {"track_id": 1, "verdict": "wrong", "reasons": ["artist_differs"]}


def test_statistics_do_not_grow_with_the_table():
    """At 57,718 rows an audit took 135 MiB, most of it titles that were compared with nothing."""

    def read() -> Iterator[AuditRow]:
        return (migrated(key, f"Song number {key}", number=max(key, 1)) for key in range(20_000))

    tracemalloc.start()
    statistics = gather_statistics(read)
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept_bytes < 2 * 1024 * 1024
    assert (statistics.sharing(id_of(1)), statistics.sharing(id_of(2))) == (2, 1)
