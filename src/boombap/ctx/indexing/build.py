"""Fills an index: reads the files that changed, cuts them into chunks, and writes terms, imports and history."""

from __future__ import annotations

import os
import time
from contextlib import closing
from functools import partial
from typing import NamedTuple

from boombap.ctx.imports.pagerank import ranks
from boombap.ctx.imports.resolver import Resolver
from boombap.ctx.indexing import freshness, history, reading, store
from boombap.ctx.indexing.file_writer import FileWriter
from boombap.ctx.model import Skipped
from boombap.ctx.repository import files, git, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from boombap.ctx.model import Limits
    from boombap.ctx.repository.files import Listing

    OnFile = Callable[[int, int], None]

_CHARACTERS_A_MB = 1_000_000


class _Known(NamedTuple):
    """What the index has of a file."""

    number: int
    size: int
    mtime_ns: int
    crc: int

    def is_fresh(self, stamp: tuple[int, int], trusted_ns: int) -> bool:
        """Tell whether a file of this size and time of change need not be read: it changed well before it was."""
        return stamp == (self.size, self.mtime_ns) and self.mtime_ns < trusted_ns


def write(beside: str, source: str, root: str, limits: Limits, on_file: OnFile | None = None) -> None:
    """Write the index of a tree to the file `beside`, from the index `source` where that saves work."""
    database = store.create(beside, source=source)
    try:
        if not fill(database, root, limits, on_file):
            database.close()
            database = store.create(beside)
            fill(database, root, limits, on_file)
    finally:
        database.close()


def fill(database: sqlite3.Connection, root: str, limits: Limits, on_file: OnFile | None = None) -> bool:
    """Bring an index to what the tree is now; tells whether it is good, or has to start from nothing.

    Args:
        database: the index, writable.
        root: the top of the tree.
        limits: how much is indexed.
        on_file: told, before each file, how many were looked at and how many there are.
    """
    facts = dict(database.execute("SELECT name, value FROM meta"))
    read_ns, head, stamps = time.time_ns(), git.head(root), freshness.stamps(root)
    listing = files.listing(root, limits.files)
    database.execute("BEGIN")
    before = {path for (path,) in database.execute("SELECT path FROM files")}
    writer = FileWriter(database, facts)
    trusted_ns = int(facts.get("read_ns") or 0) - freshness.GRAIN_NS
    changed = _update_files(writer, root, listing, limits, trusted_ns, on_file=on_file)
    (living,) = database.execute("SELECT count(*) FROM chunks").fetchone()
    if changed and writer.is_worn(living):
        database.execute("ROLLBACK")
        return False
    writer.flush()
    _note_folders(database, root, listing)
    appeared = not before.issuperset(path for (path,) in database.execute("SELECT path FROM files"))
    if changed:
        _link(database, root)
    since = "" if appeared else str(facts.get("head") or "")
    can_read = (head and since == head) or history.refresh(database, root, since, head)
    if changed:
        history.count(database)
    left_out = list(_left_out(database))
    notes = (
        [listing.note] * bool(listing.note)
        + left_out
        + ["git could not read the history: no statistics"] * (not can_read)
    )
    made = {
        "complete": 1, "root": root, "head": head, "stamps": stamps, "read_ns": read_ns,
        "grammars": freshness.grammars(), "limits": freshness.noted_limits(limits),
        "partial": int(listing.is_cut or bool(left_out)), "has_history": int(bool(can_read)),
        "notes": "; ".join(notes), "chunks": living, "now_s": read_ns // 1_000_000_000, **writer.facts,
        **_counted(database),
    }  # fmt: skip
    database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", made.items())
    database.execute("COMMIT")
    return True


def _counted(database: sqlite3.Connection) -> dict[str, int]:
    """Return how many files are indexed, beyond a limit, and left out for another reason: what the collector asks."""
    (indexed,) = database.execute("SELECT count(*) FROM files").fetchone()
    skipped, beyond = database.execute("SELECT count(*), total(reason LIKE 'beyond ctx.%') FROM skipped").fetchone()
    return {"files": indexed, "beyond_limit": int(beyond), "unsuitable": skipped - int(beyond)}


