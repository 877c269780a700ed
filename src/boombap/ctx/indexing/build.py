"""Fills an index: reads the files that changed, cuts them into chunks, and writes terms, imports and history."""

from __future__ import annotations

import os
import re
import time

from boombap.ctx import term_vectors
from boombap.ctx.indexing import chunks, freshness, history, labels, store, vectors
from boombap.ctx.indexing.import_graph import Resolver, ranks
from boombap.ctx.model import IS_CONFIGURATION, IS_GENERATED, IS_PROSE, ONLY_REEXPORTS, Skipped
from boombap.ctx.repository import files, git
from boombap.ctx.structure.languages import CONFIGURATION, MARKUP, PROSE, language_of
from boombap.ctx.structure.read import structure
from boombap.ctx.tokens import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from boombap.ctx.model import Chunk, Limits, Structure
    from boombap.ctx.repository.files import Listing, Text

    OnFile = Callable[[int, int], None]

_FRONT = re.compile(r"(?:^|/)(?:__init__\.pyi?|index\.(?:[mc]?[jt]sx?))$")
# Beyond this share of postings whose chunk is gone, the statistics behind BM25 are off: the index is rebuilt.
_MOST_GHOSTS = 0.2
_CHARACTERS_A_MB = 1_000_000


def write(beside: str, source: str, root: str, limits: Limits, on_file: OnFile | None = None) -> None:
    """Write the index of a tree to the file `beside`, from the index `source` where that saves work."""
    database = store.create(beside, source=source)
    try:
        if not fill(database, root, limits, on_file):
            # Too many postings of chunks that are gone.
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
    trusted_ns = int(facts.get("read_ns") or 0) - freshness.GRAIN_NS
    changed = _update_files(database, root, listing, limits, trusted_ns, on_file=on_file)
    if changed and _ghosts(database) > _MOST_GHOSTS:
        database.execute("ROLLBACK")
        return False
    _note_folders(database, root, listing)
    appeared = not before.issuperset(path for (path,) in database.execute("SELECT path FROM files"))
    if changed:
        _link(database)
    since = "" if appeared else str(facts.get("head") or "")
    can_read = (head and since == head) or history.refresh(database, root, since, head)
    if changed:
        history.count(database)
    notes = (
        [listing.note] * bool(listing.note)
        + list(_left_out(database))
        + ["git could not read the history: no statistics"] * (not can_read)
    )
    made = {
        "complete": 1, "root": root, "head": head, "stamps": stamps, "read_ns": read_ns,
        "grammars": freshness.grammars(),
        "notes": "; ".join(notes), "chunks": database.execute("SELECT count(*) FROM chunks").fetchone()[0],
        "now_s": read_ns // 1_000_000_000,
    }  # fmt: skip
    database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", made.items())
    database.execute("COMMIT")
    return True


def _left_out(database: sqlite3.Connection) -> Iterator[str]:
    """Yield how many files each limit left out."""
    rows = database.execute(
        "SELECT reason, count(*) FROM skipped WHERE reason LIKE 'beyond ctx.%' GROUP BY reason ORDER BY reason"
    )
    for reason, count in rows:
        yield f"{count:,} file{'s' * (count != 1)} left out: {reason}"


def _ghosts(database: sqlite3.Connection) -> float:
    (living,) = database.execute("SELECT count(*) FROM chunks").fetchone()
    (written,) = database.execute("SELECT count(*) FROM postings_docsize").fetchone()
    return 1 - living / written if written else 0.0


def _update_files(
    database: sqlite3.Connection,
    root: str,
    listing: Listing,
    limits: Limits,
    trusted_ns: int,
    *,
    on_file: OnFile | None,
) -> bool:
    known = {
        path: (number, size, mtime_ns, crc)
        for number, path, size, mtime_ns, crc in database.execute("SELECT id, path, size, mtime_ns, crc FROM files")
    }
    paths, dropped = _within(listing.paths, limits)
    skipped = [(one.path, one.reason, 0, 0) for one in (*listing.skipped, *dropped)]
    is_changed = False
    budget = limits.size_mb * _CHARACTERS_A_MB
    for number, path in enumerate(paths):
        if on_file:
            on_file(number, len(paths))
        stamp = _stat(root, path)
        if stamp is None:
            continue
        old = known.pop(path, None)
        if old and old[1:3] == stamp and stamp[1] < trusted_ns and budget > 0:
            budget -= stamp[0]
            continue
        text = files.read(root, path) if budget > 0 else Skipped(path, f"beyond ctx.max_index_mb ({limits.size_mb})")
        if isinstance(text, Skipped):
            skipped.append((path, text.reason, *stamp))
            is_changed |= old is not None
            if old:
                _forget(database, old[0])
            continue
        budget -= stamp[0]
        if old and old[3] == text.crc:
            database.execute("UPDATE files SET size = ?, mtime_ns = ? WHERE id = ?", (*stamp, old[0]))
            continue
        if old:
            _forget(database, old[0])
        _add(database, path, stamp, text)
        is_changed = True
    for number, *_ in known.values():
        _forget(database, number)
    database.execute("DELETE FROM skipped")
    database.executemany("INSERT INTO skipped VALUES (?, ?, ?, ?)", sorted(skipped))
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


