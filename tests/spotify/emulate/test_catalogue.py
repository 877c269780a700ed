"""Where songs come from, and that they are the same each time."""

from __future__ import annotations

import json
import re
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.clients.postgres.session import Limits, Session
from boombap.errors import UsageError
from boombap.interrupt import Interrupt
from boombap.spotify.emulate.catalogue import CatalogueRow, Shares, from_rows, made_up
from boombap.spotify.emulate.rows import read_database, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from databases import Database

names = st.text(min_size=1, max_size=20)


@given(st.lists(st.tuples(names, names, names, st.none() | st.integers(1900, 2026)), max_size=10), st.integers())
def test_the_same_rows_and_seed_give_the_same(rows: list[tuple[str, str, str, int | None]], seed: int):
    first, second = from_rows(rows, seed), from_rows(rows, seed)
    assert first.songs == second.songs
    assert all(re.fullmatch(r"[0-9A-Za-z]{22}", id_) for id_ in first.songs)
    for album in first.albums.values():
        assert all(first.songs[id_].album_id == album.id for id_ in album.song_ids)


def test_another_seed_gives_other_ids():
    assert not from_rows(made_up(50), 1).songs.keys() & from_rows(made_up(50), 2).songs.keys()


def test_twins_versions_and_what_is_absent():
    rows = list(made_up(1_000))
    plain = from_rows(rows, shares=Shares(0.0, 0.0))
    assert len(plain.songs) == 1_000
    twins = from_rows(rows, shares=Shares(1.0, 0.0))
    assert len(twins.songs) == 2_000
    assert sum(song.explicit for song in twins.songs.values()) == 1_000
    versions = {song.name for song in from_rows(rows, shares=Shares(0.0, 1.0)).songs.values()}
    assert any(name.endswith(" - Live") for name in versions)
    assert any(name.endswith(" - Remix") for name in versions)
    assert 600 < len(from_rows(rows, shares=Shares(0.0, 0.0, 0.3)).songs) < 800


def test_a_playlist_export_keeps_its_ids(tmp_path: Path):
    file = tmp_path / "c.csv"
    ids = [letter * 22 for letter in "abcd"]
    file.write_text(
        "Track URI,Track Name,Artist URI(s),Artist Name(s),Album URI,Album Name,Album Release Date,Explicit,ISRC\n"
        f'spotify:track:{ids[0]},Feel,"spotify:artist:{ids[1]}, spotify:artist:{ids[2]}","P, C",'
        f"spotify:album:{ids[3]},G,2012-11-16,True,USRC11201328\n",
        encoding="utf-8",
    )
    catalogue = from_rows(read_file(str(file)))
    song = catalogue.songs[ids[0]]
    assert (song.name, song.artist_ids, song.album_id, song.explicit) == ("Feel", (ids[1], ids[2]), ids[3], True)
    assert [artist.name for artist in catalogue.artists.values()] == ["P", "C"]
    assert catalogue.albums[ids[3]].released == "2012-11-16"
    assert len(catalogue.songs) == 1


def test_short_csv_and_json_lines(tmp_path: Path):
    table, lines = tmp_path / "c.csv", tmp_path / "c.jsonl"
    table.write_text('artist,title,album,year\n"Tyler, The Creator",Yonkers,Goblin,2011\n', encoding="utf-8")
    row = {"artist": "Tyler, The Creator", "title": "Yonkers", "album": "Goblin", "year": 2011}
    lines.write_text(json.dumps(row) + "\n\n", encoding="utf-8")
    (one,) = read_file(str(table))
    assert one == CatalogueRow("Tyler, The Creator", "Yonkers", "Goblin", 2011)
    assert [one] == list(read_file(str(lines)))


@pytest.mark.parametrize(("name", "text"), [("c.csv", "a,b\n1,2\n"), ("c.jsonl", "[1]\n"), ("c.jsonl", "{\n")])
def test_files_that_are_no_catalogue(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        list(read_file(str(tmp_path / name)))
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_file(str(tmp_path / "none.csv")))


def test_the_rows_of_the_table(database: Database):
    database.run("UPDATE tracks SET artist = 'Nas', title = 'Halftime', spotify_data = NULL WHERE id = 1")
    stored = json.dumps({"id": "0" * 22, "album": {"name": "Illmatic"}, "duration_ms": 260_000})
    database.run("UPDATE tracks SET spotify_data = %s WHERE id = 2", (stored,))
    with closing(Session(database.target(), Limits(), Interrupt())) as session:
        first, second = read_database(session, 2)
        assert len(list(read_database(session, None))) > 2
    assert (first.artist, first.title, first.id) == ("Nas", "Halftime", None)
    assert (second.id, second.album, second.duration_ms) == ("0" * 22, "Illmatic", 260_000)
