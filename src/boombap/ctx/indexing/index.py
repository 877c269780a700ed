"""The index of one tree: built at the first question, brought up to date at each later one."""

from __future__ import annotations

import sqlite3
import time
from math import inf

from boombap.ctx.indexing import store
from boombap.ctx.indexing.freshness import CHECK_S, CHECKED_AT_ONCE, state
from boombap.ctx.model import Limits
from boombap.ctx.repository.roots import root_of
from boombap.errors import AccessDenied, BoombapError, ExternalError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from boombap.ctx.repository.texts import Reader

    Answer = TypeVar("Answer")


DAMAGED = "the index was damaged and is rebuilt"
_MAY_BE_STALE = (
    "the answer may be stale: there was not enough time to check all files; the next search continues the check,"
    " `ctx index` checks all"
)


class Index:
    """An open index.

    Attributes:
        database: the connection; read-only unless the index lives in memory.
        root: the folder whose files it holds.
        notes: what a person should know about this index: what is stale, what could not be done.
        built: whether opening it had to build or refresh it.
    """

    def __init__(
        self,
        database: sqlite3.Connection,
        root: str,
        *,
        notes: list[str],
        built: bool,
        path: str = "",
        is_stale: bool = False,
    ) -> None:
        self.database = database
        self._path = path
        self.root = root
        self.notes = notes
        self.built = built
        self._is_stale = is_stale

    @property
    def is_damaged(self) -> bool:
        """Tell whether its file is not what was written."""
        return self.is_kept and store.is_damaged(self._path)

    @property
    def is_kept(self) -> bool:
        """Tell whether it is in its file, and not only in the memory of this run."""
        return bool(self._path)

    def check_intact(self) -> None:
        """Refuse to say that something is not there when the file is not what was written; reads the whole file.

        Raises:
            sqlite3.DatabaseError: then `ask_index` rebuilds the index.
        """
        if self.is_damaged:
            raise sqlite3.DatabaseError("the checksum of the index is wrong")

    @property
    def is_partial(self) -> bool:
        """Tell whether something of the tree may be missing in it, so that "nothing found" is not a verdict."""
        return self._is_stale or self.fact("partial") == "1"

    @property
    def has_history(self) -> bool:
        """Tell whether git's history could be read; a tree without git has an empty one."""
        return self.fact("has_history") == "1"

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    @property
    def all_notes(self) -> list[str]:
        """Return what a person should know about the answers: of the build, and of this opening."""
        return [note for note in (self.fact("notes"), *self.notes) if note]

    def reader(self) -> Reader:
        """Return a reader of the files of the tree."""
        from boombap.ctx.repository.texts import Reader

        sql = "SELECT crc, masks FROM files WHERE path = ?"
        return Reader(self.root, lambda path: self.database.execute(sql, (path,)).fetchone())

    def fact(self, name: str) -> str:
        """Return a value of the index's own table, empty without one."""
        row = self.database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""


def open_or_build(
    root: Path | str,
    cache: Path | str,
    *,
    limits: Limits | None = None,
    is_rebuilt: bool = False,
    is_thorough: bool = False,
    at_once: int = CHECKED_AT_ONCE,
    within_s: float = CHECK_S,
    pause: Callable[[float], None] = time.sleep,
    on_file: Callable[[int, int], None] | None = None,
) -> Index:
    """Return the index of a tree as its files are now.

    Args:
        root: the top of the tree, or a folder in a repository.
        cache: the folder that holds all indexes; one that cannot be written costs a build in memory each time.
        limits: how much is indexed.
        is_rebuilt: whether to build from nothing.
        is_thorough: whether to look at every file, whatever time it takes.
        at_once: how many files are looked at whatever time that takes.
        within_s: seconds after which looking at the others stops.
        pause: waits while another process writes the index.
        on_file: told, while the index is built, how many files of how many were looked at.

    Raises:
        NotFound: when there is nothing that could be searched.
        UsageError: for a folder that is not a project: ``/``, the home folder, a parent of it.
        RetryLater: when another process does not stop writing.
    """
    top, limits = root_of(str(root)), limits or Limits()
    path = store.place(str(cache), top)
    place = _Place(top, path, limits, pause, on_file)
    database = None if is_rebuilt else store.open_existing(path)
    notes: list[str] = []
    if (database is None or is_thorough) and not is_rebuilt and store.is_damaged(path):
        notes.append(DAMAGED)
        return _build(place, database, notes, is_rebuilt=True)
    if database is not None:
        within_s = inf if is_thorough else within_s
        found = state(database, top, path, limits, at_once=at_once, within_s=within_s)
        if found == "fresh":
            return Index(database, top, notes=notes, built=False, path=path)
        if found == "unknown":
            notes.append(_MAY_BE_STALE)
            return Index(database, top, notes=notes, built=False, path=path, is_stale=True)
    return _build(place, database, notes, is_rebuilt=is_rebuilt)


