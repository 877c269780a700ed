"""Where an interrupted walk or change stopped, kept in a file of its own (0600), so that the next run goes on there.

A cursor of SCAN is good for one life of one server: at its next start keys are in another order.
"""

from __future__ import annotations

import hashlib
import json
import os

from boombap.private import make_folder
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


class ScanPosition(Record):
    """How far one database of one node has been walked.

    Attributes:
        run_id: the life of the server in which the cursor is good.
        cursor: where SCAN goes on.
        kept: what the walk has gathered so far, ready for JSON; a function gives it when the checkpoint is written.
    """

    run_id: str
    cursor: int
    kept: object = None


class Checkpoint:
    """The scan positions of one job, by node and database.

    Args:
        folder: for all checkpoints.
        job: everything that makes this job this one, its pattern and its target above all; another job has another
            file, so that a cursor never goes on with a pattern that it was not begun with.
    """

    def __init__(self, folder: Path, *job: object) -> None:
        name = hashlib.sha256(repr(job).encode()).hexdigest()[:24]
        self._path = folder / f"{name}.json"
        self._marks: dict[str, ScanPosition] = {}

    def read(self) -> bool:
        """Take in what an earlier run has left; False when there is nothing that can be used."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            self._marks = {
                shard: ScanPosition(str(run_id), int(cursor), kept) for shard, (run_id, cursor, kept) in found.items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return False
        return True

    def at(self, shard: str, run_id: str) -> ScanPosition | None:
        """Return the scan position of a shard, if its server has not been restarted since."""
        mark = self._marks.get(shard)
        return mark if mark is not None and mark.run_id == run_id else None

    def put(self, shard: str, mark: ScanPosition) -> None:
        """Remember how far a shard has come."""
        self._marks = {**self._marks, shard: mark}

    def write(self) -> None:
        """Write all scan positions, in one step."""
        make_folder(self._path.parent)
        marks = self._marks
        text = json.dumps({shard: (mark.run_id, mark.cursor, _now(mark.kept)) for shard, mark in marks.items()})
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
        fresh.replace(self._path)

    def forget(self) -> None:
        """Remove the file: the job is done."""
        self._path.unlink(missing_ok=True)


def _now(kept: object) -> object:
    return kept() if callable(kept) else kept
