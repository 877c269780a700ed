"""Lines that a regular expression matches, by path and line; unlike a search it reads every file."""

from __future__ import annotations

import re

from boombap.ctx.answers.filter import ANY, Filter, kept_files
from boombap.ctx.indexing import labels
from boombap.ctx.model import Hit, Skipped
from boombap.ctx.repository import files
from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.ctx.indexing.index import Index


def grep(
    index: Index,
    pattern: str,
    *,
    limit: int = 10,
    only: Filter = ANY,
    ignore_case: bool = False,
    around: int = 0,
) -> list[Hit]:
    """Return the lines that a regular expression matches.

    Args:
        index: of the tree that is searched.
        pattern: as Python's `re` reads it.
        limit: the most answers.
        only: which files may answer.
        ignore_case: whether ``a`` matches ``A``.
        around: how many lines before and after a match its snippet has.

    Raises:
        UsageError: for a pattern that Python's `re` does not read.
    """
    try:
        wanted = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise UsageError(f"{pattern!r} is not a regular expression: {error}") from None
    kept = kept_files(index, only) if only else None
    rows = index.database.execute("SELECT id, path FROM files ORDER BY path").fetchall()
    paths = [path for number, path in rows if kept is None or number in kept]
    hits = (hit for path in paths for hit in _matches(index, path, wanted, around))
    return [hit for _, hit in zip(range(limit), hits, strict=False)]


def _matches(index: Index, path: str, wanted: re.Pattern[str], around: int) -> Iterator[Hit]:
    text = files.read(index.root, path)
    if isinstance(text, Skipped):
        return
    for number, line in enumerate(text.lines, 1):
        if wanted.search(line):
            first, snippet = _with_neighbours(text.lines, number, around)
            symbol = _symbol_at(index, path, number)
            yield Hit(path, number, number, symbol, "line", 1.0, (("match", 1.0),), snippet, first)


def _with_neighbours(lines: Sequence[str], number: int, around: int) -> tuple[int, str]:
    """Return the number of the first line shown, and the lines; what follows the last line end is not a line."""
    first, last = max(1, number - around), min(len(lines), number + around)
    if number < last == len(lines) and not lines[-1]:
        last -= 1
    return first, "\n".join(lines[first - 1 : last])


def _symbol_at(index: Index, path: str, line: int) -> str:
    row = index.database.execute(
        """SELECT scope, labels, symbols FROM chunks JOIN files ON files.id = file
        WHERE path = ? AND start <= ? AND stop >= ? LIMIT 1""",
        (path, line, line),
    ).fetchone()
    if row is None:
        return ""
    scope, kept, symbol = row
    return labels.scoped(scope, labels.around(kept, line)[0] if kept else symbol)
