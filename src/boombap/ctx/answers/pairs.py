"""Which file tests which, by their names and folders."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_MARK = re.compile(
    r"^(?:(?:test|spec)[_-]|Test(?=[A-Z]))|(?:[_-](?:tests?|spec)|\.(?:test|spec|e2e|cy)|(?<=[a-z0-9])(?:Tests?|Spec|IT))$"
)
_FRONTS = frozenset(("__init__", "index", "mod"))
_TEST_FOLDERS = frozenset(("test", "tests", "__tests__", "spec", "specs"))
# In these languages a file is a test by its folder alone.
_BY_FOLDER = (".rs", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_LAYOUT_FOLDERS = _TEST_FOLDERS | {"src", "lib", "main", "unit", "java", "kotlin", "scala"}
_SHORTEST_STEM = 3
# What a pair that is not the nearest is worth: tests of one folder are rarely about a namesake in another.
_FARTHER = 0.1


def is_test(path: str) -> bool:
    """Tell whether a file holds tests, by the mark in its name or, in Rust and JavaScript, by its folder.

    >>> [is_test(path) for path in ("pool_test.go", "tests/pool.rs", "tests/fakes.py", "src/Latest.java")]
    [True, True, False, False]
    """
    folder, _, base = path.rpartition("/")
    if _MARK.search(_stem(base)):
        return True
    return base.endswith(_BY_FOLDER) and not _TEST_FOLDERS.isdisjoint(folder.split("/"))


def of(path: str, others: Iterable[str], neighbours: Collection[str]) -> dict[str, float]:
    """Return the files that test a file, or that a test tests, by name, with their share of certainty (0 to 1).

    Args:
        path: of the file.
        others: all files.
        neighbours: the files that import it or that it imports; an import tells namesakes apart.
    """
    names, wants_test = _subjects(path), not is_test(path)
    extension = path.rpartition(".")[2]
    nearness = {}
    for other in others:
        if is_test(other) is not wants_test or not (common := names & _subjects(other)):
            continue
        is_near = other in neighbours or _folder(other) == _folder(path)
        if is_near or max(map(len, common)) >= _SHORTEST_STEM:  # "a" and "b" match by chance
            is_same_language = other.rpartition(".")[2] == extension
            nearness[other] = (other in neighbours, is_same_language, _shared_folders(path, other))
    nearest = max(nearness.values(), default=None)
    return {other: 1.0 if near == nearest else _FARTHER for other, near in nearness.items()}


def _subjects(path: str) -> frozenset[str]:
    """Return the names that a test and what it tests have in common."""
    base = path.rpartition("/")[2]
    stem = _stem(base)
    bare = _MARK.sub("", stem)
    if bare != stem:
        return frozenset((bare,))
    if stem in _FRONTS:
        return frozenset((stem, _folder(path).rpartition("/")[2]))
    return frozenset((stem, base.partition(".")[0]))


def _stem(base: str) -> str:
    return base.rpartition(".")[0] or base


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _shared_folders(path: str, other: str) -> int:
    """Return how many folders two paths have in common, less those that only one has; not those of a layout."""
    mine, theirs = (set(_folder(name).split("/")) - _LAYOUT_FOLDERS for name in (path, other))
    return 2 * len(mine & theirs) - len(mine ^ theirs)
