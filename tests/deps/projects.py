"""A project whose dependencies are updated: its files, a database, wheels, and what the command said."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

from boombap.deps.audit import audit
from boombap.deps.update.command import UpdateOptions, update
from boombap.interrupt import Interrupt
from boombap.output.terminal import Terminal
from deps.osv import database, record
from deps.trees import write

if TYPE_CHECKING:
    from pathlib import Path

BELOW = {"introduced": "0"}
RECORDS = [
    record("PYSEC-1", "vuln", BELOW, {"fixed": "1.2"}),
    record("PYSEC-2", "twice", BELOW, {"fixed": "1.1"}),
    record("PYSEC-3", "twice", {"introduced": "1.1"}, {"fixed": "1.3"}),
    record("PYSEC-4", "hopeless", BELOW),
    record("PYSEC-5", "pre", BELOW, {"fixed": "2.0b1"}),
    record("PYSEC-6", "trap", BELOW, {"fixed": "1.1"}),
    record("PYSEC-7", "weak", {"introduced": "2.0"}),
]
SOME = (
    "vuln 1.0",
    "vuln 1.1",
    "vuln 1.2",
    "vuln 1.3",
    "vuln 2.0",
    "other 1.0",
    "other 2.0",
    "twice 1.0",
    "twice 1.1",
    "twice 1.2",
    "twice 1.3",
    "hopeless 1.0",
    "hopeless 2.0",
    "pre 1.0",
    "pre 2.0b1",
    "weak 1.0",
    "weak 2.0",
    "trap 1.0 weak<2",
    "trap 1.1 weak>=2",
)


class Project:
    """A folder with a database beside it, and what the command said about it."""

    def __init__(self, base: Path, folder: Path, records: list[dict[str, object]]) -> None:
        self.folder = folder
        self.state = base / "state"
        self.database = database(base, records)
        self.out = io.StringIO()
        self.err = io.StringIO()

    def update(self, *, interrupt: Interrupt | None = None, **wish: object) -> int:
        return update(
            UpdateOptions(**wish),  # type: ignore[arg-type]
            lambda reading: audit(reading, self.database, now_s=time.time()),
            self.state,
            Terminal(self.out, self.err),
            interrupt or Interrupt(),
        )

    def text(self, name: str = "requirements.txt") -> str:
        return (self.folder / name).read_bytes().decode()


PLACES = "--no-index\n--find-links wheels\n"


def requirements(project: Project, text: str, *, places: str = PLACES) -> None:
    write(project.folder, {"requirements.txt": places + text})
