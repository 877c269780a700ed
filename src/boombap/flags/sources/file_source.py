"""The file as a source of flags: what it says now, or its last good copy where it cannot be used."""

from __future__ import annotations

import time

from boombap.flags.sources import file
from boombap.flags.sources.document import Malformed, definitions

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    from boombap.flags.model import Definition


class FileSource:
    """Flags in a file.

    Attributes:
        place: the path of the file.
        name: ``file``, or ``copy`` where the last good copy answers.
        problem: why the file cannot be used; empty while it can.
    """

    def __init__(self, path: Path, copy: Path, *, is_explicit: bool) -> None:
        self.place = str(path)
        self._path = path
        self._copy = copy
        self.name = "file"
        self.problem = ""
        self._is_explicit = is_explicit
        self._seen: tuple[int, ...] = ()
        self._good: Mapping[str, Definition] | None = None

    def is_blind(self, flag: str) -> bool:  # noqa: ARG002 - a file is known as a whole, a Redis flag by flag
        """Tell whether what the file says of a flag is not known: it cannot be used, and no copy takes its place."""
        return bool(self.problem) and self._good is None

    def get(self, flag: str) -> Definition | None:
        """Return what the file, or its copy, says of a flag; None where it says nothing."""
        return self.all().get(flag)

    def all(self) -> Mapping[str, Definition]:
        """Return every flag of ours in the file, or in its copy."""
        self._look()
        return self._good or {}

    def _look(self) -> None:
        try:
            identity = _identity(self._path.stat())
        except OSError:
            identity = ()
        if identity and identity == self._seen:
            return
        self._seen = identity
        try:
            content = file.read(self._path)
        except FileNotFoundError:
            self._missing()
        except Malformed as error:
            self._fall_back(str(error))
        else:
            self._seen = _identity(content.status)
            self._good, self.name, self.problem = definitions(content.document), "file", ""
            if not file.is_current(self._copy, content.status):
                file.keep_copy(self._path, self._copy)

    def _missing(self) -> None:
        """Take the copy of a file that is gone; one that never was, and that nothing names, is not missed."""
        if self._is_explicit or self._good is not None or self._copy.exists():
            self._fall_back("it is not there")

    def _fall_back(self, reason: str) -> None:
        if self._good is None:
            self._good = self._copied()
        has_copy = self._good is not None
        self.name = "copy" if has_copy else "file"
        using = f"its last good copy ({self._age()}) is used" if has_copy else "the classic engines are used"
        self.problem = f"flags in {self.place} cannot be used: {reason}; {using}"

    def _copied(self) -> Mapping[str, Definition] | None:
        try:
            return definitions(file.read(self._copy).document)
        except (FileNotFoundError, Malformed):
            return None

    def _age(self) -> str:
        try:
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._copy.stat().st_mtime))
        except OSError:
            return "in memory"


def copy_of(path: Path, state: Path) -> Path:
    """Return where the last good copy of a file is kept: a name of its own for each path."""
    from boombap.flags.hashing import murmur3

    digest = murmur3(bytes(path.absolute()))
    return state / "flags" / f"last-good-{digest:08x}.json"


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
