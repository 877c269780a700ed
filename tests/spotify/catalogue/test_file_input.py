"""A list from anywhere: every line becomes a wanted track or a reason."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.errors import UsageError
from boombap.spotify.catalogue.file_input import Skipped, read_csv, read_ids, read_tracks, track_id
from boombap.spotify.model import Priority, TrackQuery

if TYPE_CHECKING:
    from pathlib import Path

ID = "4AHNVCtzV1mrJuSjoYMz8S"
HEAD = "artist,title,id,isrc,duration_ms,spotify_id\n"


def rows(text: str) -> list[TrackQuery | Skipped]:
    return list(read_csv(io.StringIO(text, newline=""), "list.csv"))


def row(line: str) -> TrackQuery | Skipped:
    (found,) = rows(HEAD + line + "\n")
    return found


def reason(line: str) -> str:
    found = row(line)
    assert isinstance(found, Skipped)
    assert found.line == 2
    return found.reason


def test_artist_and_title_are_enough():
    assert rows("artist,title\nE-40,Tell Me When to Go\n") == [TrackQuery(2, "E-40", "Tell Me When to Go")]


@pytest.mark.parametrize(
    "head",
    [
        "Track URI,Track Name,Artist Name(s),Track Duration (ms),ISRC",
        "Spotify ID,Track Name,Artist Name(s),Duration (ms),ISRC",
        "Spotify - id,Track name,Artist name,duration_ms,isrc",
    ],
)
def test_the_columns_of_playlist_exports_are_read(head: str):
    line = f"spotify:track:{ID},Alright,Kendrick Lamar,219333,USUM71502498"
    (found,) = rows(f"{head}\n{line}\n")
    assert found == TrackQuery(2, "Kendrick Lamar", "Alright", spotify_id=ID, isrc="USUM71502498", duration_ms=219_333)


def test_every_column_is_read():
    assert row(f"Tink,Time,36257,us-rc1-17-02123,187026,spotify:track:{ID}") == TrackQuery(
        36257, "Tink", "Time", spotify_id=ID, isrc="USRC11702123", duration_ms=187026
    )


def test_columns_come_in_any_order_and_others_are_passed_over():
    text = "\ufeffYear, Title ,ARTIST,note\r\n1999,Forgot About Dre,Dr. Dre,x\r\n\r\n,,,\r\n"
    assert rows(text) == [TrackQuery(2, "Dr. Dre", "Forgot About Dre")]


@pytest.mark.parametrize(
    ("artist", "title"),
    [
        ("Ol' Dirty Bastard", 'Shimmy "Shimmy" Ya'),
        ("Tyler, The Creator", "EARFQUAKE: a * title"),
        ("Mos Def", "two\nlines"),
        ("שב״ק ס׳", "🎤\u00a0Mic"),
        ("A", "x" * 300),
    ],
)
def test_quoted_fields(artist: str, title: str):
    written = io.StringIO(newline="")
    csv.writer(written).writerows([("artist", "title"), (artist, title), ("next", "one")])
    first, second = rows(written.getvalue())
    assert first == TrackQuery(2, artist, title.strip())
    assert isinstance(second, TrackQuery)
    assert second.key == 3 + title.count("\n")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("only one field", "1 fields are too few"),
        ("Nas,Halftime,3,,,,extra", "fields are too many; put fields with commas in quotes"),
        (",Title", "the artist is empty"),
        ("Artist,  ", "the title is empty"),
        ("Artist,a\0b", "the title holds a NUL"),
        ("Artist," + "x" * 1_001, "the title has 1,001 characters, and 1,000 are the most"),
        ("Artist,Title,seven", "id 'seven' is not a whole number from 1"),
        ("Artist,Title,", "id '' is not"),
        ("Artist,Title,0", "id '0' is not"),
        ("Artist,Title,-1", "id '-1' is not"),
        ("Artist,Title,1,12345", "isrc '12345' is not two letters"),
        ("Artist,Title,1,,3:07", "duration_ms '3:07' is not"),
        ("Artist,Title,1,,,spotify:album:" + ID, "names an album, not a track"),
        ("Artist,Title,1,,,abc", "'abc' is not a track; write 22 letters"),
        ('"Artist"x,Title', "not CSV"),
    ],
)
def test_a_bad_line_is_a_reason(line: str, expected: str):
    assert expected in reason(line)


def test_a_bad_line_costs_no_other():
    found = rows('artist,title\nA,1\n"B"x,2\nC,\nD,4\n')
    assert [row.key if isinstance(row, TrackQuery) else -row.line for row in found] == [2, -3, -4, 5]


def test_a_quote_that_never_ends_is_told():
    first, second = rows('artist,title\nA,1\nB,"2\nC,3\n')
    assert first == TrackQuery(2, "A", "1")
    assert isinstance(second, Skipped)
    assert (second.line, second.reason[:7]) == (3, "not CSV")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "list.csv, line 1: no column artist and title, only nothing; the first line names the columns"),
        ("artist;title\nA;B\n", "no column artist and title, only 'artist;title'"),
        ("artist,name\n", "no column title, only 'artist', 'name'"),
        ("Artist,A,B\n", "no column title"),
        ('"artist"x,title\n', "list.csv, line 1: not CSV"),
    ],
)
def test_a_file_without_columns_is_refused(text: str, expected: str):
    with pytest.raises(UsageError) as caught:
        rows(text)
    assert expected in str(caught.value)


@given(st.text())
def test_any_text_ends_in_values_or_one_clear_error(text: str):
    with suppress(UsageError):
        assert all(isinstance(row, TrackQuery | Skipped) for row in rows(text))


@given(st.text())
def test_any_line_ends_in_a_value(line: str):
    assert all(isinstance(row, TrackQuery | Skipped) for row in rows(HEAD + line))


@pytest.mark.parametrize(
    "word",
    [
        ID,
        f"spotify:track:{ID}",
        f"https://open.spotify.com/track/{ID}",
        f"http://open.spotify.com/track/{ID}",
        f"open.spotify.com/track/{ID}/",
        f"https://open.spotify.com/intl-de/track/{ID}?si=0123&utm=x#t",
        f"https://open.spotify.com/embed/track/{ID}",
    ],
)
def test_ways_to_write_an_id(word: str):
    assert track_id(word) == ID


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (ID[:-1], "is not a track"),
        (ID + "x", "is not a track"),
        ("4AHNVCtzV1mrJuSjoYMz8-", "is not a track"),
        ("٤AHNVCtzV1mrJuSjoYMz8S", "is not a track"),
        (f"https://example.org/track/{ID}", "is not a track"),
        (f"https://open.spotify.com/playlist/{ID}", "names a playlist"),
        (f"spotify:episode:{ID}", "names an episode"),
        ("x" * 500, "'" + "x" * 80 + "' is not a track"),
    ],
)
def test_what_is_no_track(word: str, expected: str):
    with pytest.raises(ValueError) as caught:
        track_id(word)
    assert expected in str(caught.value)


def test_ids_from_a_pipe():
    text = f"\ufeff{ID}\n\n# comment\n  spotify:track:{ID}  \r\nnonsense\n"
    found = list(read_ids(io.StringIO(text)))
    assert found[:2] == [TrackQuery(line, "", "", ID, priority=Priority.ASKED) for line in (1, 4)]
    assert isinstance(found[2], Skipped)
    assert found[2].line == 5
    assert "'nonsense' is not a track" in found[2].reason


@given(st.lists(st.text()))
def test_any_pipe_ends_in_values(lines: list[str]):
    found = list(read_ids(lines))
    assert len(found) <= len(lines)
    assert list(read_ids([])) == []


def test_a_file_comes_in_chunks_without_the_lines_that_cannot_be_used(isolated: Path):
    (isolated / "list.csv").write_text("artist,title\n,Song\n" + "Nas,Song\n" * 2_500, encoding="utf-8")
    skipped: list[Skipped] = []
    assert [len(chunk) for chunk in read_tracks("list.csv", None, skipped.append)] == [1_000, 1_000, 500]
    assert [line.line for line in skipped] == [2]
    assert [len(chunk) for chunk in read_tracks("list.csv", 1_001, skipped.append)] == [1_000, 1]


def test_a_file_that_cannot_be_read_is_named(isolated: Path):
    (isolated / "latin.csv").write_bytes("artist,title\nBj\u00f6rk,J\u00f3ga\n".encode("latin-1"))
    for source, message in (
        ("none.csv", "none.csv cannot be read: No such file"),
        ("latin.csv", "latin.csv is not UTF-8"),
    ):
        with pytest.raises(UsageError) as caught:
            list(read_tracks(source, None, lambda _: None))
        assert str(caught.value).startswith(message)
