"""Where an interrupted scan or change stopped, kept in a file of its own (0600), so that the next run resumes it.

A cursor of SCAN is good for one life of one server, and for one layout of a Cluster. What was counted long ago, or
before most keys came or went, is not part of a new answer: such a checkpoint is not resumed.
"""

from __future__ import annotations

import json
import os
import time
from zlib import adler32, crc32

from boombap.private import make_folder
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

_VERSION = 2
# A shard whose number of keys has changed by more than this share is scanned again from its beginning.
_DRIFT = 0.1
_DRIFT_KEYS = 1_000


class ScanPosition(Record):
    """How far one database of one node has been scanned.

    Attributes:
        run_id: the life of the server in which the cursor is good.
        cursor: where SCAN goes on.
        kept: what the scan has gathered so far, ready for JSON; a function gives it when the checkpoint is written.
        keys: DBSIZE when the scan began; None where nobody asked.
    """

    run_id: str
    cursor: int
    kept: object = None
    keys: int | None = None


class Checkpoint:
    """The scan positions of one job, by shard.

    Args:
        folder: for all checkpoints.
        job: everything that makes this job this one, its pattern and its target above all; another job has another
            file, so that a cursor never goes on with a pattern that it was not begun with.
        now: seconds since 1970.

    Attributes:
        began_s: when the oldest part of what was read was begun, in seconds since 1970; None when nothing was read.
        layout: the layout of the Cluster in which the positions are good; empty outside of one, None when not known.
    """

    def __init__(self, folder: Path, *job: object, now: Callable[[], float] = time.time) -> None:
        self._job = repr(job)
        # The file holds the whole job too. A name by hashlib would load OpenSSL, which takes 3 MiB.
        name = self._job.encode()
        self._path = folder / f"{crc32(name):08x}{adler32(name):08x}.json"
        self._now = now
        self._positions: dict[str, ScanPosition] = {}
        self.began_s: float | None = None
        self.layout: str | None = None

    def read(self, max_age_s: float | None = None) -> bool:
        """Take in what an earlier run has left; False when there is nothing that can be used.

        Args:
            max_age_s: what was written longer ago is not used; None takes any.
        """
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            written_s = self._path.stat().st_mtime
            if max_age_s is not None and not 0 <= self._now() - written_s <= max_age_s:
                return False
            if found.get("job", self._job) != self._job:
                return False
            began_s, layout, positions = _content(found, written_s)
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return False
        self.began_s, self.layout, self._positions = began_s, layout, positions
        return True

    def at(self, run_id: str, *names: str, keys: int | None = None) -> ScanPosition | None:
        """Return the position of a shard, if its server has not been restarted or refilled since.

        Args:
            names: of the shard; the first that is known counts.
            keys: DBSIZE now.
        """
        position = next((self._positions[name] for name in names if name in self._positions), None)
        if position is None or position.run_id != run_id:
            return None
        if keys is not None and position.keys is not None:
            drift = abs(keys - position.keys)
            if drift > max(_DRIFT_KEYS, _DRIFT * max(keys, position.keys)):
                return None
        return position

    def settle(self, layout: str) -> None:
        """Say which layout the Cluster has now; positions of another one are dropped."""
        if self.layout not in (None, layout):
            self.clear()
        self.layout = layout

    def put(self, shard: str, position: ScanPosition) -> None:
        """Remember how far a shard has come."""
        self._positions = {**self._positions, shard: position}

    def clear(self) -> None:
        """Drop all positions, in memory and in the file: the scan begins again."""
        self._positions = {}
        self.began_s = None
        self.remove()

    def write(self) -> None:
        """Write all positions, in one step."""
        make_folder(self._path.parent)
        if self.began_s is None:
            self.began_s = self._now()
        positions = self._positions
        text = json.dumps(
            {
                "version": _VERSION,
                "job": self._job,
                "began_at": self.began_s,
                "layout": self.layout,
                "shards": {
                    shard: (position.run_id, position.cursor, _kept(position.kept), position.keys)
                    for shard, position in positions.items()
                },
            }
        )
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
        fresh.replace(self._path)

    def remove(self) -> None:
        """Remove the file: the job is done."""
        self._path.unlink(missing_ok=True)


def _content(found: Any, written_s: float) -> tuple[float, str | None, dict[str, ScanPosition]]:  # noqa: ANN401 - JSON
    """Return when it was begun, the layout and the positions; earlier versions wrote the positions alone."""
    if "version" not in found:
        found = {"began_at": written_s, "layout": None, "shards": found}
    positions = {
        shard: ScanPosition(str(run_id), int(cursor), *rest)
        for shard, (run_id, cursor, *rest) in found["shards"].items()
    }
    layout = found["layout"]
    return float(found["began_at"]), layout if layout is None else str(layout), positions


def _kept(kept: object) -> object:
    return kept() if callable(kept) else kept
