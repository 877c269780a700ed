"""Which tracks a file or a pipe asks for: a CSV with artist and title, or Spotify ids, one per line.

A line that cannot be used is a value with its reason, and never costs the run.
"""

from __future__ import annotations

import csv
import re
import sys
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from boombap.errors import UsageError
from boombap.spotify.model import Priority, TrackQuery
from boombap.spotify.options import STDIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CHUNK = 1_000
_REQUIRED = ("artist", "title")
_OPTIONAL = ("id", "isrc", "duration_ms", "spotify_id")
# What playlist exports (Exportify, Soundiiz, TuneMyMusic) call the same columns, in lower case.
_OTHER_NAMES = {
    "artist": ("artist name(s)", "artist name", "artists", "artist_name"),
    "title": ("track name", "track_name", "song"),
    "isrc": (),
    "duration_ms": ("track duration (ms)", "duration (ms)"),
    "spotify_id": ("track uri", "spotify id", "spotify - id", "spotify uri"),
}
_MOST_CHARACTERS = 1_000
_MOST_ID = 2**63 - 1
_LONGEST_MS = 2**31 - 1
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_ID = re.compile(
    r"(?:spotify:track:|(?:https?://)?open\.spotify\.com/(?:intl-[a-z]{2,5}/)?(?:embed/)?track/)?"
    r"([0-9A-Za-z]{22})(?:[/?#].*)?",
    re.ASCII,
)
_OTHER_KIND = re.compile(
    r"(?:spotify:|open\.spotify\.com/(?:intl-[a-z]{2,5}/)?)(album|artist|playlist|episode|show|user)"
)


class Skipped(NamedTuple):
    """A line that cannot be used.

    Attributes:
        line: its number, counted from 1, as an editor shows it.
        reason: what is wrong with it, and what would be right.
    """

    line: int
    reason: str


class _Unusable(ValueError):
    """The reason for which a line is skipped."""


def read_tracks(source: str, max_tracks: int | None, skip: Callable[[Skipped], object]) -> Iterator[list[TrackQuery]]:
    """Yield the tracks that a file or stdin asks for, in chunks.

    Args:
        source: ``-`` for ids on stdin, else a CSV file.
        max_tracks: the largest count of them.
        skip: told of each line that cannot be used.

    Raises:
        UsageError: for a file that cannot be read.
    """
    try:
        if source == STDIN:
            yield from _chunks(islice(_usable(read_ids(sys.stdin), skip), max_tracks))
            return
        with Path(source).open(encoding="utf-8", newline="") as file:
            yield from _chunks(islice(_usable(read_csv(file, source), skip), max_tracks))
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{source} is not UTF-8") from None


def read_csv(lines: Iterable[str], origin: str) -> Iterator[TrackQuery | Skipped]:
    """Yield what each line of a CSV asks for: columns artist and title, and perhaps id, isrc, duration_ms, spotify_id.

    The key is the column `id`, a row of `tracks`, where there is one, else the number of the line.

    Args:
        lines: text, for example an open file; a byte order mark is dropped.
        origin: the name of the file, for messages.

    Raises:
        UsageError: the first line does not name the columns that are needed.
    """
    # NUL first: the csv module of 3.11 takes it for a letter, and 3.10's refused the whole file.
    reader = csv.reader(_without_mark(lines), strict=True)
    head = next(_rows(reader), (1, []))
    columns = _columns(head, origin)
    for line, row in _rows(reader):
        if isinstance(row, str):
            yield Skipped(line, row)
        elif any(row[len(head[1]) :]):
            yield Skipped(line, f"{len(row)} fields are too many; put fields with commas in quotes")
        elif any(row):
            yield _attempt(line, partial(_track, line, row, columns))


def read_ids(lines: Iterable[str]) -> Iterator[TrackQuery | Skipped]:
    """Yield the track that each line names: an id of 22 characters, a ``spotify:track:`` URI or an address.

    Empty lines, and those that begin with ``#``, are skipped.
    """
    for line, text in enumerate(_without_mark(lines), start=1):
        word = text.strip()
        if word and not word.startswith("#"):
            yield _attempt(line, partial(_asked, line, word))


