"""Which files belong to one: its tests, by imports both ways, of one package, commits together, rare words in both."""

from __future__ import annotations

from boombap.ctx.answers import pairs
from boombap.ctx.answers.filter import check_indexed
from boombap.ctx.indexing import history, postings
from boombap.ctx.model import Skipped
from boombap.ctx.repository import texts
from boombap.ctx.tokens import terms
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.ctx.indexing.index import Index

_IMPORTS = 1.0
_IMPORTED_BY = 0.8
_TOGETHER = 1.5
_PACKAGE = 0.5
_WORDS = 0.6
# More than all the others together: the test of a file comes first, and of a test what it tests.
_TEST = 5.0
# A test of another name that imports the file: the fewer other files it imports, the more it is a test of this one.
_IMPORTING_TEST = 2.0
_MOST_WORDS = 40
# A word in more files than this says nothing about any two of them.
_RARE_FILES = 8
# Languages in which the files of one folder see each other's names without an import.
_SHARED_SCOPE = ("go", "java", "kotlin", "scala")


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
    index.check_intact()  # a list that lacks an entry says so no more than an empty one
    why: dict[str, dict[str, float]] = {}
    for reason, values in (
        ("imported by it", _imports(index, path)),
        ("imports it", _imported_by(index, path)),
        ("same package", _package(index, path)),
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
            """SELECT file, count(*) FROM touched JOIN commits ON commits.id = made WHERE files <= ? GROUP BY file""",
            (history.LARGEST_COMMIT,),
        )
    )
    rows = index.database.execute(
        """SELECT other.file, path, count(*) FROM touched AS mine JOIN commits ON commits.id = mine.made
        JOIN touched AS other ON other.made = mine.made JOIN files ON files.id = other.file
        WHERE mine.file = (SELECT id FROM files WHERE path = ?) AND commits.files <= ? GROUP BY other.file""",
        (path, history.LARGEST_COMMIT),
    ).fetchall()
    mine = next((both for _, other, both in rows if other == path), 0)
    return {other: _TOGETHER * both / (mine + counted[number] - both) for number, other, both in rows}


def _package(index: Index, path: str) -> dict[str, float]:
    """Return the files of the same package in a language where they share a scope without importing each other."""
    (language,) = index.database.execute("SELECT language FROM files WHERE path = ?", (path,)).fetchone()
    if language not in _SHARED_SCOPE:
        return {}
    folder = path.rpartition("/")[0]
    rows = index.database.execute("SELECT path FROM files WHERE language = ?", (language,))
    return {other: _PACKAGE for (other,) in rows if other.rpartition("/")[0] == folder}


def _tests(index: Index, path: str) -> dict[str, float]:
    """Return the tests of a file, of a test what it tests: by name and, where no name says so, by import."""
    neighbours = {*_imports(index, path), *_imported_by(index, path)}
    paths = [other for (other,) in index.database.execute("SELECT path FROM files")]
    by_name = pairs.of(path, paths, neighbours)
    if by_name:
        return {other: _TEST * share for other, share in by_name.items()}
    if pairs.is_test(path):
        return {}
    importing = (other for other in _imported_by(index, path) if pairs.is_test(other))
    return {other: _IMPORTING_TEST * (1 + 1 / max(1, len(_imports(index, other)))) for other in importing}


def _rare_words(index: Index, path: str) -> dict[str, float]:
    text = texts.read(index.root, path)
    if isinstance(text, Skipped):
        return {}
    shares: dict[str, float] = {}
    words = [word for word in dict.fromkeys(terms("\n".join(text.lines))) if len(word) > 5]  # noqa: PLR2004 - names
    counts = ((postings.chunks_with(index.database, word), word) for word in words)
    rare = sorted((count, word) for count, word in counts if 1 < count <= _RARE_FILES)[:_MOST_WORDS]
    for count, word in rare:
        chunks = "[" + ",".join(str(chunk) for chunk, _ in postings.read(index.database, word)) + "]"
        rows = index.database.execute(
            """SELECT DISTINCT path FROM chunks JOIN files ON files.id = file
            WHERE chunks.id IN (SELECT value FROM json_each(?))""",
            (chunks,),
        )
        for (other,) in rows:
            shares[other] = shares.get(other, 0.0) + 1 / count
    largest = max((value for other, value in shares.items() if other != path), default=0.0)
    return {other: _WORDS * value / largest for other, value in shares.items()} if largest else {}