def _left_out(database: sqlite3.Connection) -> Iterator[str]:
    """Yield how many files were left out that belong in the index: by each limit, and for want of a right."""
    rows = database.execute(
        """SELECT reason, count(*) FROM skipped WHERE reason LIKE 'beyond ctx.%' OR reason LIKE 'unreadable: %'
        GROUP BY reason ORDER BY reason"""
    )
    for reason, count in rows:
        yield f"{count:,} file{'s' * (count != 1)} left out: {reason}"


def _update_files(
    writer: FileWriter, root: str, listing: Listing, limits: Limits, trusted_ns: int, *, on_file: OnFile | None
) -> bool:
    """Write the files that changed and take out those that are gone; tells whether there were any."""
    known = {
        path: _Known(*row) for path, *row in writer.database.execute("SELECT path, id, size, mtime_ns, crc FROM files")
    }
    paths, dropped = _within(listing.paths, limits)
    skipped = [(one.path, one.reason, 0, 0) for one in (*listing.skipped, *dropped)]
    stamps = {path: stamp for path in paths if (stamp := _stat(root, path))}
    fresh = {path for path, stamp in stamps.items() if path in known and known[path].is_fresh(stamp, trusted_ns)}
    wanted = [(path, known[path].crc if path in known else None) for path in stamps if path not in fresh]
    budget, is_changed = limits.size_mb * _CHARACTERS_A_MB, False
    with closing(reading.facts(root, wanted)) as results:
        for number, (path, stamp) in enumerate(stamps.items()):
            if on_file:
                on_file(number, len(stamps))
            beyond = Skipped(path, f"beyond ctx.max_index_mb ({limits.size_mb})")
            found = beyond if budget <= 0 else None if path in fresh else next(results)
            if isinstance(found, Skipped):
                skipped.append((path, found.reason, *stamp))
                continue
            budget -= stamp[0]
            old = known.pop(path, None)
            if found:
                writer.write(path, stamp, found, number=old.number if old else None)
                is_changed = True
            elif path not in fresh:
                writer.database.execute("UPDATE files SET size = ?, mtime_ns = ? WHERE path = ?", (*stamp, path))
    for gone in known.values():
        writer.forget(gone.number)
    writer.database.execute("DELETE FROM skipped")
    writer.database.executemany("INSERT INTO skipped VALUES (?, ?, ?, ?)", sorted(skipped))
    return is_changed or bool(known)


def _within(paths: Sequence[str], limits: Limits) -> tuple[Sequence[str], list[Skipped]]:
    kept = paths if len(paths) <= limits.files else sorted(paths, key=lambda path: (path.count("/"), path))
    reason = f"beyond ctx.max_files ({limits.files})"
    return kept[: limits.files], [Skipped(path, reason) for path in kept[limits.files :]]


def _stat(root: str, path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(os.path.join(root, path))
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _note_folders(database: sqlite3.Connection, root: str, listing: Listing) -> None:
    folders = {""}
    for path in (*listing.paths, *(one.path for one in listing.skipped)):
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    stamped = ((folder, _stat(root, folder)) for folder in sorted(folders))
    database.execute("DELETE FROM folders")
    database.executemany("INSERT INTO folders VALUES (?, ?)", ((name, stamp[1]) for name, stamp in stamped if stamp))


def _manifest(root: str, path: str) -> str:
    """Return the text of a file that says where imports lead; it names paths only, so nothing in it is masked."""
    found = texts.content(root, path)
    return "" if isinstance(found, Skipped) else texts.decode(found) or ""


def _link(database: sqlite3.Connection, root: str) -> None:
    rows = database.execute("SELECT id, path, language, imports FROM files ORDER BY path").fetchall()
    numbers = {path: number for number, path, _, _ in rows}
    resolver = Resolver(numbers, partial(_manifest, root))
    edges: dict[int, list[int]] = {}
    for number, path, language, imports in rows:
        targets = {
            numbers[t] for words in imports.split("\n") if words for t in resolver.targets(path, language, words)
        }
        if targets:
            edges[number] = sorted(targets)
    database.execute("DELETE FROM edges")
    database.executemany("INSERT INTO edges VALUES (?, ?)", ((s, t) for s, targets in edges.items() for t in targets))
    found = ranks(sorted(numbers.values()), edges)
    database.executemany(
        "UPDATE files SET rank = ? WHERE id = ?", ((round(rank, 6), number) for number, rank in found.items())
    )