def track_id(text: str) -> str:
    """Return the id in an id, URI or address of a track.

    Raises:
        ValueError: with the reason.

    >>> track_id("https://open.spotify.com/intl-de/track/4AHNVCtzV1mrJuSjoYMz8S?si=1f")
    '4AHNVCtzV1mrJuSjoYMz8S'
    """
    matched = _ID.fullmatch(text)
    if matched:
        return matched[1]
    other = _OTHER_KIND.search(text)
    if other:
        article = "an" if other[1][0] in "ae" else "a"
        raise _Unusable(f"{text[:80]!r} names {article} {other[1]}, not a track")
    raise _Unusable(
        f"{text[:80]!r} is not a track; write 22 letters and digits, spotify:track:… or https://open.spotify.com/track/…"
    )


def _usable(lines: Iterable[TrackQuery | Skipped], skip: Callable[[Skipped], object]) -> Iterator[TrackQuery]:
    for line in lines:
        if isinstance(line, TrackQuery):
            yield line
        else:
            skip(line)


def _chunks(tracks: Iterator[TrackQuery]) -> Iterator[list[TrackQuery]]:
    while chunk := list(islice(tracks, _CHUNK)):
        yield chunk


def _asked(line: int, word: str) -> TrackQuery:
    return TrackQuery(line, "", "", track_id(word), priority=Priority.ASKED)


def _attempt(line: int, read: Callable[[], TrackQuery]) -> TrackQuery | Skipped:
    try:
        return read()
    except _Unusable as error:
        return Skipped(line, str(error))


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if number == 0 else line


def _rows(reader: csv._reader) -> Iterator[tuple[int, list[str] | str]]:  # type: ignore[name-defined]
    """Yield each row with the number of its first line; a row that is not CSV as the reason."""
    while True:
        first = reader.line_num + 1
        try:
            yield first, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield first, f"not CSV: {error}; put fields with quotes or commas in quotes, and double the quotes within"


def _columns(head: tuple[int, list[str] | str], origin: str) -> dict[str, int]:
    line, names = head
    if isinstance(names, str):
        raise UsageError(f"{origin}, line {line}: {names}")
    columns = {name.strip().lower(): place for place, name in reversed(list(enumerate(names)))}
    for name, others in _OTHER_NAMES.items():
        place = next((columns[other] for other in others if other in columns), None)
        if name not in columns and place is not None:
            columns[name] = place
    missing = [name for name in _REQUIRED if name not in columns]
    if not missing:
        return {name: columns[name] for name in (*_REQUIRED, *_OPTIONAL) if name in columns}
    present = ", ".join(repr(name[:40]) for name in names) or "nothing"
    raise UsageError(
        f"{origin}, line {line}: no column {' and '.join(missing)}, only {present}",
        hint=f"the first line names the columns: artist,title and perhaps {', '.join(_OPTIONAL)}, separated by commas",
    )


def _track(line: int, row: list[str], columns: dict[str, int]) -> TrackQuery:
    if len(row) <= max(columns[name] for name in _REQUIRED):
        raise _Unusable(f"{len(row)} fields are too few for artist and title")
    fields = {name: row[place].strip() for name, place in columns.items() if place < len(row)}
    for name in _REQUIRED:
        _check_text(name, fields[name])
    spotify_id, isrc, duration = fields.get("spotify_id"), fields.get("isrc"), fields.get("duration_ms")
    return TrackQuery(
        key=_whole("id", fields.get("id", ""), _MOST_ID) if "id" in columns else line,
        artist=fields["artist"],
        title=fields["title"],
        spotify_id=track_id(spotify_id) if spotify_id else None,
        isrc=_isrc(isrc) if isrc else None,
        duration_ms=_whole("duration_ms", duration, _LONGEST_MS) if duration else None,
    )


def _check_text(name: str, text: str) -> None:
    if not text:
        raise _Unusable(f"the {name} is empty")
    if "\0" in text:
        raise _Unusable(f"the {name} holds a NUL character")
    if len(text) > _MOST_CHARACTERS:
        raise _Unusable(f"the {name} has {len(text):,} characters, and {_MOST_CHARACTERS:,} are the most")


def _whole(name: str, text: str, largest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(largest)) and 0 < int(text) <= largest):
        raise _Unusable(f"{name} {text[:40]!r} is not a whole number from 1 to {largest}")
    return int(text)


def _isrc(text: str) -> str:
    code = text.replace("-", "").replace(" ", "").upper()
    if not _ISRC.fullmatch(code):
        raise _Unusable(f"isrc {text[:40]!r} is not two letters, three letters or digits and seven digits (ISO 3901)")
    return code
