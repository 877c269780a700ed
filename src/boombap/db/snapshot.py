"""Numbers of one moment, kept in a file, and what has changed since."""

from __future__ import annotations

import os
import re
from datetime import datetime

from boombap.db.model import Diagnosis, Statement, Tracks
from boombap.errors import ExternalError, NotFound
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from boombap.db.model import Health

SCHEMA = "boombap.db.snapshot/1"
_SLOT = "slot."


class Snapshot(Record):
    """What is kept of one diagnosis.

    Attributes:
        taken_at: UTC, ISO 8601.
        numbers: by name such as ``tracks.total`` or ``analyzer.qwen.rows``.
        findings: ``id subject`` of each finding.
        statements: by queryid, calls, milliseconds and rows since the server's statistics began.
    """

    taken_at: str
    numbers: Mapping[str, int]
    findings: tuple[str, ...]
    statements: Mapping[str, tuple[int, float, int]]


class Change(Record):
    """One difference between a snapshot and now; a number that did not exist is None.

    Attributes:
        name: the number's name, or ``finding`` and its text.
        before: its value in the snapshot.
        now: its value now.
    """

    name: str
    before: int | None
    now: int | None


def of(diagnosis: Diagnosis, statements: Sequence[Statement] = ()) -> Snapshot:
    """Return the part of a diagnosis that is worth keeping."""
    health = diagnosis.health
    return Snapshot(
        taken_at=diagnosis.taken_at,
        numbers=dict(_numbers(diagnosis)),
        findings=tuple(f"{one.id} {one.subject}" for one in health.findings) if health else (),
        statements={one.id: (one.calls, one.total_ms, one.rows) for one in statements},
    )


def _numbers(diagnosis: Diagnosis) -> Iterator[tuple[str, int]]:
    if isinstance(diagnosis.tracks, Tracks):
        for name in ("total", "with_lyrics", "with_spotify", "artists"):
            value = getattr(diagnosis.tracks, name)
            if value is not None:
                yield f"tracks.{name}", value
    if isinstance(diagnosis.analyzers, tuple):
        for one in diagnosis.analyzers:
            yield f"analyzer.{one.name}.rows", one.rows
    if isinstance(diagnosis.tables, tuple):
        there = (table for table in diagnosis.tables if table.exists)
        yield from ((f"table.{table.name}.bytes", table.heap_bytes + table.index_bytes) for table in there)
    if diagnosis.server.size_bytes is not None:
        yield "database.bytes", diagnosis.server.size_bytes
    if diagnosis.health:
        yield from _slots(diagnosis.health)


def _slots(health: Health) -> Iterator[tuple[str, int]]:
    for finding in health.findings:
        kept = finding.evidence.get("kept_bytes")
        if finding.id == "replication_slots" and isinstance(kept, int):
            yield f"{_SLOT}{finding.subject}.kept_bytes", kept


def changes(before: Snapshot, now: Snapshot) -> tuple[Change, ...]:
    """Return every number that differs, then the findings that are new (None before) or gone (None now)."""
    names = list(dict.fromkeys([*before.numbers, *now.numbers]))
    numbers = [Change(name, before.numbers.get(name), now.numbers.get(name)) for name in names]
    gone = [Change(f"finding {text}", 1, None) for text in before.findings if text not in now.findings]
    new = [Change(f"finding {text}", None, 1) for text in now.findings if text not in before.findings]
    return (*(one for one in numbers if one.before != one.now), *new, *gone)


def statements_since(before: Snapshot, now: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements with what they did since the snapshot, those that did nothing left out.

    A count below the snapshot's means that the statistics were reset in between: then all of it is new.
    """
    return tuple(sorted(_since(before, now), key=lambda one: -one.total_ms))


def _since(before: Snapshot, now: Sequence[Statement]) -> Iterator[Statement]:
    for one in now:
        calls, total_ms, rows = before.statements.get(one.id, (0, 0.0, 0))
        if one.calls < calls:
            calls, total_ms, rows = 0, 0.0, 0
        if one.calls > calls:
            yield Statement(one.id, one.text, one.calls - calls, one.total_ms - total_ms, one.rows - rows, one.hit_pct)


def path(folder: Path, target: str, name: str) -> Path:
    """Return the file of a snapshot of one target (``host:port/database``)."""
    from zlib import crc32  # hashlib would load OpenSSL: 3 ms

    readable = re.sub(r"[^\w.-]+", "_", target)[:60]
    return folder / "db" / f"{readable}-{crc32(target.encode()):08x}" / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', name)}.json"


def save(snapshot: Snapshot, file: Path) -> None:
    """Write a snapshot, whole or not at all (0600, in folders of 0700).

    Raises:
        ExternalError: when the folder cannot be written.
    """
    import json

    from boombap.private import make_folder

    fields = {name: getattr(snapshot, name) for name in Snapshot.__match_args__}
    text = json.dumps({"schema": SCHEMA, **fields}, indent=1)
    draft = file.with_suffix(f".{os.getpid()}.new")
    try:
        make_folder(file.parent)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        draft.replace(file)
    except OSError as error:
        raise ExternalError(f"cannot write the snapshot {file}: {error.strerror}", hint="check paths.data") from None


def load(file: Path) -> Snapshot:
    """Read a snapshot.

    Raises:
        NotFound: when none was saved under this name.
        ExternalError: when the file cannot be read, or is none of ours.
    """
    import json

    try:
        entry = json.loads(file.read_text(encoding="utf-8"))
        return _checked(entry)
    except FileNotFoundError:
        raise NotFound(
            f"no snapshot {file.stem!r} of this database", hint="save one with `boombap db snapshot save`"
        ) from None
    except OSError as error:
        raise ExternalError(f"cannot read the snapshot {file}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ExternalError(f"{file} is not a snapshot of this version", hint="remove it and save a new one") from None


def _checked(entry: dict[str, Any]) -> Snapshot:
    if entry["schema"] != SCHEMA:
        raise ValueError(entry["schema"])
    numbers = {str(name): int(value) for name, value in entry["numbers"].items()}
    statements = {
        str(key): (int(calls), float(ms), int(rows)) for key, (calls, ms, rows) in entry["statements"].items()
    }
    return Snapshot(str(entry["taken_at"]), numbers, tuple(map(str, entry["findings"])), statements)


def rows_before(file: Path) -> Mapping[str, int]:
    """Return each analyzer's rows in a snapshot, nothing when there is none that can be read."""
    try:
        numbers = load(file).numbers
    except ExternalError:
        return {}
    return {
        name.removeprefix("analyzer.").removesuffix(".rows"): value
        for name, value in numbers.items()
        if name.startswith("analyzer.")
    }


def slots_before(file: Path, now: datetime) -> tuple[Mapping[str, int], float]:
    """Return the WAL that each slot kept in a snapshot, and the seconds since; nothing when none can be read."""
    try:
        before = load(file)
        age_s = (now - datetime.fromisoformat(before.taken_at)).total_seconds()
    except (ExternalError, ValueError, TypeError):
        return {}, 0.0
    return {
        name.removeprefix(_SLOT).removesuffix(".kept_bytes"): value
        for name, value in before.numbers.items()
        if name.startswith(_SLOT)
    }, age_s