class _Place(Record):
    top: str
    path: str
    limits: Limits
    pause: Callable[[float], None]
    on_file: Callable[[int, int], None] | None


def _build(place: _Place, old: sqlite3.Connection | None, notes: list[str], *, is_rebuilt: bool) -> Index:
    from boombap.ctx.indexing import build  # the grammars and their 40 ms are behind this

    top, path = place.top, place.path
    try:
        with store.writing(place.path, place.pause) as beside:
            # While we waited another process may have done the work.
            current = None if is_rebuilt else store.open_existing(path)
            is_damaged = current is not None and store.is_damaged(path)
            if current is None or is_damaged or state(current, top, path, place.limits) != "fresh":
                if current is not None:
                    current.close()
                if is_damaged:
                    notes.append(DAMAGED)
                build.write(
                    beside, path if current is not None and not is_damaged else "", top, place.limits, place.on_file
                )
                store.publish(beside, path)
                current = store.open_existing(path)
    except (AccessDenied, OSError, sqlite3.Error) as error:
        return _without_cache(place, old, notes, error)
    if old is not None:
        old.close()
    if current is None:
        raise ExternalError(f"the index {path} cannot be read after it was written")
    return Index(current, top, notes=notes, built=True, path=path)


def ask_index(
    open_index: Callable[[bool], Index], ask: Callable[[Index], Answer], on_damage: Callable[[str], None]
) -> Answer:
    """Return what `ask` makes of the index; when that proves damaged, rebuild it and ask once more.

    Args:
        open_index: returns the index; rebuilt from nothing when told so.
        ask: may raise anything for an index whose values are not what was written.
        on_damage: told that the index is rebuilt.

    Raises:
        ExternalError: when the index cannot be read after it was rebuilt.
    """
    index = open_index(False)
    try:
        return ask(index)
    except (BoombapError, OSError):
        raise
    except Exception as error:
        if not (isinstance(error, sqlite3.DatabaseError) or index.is_damaged):
            raise
    finally:
        index.close()
    on_damage(DAMAGED)
    index = open_index(True)
    try:
        return ask(index)
    except sqlite3.DatabaseError as error:
        raise ExternalError(f"the index of {index.root} cannot be read: {error}", hint="check the disk") from None
    finally:
        index.close()


def _without_cache(place: _Place, old: sqlite3.Connection | None, notes: list[str], error: Exception) -> Index:
    from boombap.ctx.indexing import build

    cause = getattr(error, "strerror", "") or error
    reason = str(error) if isinstance(error, AccessDenied) else f"the index cannot be written: {cause}"
    if old is not None and _can_answer(old):
        notes.append(f"{reason}; the answer is from an older index")
        return Index(old, place.top, notes=notes, built=False, is_stale=True)
    notes.append(f"{reason}; it was built in memory for this run only")
    database = store.in_memory()
    build.fill(database, place.top, place.limits, place.on_file)
    return Index(database, place.top, notes=notes, built=True)


def _can_answer(database: sqlite3.Connection) -> bool:
    try:
        return database.execute("SELECT count(*) FROM chunks").fetchone() is not None
    except sqlite3.Error:
        return False
