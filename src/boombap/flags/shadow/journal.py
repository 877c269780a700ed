"""What comparisons left: a line for each, and a file for each that differed, for their owner only (0600).

Lines are appended in one write, so processes need no lock. A journal of 1 MiB is set aside, and replaces the one that
was set aside before.
"""

from __future__ import annotations

import itertools
import json
import os
import time

from boombap.private import make_folder
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Literal

    Result = Literal["equal", "different", "failed", "late"]

RESULTS = ("equal", "different", "failed", "late")
MAX_FILES = 100
"""The most files of differences that are kept of a flag, the latest."""

MAX_FILE_BYTES = 4 * 1024**2
"""Above this a file names the differences without the two answers."""

_MAX_JOURNAL = 1024**2
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class Comparison(Record):
    """One run in which both engines worked.

    Attributes:
        at_s: when, Unix time.
        key: what the work was about.
        result: equal, different, failed (native raised an error, or the answers could not be compared) or late (its
            time was over).
        classic_s: how long classic took, in seconds.
        native_s: how long native took, with the start of its process; None where it was late.
        file: the name of the file with both answers; empty where there is none.
    """

    at_s: float
    key: str
    result: Result
    classic_s: float
    native_s: float | None
    file: str = ""


def folder_of(state: Path, flag: str) -> Path:
    """Return the folder of a flag's differences."""
    return state / "shadow" / flag


def add(state: Path, flag: str, comparison: Comparison) -> None:
    """Append a comparison.

    Raises:
        OSError: when it cannot be written.
    """
    path = _journal(state, flag)
    make_folder(path.parent)
    descriptor = os.open(path, _APPEND, 0o600)
    try:
        if os.fstat(descriptor).st_size > _MAX_JOURNAL:
            path.replace(_set_aside(path))
        values = {name: getattr(comparison, name) for name in comparison.__match_args__}
        os.write(descriptor, json.dumps(values).encode() + b"\n")
    finally:
        os.close(descriptor)


def read(state: Path, flag: str) -> tuple[list[Comparison], int]:
    """Return the kept comparisons, the oldest first, and the number of lines that cannot be read.

    Raises:
        OSError: when a journal is there and cannot be read.
    """
    path = _journal(state, flag)
    rows = [_parsed(line) for part in (_set_aside(path), path) for line in _lines(part)]
    return [row for row in rows if row], rows.count(None)


def keep(state: Path, flag: str, content: Mapping[str, object]) -> str:
    """Write a file of differences and return its name; the oldest beyond `MAX_FILES` are removed.

    Raises:
        OSError: when it cannot be written.
    """
    from boombap.output.encode import to_json

    folder = folder_of(state, flag)
    make_folder(folder)
    text = to_json(content)
    if len(text) > MAX_FILE_BYTES:
        left_out = f"the answers are left out: the file would have {len(text):,} characters"
        text = to_json({**content, "classic": None, "native": None, "left_out": left_out})
    name = _write_new(folder, text)
    for old in sorted(folder.glob("*.json"))[:-MAX_FILES]:
        old.unlink(missing_ok=True)
    return name


def stamp(seconds: float) -> str:
    """Return a Unix time in UTC, as ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _write_new(folder: Path, text: str) -> str:
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for number in itertools.count():
        name = f"{now}-{os.getpid()}-{number}.json"
        try:
            descriptor = os.open(folder / name, _NEW, 0o600)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text + "\n")
        except OSError:
            (folder / name).unlink(missing_ok=True)  # half an answer on a full disk
            raise
        return name
    raise AssertionError


def _journal(state: Path, flag: str) -> Path:
    return state / "shadow" / f"{flag}.jsonl"


def _set_aside(path: Path) -> Path:
    return path.with_suffix(".jsonl.1")


def _lines(path: Path) -> Iterator[bytes]:
    try:
        yield from path.read_bytes().splitlines()
    except FileNotFoundError:
        return


def _parsed(line: bytes) -> Comparison | None:
    try:
        row = Comparison(**json.loads(line))
        is_whole = row.result in RESULTS and isinstance(row.key, str) and isinstance(row.file, str)
        times = (row.at_s, row.classic_s, row.native_s or 0.0)
        return row if is_whole and all(isinstance(value, int | float) and value >= 0 for value in times) else None
    except (ValueError, TypeError, RecursionError):
        return None
