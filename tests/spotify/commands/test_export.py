"""What the tables know of each row, as a file: whole, for its owner only, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet
import pytest

from boombap.spotify import parquet
from boombap.spotify.commands.export import ExportedRow
from spotify.commands.test_batch import Processor
from spotify.documents import track
from spotify.upstream import id_of, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Database

COLUMNS = [
    "id", "artist", "title", "outcome", "spotify_id", "name", "artists", "album", "release_date", "duration_ms",
    "explicit", "popularity", "isrc", "audio_features",
]  # fmt: skip


@pytest.fixture
def processor(database: Database, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    """1,000 rows of which Spotify knows all but the last three."""
    database.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL, audio_features = NULL")
    database.run("UPDATE tracks SET title = 'Nothing of the kind' WHERE id > 997")
    database.run("UPDATE tracks SET spotify_data = jsonb_build_object('id', lpad(id::text, 22, '0')) WHERE id <= 997")
    with upstream() as web:
        made = Processor(web, database, None, boombap, start_boombap)
        assert made.batch("-q")["outcomes"] == {"matched": 997, "not_found": 3}
        yield made


def lines(processor: Processor, *words: str) -> list[dict[str, Any]]:
    done = processor.run("export", *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def cells(file: str) -> list[list[str]]:
    with Path(file).open(newline="", encoding="utf-8") as text:
        return list(csv.reader(text))


def test_every_row_with_its_match(processor: Processor):
    processor.database.run("UPDATE tracks SET audio_features = '{\"tempo\": 92.5}' WHERE id = 7")
    rows = lines(processor)
    assert [row["id"] for row in rows] == list(range(1, 1001))
    assert all(list(row) == COLUMNS for row in rows)
    assert rows[6] == {
        "id": 7, "artist": "Nas", "title": "Song 7", "outcome": "matched", "spotify_id": id_of(7), "name": "Song 7",
        "artists": ["Nas"], "album": "Album 07", "release_date": "2020-02-14", "duration_ms": 187026, "explicit": True,
        "popularity": 36, "isrc": "USRC11201328", "audio_features": {"tempo": 92.5},
    }  # fmt: skip
    assert (rows[999]["outcome"], rows[999]["spotify_id"], rows[999]["artists"]) == ("not_found", None, [])


def test_matched_rows_only(processor: Processor):
    # A verdict about other words does not count.
    processor.database.run("UPDATE tracks SET title = 'Another' WHERE id = 1")
    assert [row["id"] for row in lines(processor, "--matched")] == list(range(2, 998))


def test_a_table_without_features(processor: Processor):
    processor.database.run("ALTER TABLE tracks DROP COLUMN audio_features")
    assert lines(processor, "--matched")[0]["audio_features"] is None


def test_csv_into_a_file_of_its_owner(processor: Processor):
    processor.database.run("UPDATE tracks SET audio_features = '{\"tempo\": 92.5}' WHERE id = 7")
    done = processor.run("export", "--format", "csv", "--output", "tracks.csv")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith("1,000 rows\n")
    assert stat.S_IMODE(Path("tracks.csv").stat().st_mode) == 0o600
    rows = cells("tracks.csv")
    assert (rows[0], len(rows)) == (COLUMNS, 1001)
    assert rows[7][3:8] == ["matched", id_of(7), "Song 7", "Nas", "Album 07"]
    assert rows[7][10:] == ["true", "36", "USRC11201328", '{"tempo": 92.5}']


def test_no_cell_is_a_formula(processor: Processor):
    evil = "=HYPERLINK(0)"
    artists = [{"id": "a" * 22, "name": "@Nas"}, {"id": "b" * 22, "name": "B, C"}]
    name = '+1 "quoted"\nline'
    processor.web.trick = lambda asked: (
        (200, track(1, id=id_of(1), name=name, artists=artists)) if asked.path.startswith("/v1/tracks/") else None
    )
    processor.database.run("DELETE FROM spotify_tracks")
    processor.database.run("UPDATE tracks SET title = %s WHERE id = 1", (evil,))
    assert processor.run("choose", "1", id_of(1)).returncode == 0
    done = processor.run("export", "--format", "csv", "--output", "tracks.csv")
    assert done.returncode == 0
    row = cells("tracks.csv")[1]
    assert (row[2], row[5], row[6]) == (f"'{evil}", f"'{name}", "'@Nas; B, C")


def test_a_failure_leaves_the_old_file(processor: Processor):
    Path("tracks.jsonl").write_text("old")
    processor.database.run("ALTER TABLE spotify_albums RENAME TO albums")
    done = processor.run("export", "--output", "tracks.jsonl")
    assert (done.returncode, Path("tracks.jsonl").read_text()) == (3, "old")
    assert [path.name for path in Path().iterdir()] == ["tracks.jsonl"]


def test_parquet_has_typed_columns(processor: Processor):
    processor.database.run("UPDATE tracks SET audio_features = '{\"tempo\": 92.5}' WHERE id = 7")
    done = processor.run("export", "--format", "parquet", "--output", "tracks.parquet")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert stat.S_IMODE(Path("tracks.parquet").stat().st_mode) == 0o600
    table = pyarrow.parquet.read_table("tracks.parquet")
    assert (table.column_names, table.num_rows) == (COLUMNS, 1000)
    types = {field.name: str(field.type) for field in table.schema}
    assert {types["id"], types["explicit"], types["popularity"]} == {"int64", "bool", "int16"}
    rows = table.to_pylist()
    assert rows == [row | {"audio_features": '{"tempo": 92.5}' if row["id"] == 7 else None} for row in lines(processor)]


def test_parquet_of_an_empty_table(processor: Processor):
    processor.database.run("TRUNCATE tracks CASCADE")
    done = processor.run("export", "--format", "parquet", "--output", "tracks.parquet")
    assert (done.returncode, pyarrow.parquet.read_table("tracks.parquet").num_rows) == (0, 0)


def test_row_groups_hold_many_chunks():
    row = ExportedRow(1, "Nas", None, None, None, None, (), None, None, None, None, None, None, None)
    out = io.BytesIO()
    assert parquet.write(parquet.load(), out, ([row] * 1000 for _ in range(45))) == 45_000
    file = pyarrow.parquet.ParquetFile(out)
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [20_000, 20_000, 5_000]


def test_parquet_needs_a_file(processor: Processor):
    done = processor.run("export", "--format", "parquet")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "boombap spotify: --format parquet needs --output; name a file\n"


def test_parquet_without_its_library(processor: Processor):
    Path("hidden/pyarrow").mkdir(parents=True)
    Path("hidden/pyarrow/__init__.py").write_text("raise ModuleNotFoundError(name='pyarrow')\n")
    words = ["export", "--format", "parquet", "--output", "tracks.parquet"]
    places = [str(Path("hidden").resolve()), os.environ.get("PYTHONPATH", "")]
    done = processor.run(*words, PYTHONPATH=os.pathsep.join(filter(None, places)))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("pyarrow, which is not installed; pip install 'boombap[parquet]'\n")
    assert not Path("tracks.parquet").exists()


def test_before_the_first_batch(database: Database, boombap: Any):
    done = boombap("spotify", "export", DATABASE_URL=database.url())
    assert (done.returncode, done.stdout) == (3, "")
    assert "no spotify tables at " in done.stderr
