"""What git knows of each file: how often and when it changed, and with which others; one pass over the log."""

from __future__ import annotations

from boombap.ctx.repository import git
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

_FORMAT = "--format=%x01%ct"
_MOST_COMMITS = 20_000
# A commit of more files says nothing about any two of them.
LARGEST_COMMIT = 30


class Commit(Record):
    """One commit.

    Attributes:
        at_s: when it was committed, in seconds since 1970.
        paths: the files that it touched.
    """

    at_s: int
    paths: tuple[str, ...]


def read(root: str, since: str, head: str) -> tuple[Commit, ...] | None:
    """Return the commits after `since` (all when empty), None when git fails, as it does for missing objects."""
    if not head:
        return ()
    what = f"{since}..{head}" if since else head
    answer = git.ask(
        root, "log", "--no-merges", "--no-renames", "--name-only", "-z", _FORMAT, f"-n{_MOST_COMMITS}", what, "--"
    )
    return None if answer is None else tuple(parse(answer))


def parse(answer: bytes) -> Iterator[Commit]:
    r"""Yield the commits of a log written with ``-z``: a mark, the time, and the names, each ended by NUL.

    >>> list(parse(b"\x011700000000\0\na.py\0b.py\0\x011600000000\0"))
    [Commit(at_s=1700000000, paths=('a.py', 'b.py')), Commit(at_s=1600000000, paths=())]
    """
    for block in answer.split(b"\x01")[1:]:
        when, *names = block.split(b"\0")
        when, _, first = when.partition(b"\n")
        if when.strip().isdigit():
            yield Commit(int(when), tuple(name for name in _names((first, *names)) if name))


def _names(raw: Iterable[bytes]) -> Iterator[str]:
    return (name.lstrip(b"\n").decode("utf-8", "replace") for name in raw)


def is_continued(root: str, since: str, head: str) -> bool:
    """Tell whether `since` is an ancestor of `head`; after a rebase it is not, and history is read again."""
    return bool(since) and git.ask(root, "merge-base", "--is-ancestor", since, head) is not None


def refresh(database: sqlite3.Connection, root: str, since: str, head: str) -> bool:
    """Bring the statistics in the index to `head`; tells whether git could read the history."""
    if not is_continued(root, since, head):
        since = ""
        database.execute("DELETE FROM commits")
        database.execute("DELETE FROM touched")
    commits = read(root, since, head)
    if commits is None:
        return False
    numbers = dict(database.execute("SELECT path, id FROM files"))
    first = database.execute("SELECT coalesce(max(id), 0) FROM commits").fetchone()[0] + 1
    for number, commit in enumerate(reversed(commits), first):
        touched = [(numbers[path], number) for path in commit.paths if path in numbers]
        database.execute("INSERT INTO commits VALUES (?, ?, ?)", (number, commit.at_s, len(commit.paths)))
        database.executemany("INSERT OR IGNORE INTO touched VALUES (?, ?)", touched)
    count(database)
    return True


def count(database: sqlite3.Connection) -> None:
    """Write to each file how many commits touched it, and when the last one did."""
    database.execute(
        """UPDATE files SET (commits, changed_s) = (
            SELECT count(*), coalesce(max(at_s), 0)
            FROM touched JOIN commits ON made = commits.id WHERE file = files.id
        )"""
    )
