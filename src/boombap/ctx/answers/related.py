"""Which files belong to one: by imports both ways, commits together, tests of it, and rare words in both."""

from __future__ import annotations

import re

from boombap.ctx.answers.filter import check_indexed
from boombap.ctx.indexing import history
from boombap.ctx.model import Skipped
from boombap.ctx.repository import files
from boombap.ctx.tokens import terms
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.ctx.indexing.index import Index

_IMPORTS = 1.0
_IMPORTED_BY = 0.8
_TOGETHER = 1.5
_TEST = 1.2
_WORDS = 0.6
_MOST_WORDS = 40
# A word in more files than this says nothing about any two of them.
_RARE_FILES = 8
_TEST_MARKS = re.compile(r"^(?:test_|spec_)|(?:_test|_tests|_spec|\.test|\.spec|Tests?|Spec)$")


class Relative(Record):
    """A file that belongs to another.

    Attributes:
        path: relative to the root.
        score: higher is nearer; comparable within one answer only.
        why: each reason with its value, the largest first.
    """

    path: str
    score: float
    why: tuple[tuple[str, float], ...]


def relatives(index: Index, path: str, limit: int) -> list[Relative]:
    """Return the files that belong to a file, the nearest first.

    Args:
        index: of the tree.
        path: of the file, relative to the root.
        limit: the most answers.

    Raises:
        NotFound: for a file that is not indexed, with the reason.
    """
    check_indexed(index, path)
    why: dict[str, dict[str, float]] = {}
    for reason, values in (
        ("imported by it", _imports(index, path)),
        ("imports it", _imported_by(index, path)),
        ("changes with it", _together(index, path)),
        ("tests", _tests(index, path)),
        ("rare words", _rare_words(index, path)),
    ):
        for other, value in values.items():
            if other != path:
                why.setdefault(other, {})[reason] = round(value, 3)
    answers = [
        Relative(other, round(sum(parts.values()), 4), tuple(sorted(parts.items(), key=lambda part: -part[1])))
        for other, parts in why.items()
    ]
    return sorted(answers, key=lambda relative: (-relative.score, relative.path))[:limit]


def _imports(index: Index, path: str) -> dict[str, float]:
    rows = index.database.execute(
        """SELECT other.path FROM files JOIN edges ON source = files.id JOIN files AS other ON target = other.id
        WHERE files.path = ?""",
        (path,),
    )
    return {other: _IMPORTS for (other,) in rows}


def _imported_by(index: Index, path: str) -> dict[str, float]:
    rows = index.database.execute(
        """SELECT other.path FROM files JOIN edges ON target = files.id JOIN files AS other ON source = other.id
        WHERE files.path = ?""",
        (path,),
    )
    return {other: _IMPORTED_BY for (other,) in rows}


def _together(index: Index, path: str) -> dict[str, float]:
    """Return the Jaccard share of the commits that touched both, over commits of few files."""
    counted = dict(
        index.database.execute(
            """SELECT path, count(*) FROM touched JOIN commits ON commits.id = made WHERE files <= ? GROUP BY path""",
            (history.LARGEST_COMMIT,),
        )
    )
    rows = index.database.execute(
        """SELECT other.path, count(*) FROM touched AS mine JOIN commits ON commits.id = mine.made
        JOIN touched AS other ON other.made = mine.made WHERE mine.path = ? AND files <= ? GROUP BY other.path""",
        (path, history.LARGEST_COMMIT),
    )
    mine = counted.get(path, 0)
    return {other: _TOGETHER * both / (mine + counted[other] - both) for other, both in rows}


def _tests(index: Index, path: str) -> dict[str, float]:
    stem, is_test = _subject(path)
    tests = {}
    for (other,) in index.database.execute("SELECT path FROM files"):
        other_stem, other_is_test = _subject(other)
        if other_stem == stem and other_is_test != is_test and len(stem) > 2:  # noqa: PLR2004 - "a" and "b" match by chance
            shared = set(path.split("/")[:-1]) & set(other.split("/")[:-1])
            tests[other] = _TEST * (1 + len(shared)) / (2 + len(shared))
    return tests


def _subject(path: str) -> tuple[str, bool]:
    stem = path.rpartition("/")[2].partition(".")[0]
    full = path.rpartition("/")[2].rpartition(".")[0]
    bare = _TEST_MARKS.sub("", full)
    return (bare, True) if bare != full else (stem, False)


def _rare_words(index: Index, path: str) -> dict[str, float]:
    text = files.read(index.root, path)
    if isinstance(text, Skipped):
        return {}
    shares: dict[str, float] = {}
    words = [word for word in dict.fromkeys(terms("\n".join(text.lines))) if len(word) > 5]  # noqa: PLR2004 - names
    counts = ((_chunks_with(index, word), word) for word in words)
    rare = sorted((count, word) for count, word in counts if 1 < count <= _RARE_FILES)[:_MOST_WORDS]
    for count, word in rare:
        rows = index.database.execute(
            """SELECT DISTINCT path FROM files JOIN chunks ON file = files.id
            WHERE chunks.id IN (SELECT rowid FROM postings WHERE postings MATCH ?)""",
            (f'"{word}"',),
        )
        for (other,) in rows:
            shares[other] = shares.get(other, 0.0) + 1 / count
    largest = max((value for other, value in shares.items() if other != path), default=0.0)
    return {other: _WORDS * value / largest for other, value in shares.items()} if largest else {}


def _chunks_with(index: Index, word: str) -> int:
    row = index.database.execute("SELECT doc FROM vocabulary WHERE term = ?", (word,)).fetchone()
    return int(row[0]) if row else 0
