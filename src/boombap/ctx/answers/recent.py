"""What changed lately: files by their last commit; outside git by the times of the files."""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.ctx.answers.filter import Filter
    from boombap.ctx.indexing.index import Index

_BY_COMMIT = """
SELECT files.path, language, max(at_s) AS changed_s, count(*) FROM touched
JOIN commits ON commits.id = made JOIN files ON files.id = touched.file
WHERE at_s >= ? GROUP BY files.path ORDER BY changed_s DESC, count(*) DESC, files.path
"""
_BY_TIME = """
SELECT path, language, mtime_ns / 1000000000 AS changed_s, 0 FROM files
WHERE mtime_ns / 1000000000 >= ? ORDER BY changed_s DESC, path
"""


class Change(Record):
    """A file that changed.

    Attributes:
        path: relative to the root.
        changed_s: when, in seconds since 1970: its last commit, or its time in the work tree where git has none.
        commits: how many commits touched it in the time asked for.
    """

    path: str
    changed_s: int
    commits: int


def changes(index: Index, since_s: int, only: Filter, limit: int) -> list[Change]:
    """Return the files that a commit touched since a moment, the latest first; outside git by the files' own times."""
    index.check_intact()
    has_history = index.database.execute("SELECT 1 FROM commits LIMIT 1").fetchone()
    rows = index.database.execute(_BY_COMMIT if has_history else _BY_TIME, (since_s,))
    changed = [
        Change(path, changed_s, commits)
        for path, language, changed_s, commits in rows
        if only.has(path, language, changed_s)
    ]
    return changed[:limit]