def _forget(database: sqlite3.Connection, number: int) -> None:
    database.execute("DELETE FROM chunks WHERE file = ?", (number,))
    database.execute("DELETE FROM files WHERE id = ?", (number,))


def _add(database: sqlite3.Connection, path: str, stamp: tuple[int, int], text: Text) -> None:
    language = language_of(path, text.lines[0])
    found = structure(language, text.lines)
    flags = _flags(path, language, text, found)
    row = (path, *stamp, text.crc, language, flags, len(text.lines), "\n".join(found.imports), found.parsed)
    number = database.execute(
        """INSERT INTO files (path, size, mtime_ns, crc, language, flags, lines, imports, parsed)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        row,
    ).lastrowid
    assert number is not None, "an INSERT has a row"
    _add_chunks(database, number, path, text.lines, found)


def _flags(path: str, language: str, text: Text, found: Structure) -> int:
    return (
        IS_GENERATED * text.is_generated
        | IS_PROSE * (language in PROSE or language in MARKUP)
        | IS_CONFIGURATION * (language in CONFIGURATION)
        | ONLY_REEXPORTS * (bool(_FRONT.search(path)) and not _defines(found))
    )


def _defines(found: Structure) -> bool:
    """Tell whether a module defines something of its own; `__all__` and a lazy `__getattr__` only pass names on."""
    return any(not one.name.startswith("__") for one in found.definitions)


def _add_chunks(database: sqlite3.Connection, number: int, path: str, lines: Sequence[str], found: Structure) -> None:
    of_path = " ".join(dict.fromkeys(terms(path)))
    # The id is never used twice: postings of a chunk that is gone must not point to another one.
    (first,) = database.execute("SELECT coalesce(max(id), 0) FROM postings_docsize").fetchone()
    of_chunks = []
    for at, chunk in enumerate(chunks.chunks(lines, found), first + 1):
        doc, body = _split(chunk, lines)
        of_chunks.append(vectors.of_chunk(path, chunk, doc, body))
        row = (at, number, chunk.start, chunk.end, chunk.kind, " ".join(chunk.symbols), ".".join(chunk.scope))
        database.execute(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, *chunk.whole, chunk.complexity, labels.of_chunk(chunk), of_chunks[-1]),
        )
        columns = (of_path, _joined(chunk.symbols), _joined(chunk.scope), doc, body)
        database.execute(
            "INSERT INTO postings (rowid, path, symbol, scope, doc, body) VALUES (?, ?, ?, ?, ?, ?)", (at, *columns)
        )
    database.execute("UPDATE files SET vector = ? WHERE id = ?", (term_vectors.mean(of_chunks), number))


def _split(chunk: Chunk, lines: Sequence[str]) -> tuple[str, str]:
    if not chunk.docs:
        return "", " ".join(terms("\n".join(lines[chunk.start - 1 : chunk.end])))
    numbered = range(chunk.start, chunk.end + 1)
    doc = "\n".join(lines[at - 1] for at in numbered if at in chunk.docs)
    body = "\n".join(lines[at - 1] for at in numbered if at not in chunk.docs)
    return " ".join(terms(doc)), " ".join(terms(body))


def _joined(names: Iterable[str]) -> str:
    return " ".join(term for name in names for term in terms(name))


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


def _link(database: sqlite3.Connection) -> None:
    rows = database.execute("SELECT id, path, language, imports FROM files ORDER BY path").fetchall()
    numbers = {path: number for number, path, _, _ in rows}
    resolver = Resolver(numbers)
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
