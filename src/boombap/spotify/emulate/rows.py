"""Where a catalogue's rows come from: a CSV file, JSON Lines, or the table `tracks`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

from boombap.errors import UsageError
from boombap.spotify.emulate.catalogue import CatalogueRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boombap.clients.postgres.session import Session

# The columns of playlist exports, and those of our own files, to the fields of a row.
_NAMES = {
    "artist": ("artist", "Artist Name(s)", "artist_name"),
    "title": ("title", "Track Name", "track_name", "name"),
    "album": ("album", "Album Name", "album_name"),
    "year": ("year",),
    "id": ("spotify_id", "Track URI", "id", "track_id"),
    "artist_ids": ("Artist URI(s)", "artist_id"),
    "album_id": ("Album URI", "album_id"),
    "released": ("release_date", "Album Release Date"),
    "duration_ms": ("duration_ms", "Track Duration (ms)"),
    "explicit": ("explicit", "Explicit"),
    "isrc": ("isrc", "ISRC"),
    "number": ("track_number", "Track Number"),
    "disc": ("disc_number", "Disc Number"),
    "label": ("label", "Label"),
}
_ID_LENGTH = 22
_DATE_LENGTHS = (4, 7, 10)


def read_file(path: str) -> Iterator[CatalogueRow]:
    """Yield the rows of a file: JSON Lines where its name ends so (.jsonl, .ndjson), else CSV with a header.

    Raises:
        UsageError: for a file that cannot be read, or that names no artists and titles.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            is_lines = Path(path).suffix in {".jsonl", ".ndjson"}
            entries = (json.loads(line) for line in file if line.strip()) if is_lines else csv.DictReader(file)
            for number, values in enumerate(entries, 1):
                yield _row(values, path, number)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read as a catalogue: {error}") from None


def read_database(session: Session, limit: int | None) -> Iterator[CatalogueRow]:
    """Yield the rows of `tracks`; an id that is stored already stays."""
    from boombap.spotify.queries.load import query

    for values in session.read(query("emulate_rows"), {"limit": limit}):
        yield _row(values, "tracks", 0)


def _row(values: object, place: str, number: int) -> CatalogueRow:
    if not isinstance(values, dict):
        raise UsageError(f"entry {number} of {place} is not an object")
    got = {field: _first(values, names) for field, names in _NAMES.items()}
    artist, title = got["artist"], got["title"]
    if not artist or not title:
        raise UsageError(
            f"entry {number} of {place} has no artist or no title",
            hint="the columns are artist, title, album, year and id",
        )
    ids = tuple([_id(artist_id) or "" for artist_id in got["artist_ids"].split(", ")]) if got["artist_ids"] else ()
    names = artist.split(", ") if len(ids) > 1 else [artist]
    if len(names) != len(ids):
        names, ids = [artist], ids[:1]
    return CatalogueRow(
        names[0],
        title,
        got["album"],
        _whole(got["year"]),
        _id(got["id"]),
        tuple(names[1:]),
        ids if all(ids) else (),
        _id(got["album_id"]),
        got["released"] if len(got["released"]) in _DATE_LENGTHS else None,
        _whole(got["duration_ms"]),
        {"true": True, "false": False}.get(got["explicit"].lower()),
        got["isrc"] or None,
        _whole(got["number"]),
        _whole(got["disc"]) or 1,
        got["label"],
    )


def _first(values: Mapping[str, object], names: tuple[str, ...]) -> str:
    value = next((values[name] for name in names if values.get(name) not in {None, ""}), "")
    return str(value).strip()


def _id(text: str) -> str | None:
    id_ = text.rpartition(":")[2]
    return id_ if len(id_) == _ID_LENGTH and id_.isascii() and id_.isalnum() else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
