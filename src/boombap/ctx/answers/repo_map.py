"""A map of the repository: what its most central files define, within a budget of tokens.

Files come in the order of their PageRank over the import graph (`imports.pagerank`), those that are not tests
first among equals. A file shows public types and functions before constants and private names, nothing inside
functions, and takes at most a sixteenth of the budget; where all files fit, each may take more. The same tree gives
the same map.
"""

from __future__ import annotations

from boombap.ctx.answers.filter import ANY, Filter
from boombap.ctx.answers.outline import read_outline
from boombap.ctx.budget import count_tokens
from boombap.ctx.model import IS_CONFIGURATION, IS_GENERATED, IS_PROSE, Skipped, line_range
from boombap.ctx.ranking.score import belongs_to_tests
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.ctx.answers.outline import OutlineEntry
    from boombap.ctx.indexing.index import Index

_SHARES = (16, 8, 4, 2, 1)
_LEAST_SHARE = 100
# A path and one signature take about as many tokens; with fewer left the map is full.
_SMALLEST_FILE = 50
_INDENT = "  "
_NOT_CODE = IS_PROSE | IS_CONFIGURATION | IS_GENERATED
_SQL = """
SELECT path, language, rank, changed_s FROM files
WHERE flags & ? = 0 AND EXISTS (SELECT 1 FROM chunks WHERE file = files.id AND symbols != '')
"""
_FUNCTIONS = frozenset(("function", "method"))
_MINOR = frozenset(("constant", "prototype", "key"))


class MappedFile(Record):
    """A file of the map.

    Attributes:
        path: relative to the root.
        rank: its PageRank; 1 for the most central file, 0 for one that nobody imports.
        tokens: of its lines in the map.
        left_out: how many of its definitions are not shown.
        definitions: those that are, in the order of their lines.
    """

    path: str
    rank: float
    tokens: int
    left_out: int
    definitions: tuple[OutlineEntry, ...]


class RepositoryMap(Record):
    """What the most central files of a tree define.

    Attributes:
        budget: in tokens.
        tokens: of all files shown.
        left_out: how many files with definitions did not fit.
        unread: files that could not be read, each with the reason.
        files: the most central first.
    """

    budget: int
    tokens: int
    left_out: int
    unread: tuple[Skipped, ...]
    files: tuple[MappedFile, ...]


def repository_map(index: Index, budget: int, only: Filter = ANY) -> RepositoryMap:
    """Return the map of a tree; without files where no code defines anything.

    Args:
        index: of the tree.
        budget: in tokens, as `budget` estimates them.
        only: which files are shown.
    """
    index.check_intact()
    tree = _Tree(index, only)
    best = _mapped(tree, budget, _SHARES[0])
    for share in _SHARES[1:]:
        if best.left_out or not any(file.left_out for file in best.files):
            break
        wider = _mapped(tree, budget, share)
        if wider.left_out:
            break
        best = wider
    return best


def entry_line(entry: OutlineEntry) -> str:
    """Return the line of a definition, indented by its depth.

    >>> from boombap.ctx.answers.outline import OutlineEntry
    >>> entry_line(OutlineEntry("acquire", "method", 3, 9, 1, "Pool", "def acquire(self)"))
    '    3-9  def acquire(self)'
    """
    return f"{_INDENT * (entry.depth + 1)}{line_range(entry.start_line, entry.end_line)}  {entry.signature}"


def left_out_line(count: int) -> str:
    """Return the line that says how many definitions of a file are not shown."""
    return f"{_INDENT}and {count:,} more"


class _Tree:
    """The files that a map may show, the most central first; each is read once, and only when its turn comes."""

    def __init__(self, index: Index, only: Filter) -> None:
        rows = index.database.execute(_SQL, (_NOT_CODE,))
        kept = [(path, language, rank) for path, language, rank, at_s in rows if only.has(path, language, at_s)]
        self.files = sorted(kept, key=lambda file: (-file[2], belongs_to_tests(file[0]), file[0]))
        self._root = index.root
        self._read: dict[str, tuple[OutlineEntry, ...] | Skipped] = {}

    def definitions(self, path: str, language: str) -> tuple[OutlineEntry, ...] | Skipped:
        """Return what a file defines, or why it cannot be read."""
        if path not in self._read:
            outline = read_outline(self._root, path, language)
            self._read[path] = outline if isinstance(outline, Skipped) else _outside_functions(outline.definitions)
        return self._read[path]


def _outside_functions(definitions: Iterable[OutlineEntry]) -> tuple[OutlineEntry, ...]:
    """Return the definitions that code elsewhere can mean: none inside a function."""
    kept: list[OutlineEntry] = []
    function_end = 0
    for entry in definitions:
        if entry.start_line > function_end:
            kept.append(entry)
            function_end = entry.end_line if entry.kind in _FUNCTIONS else 0
    return tuple(kept)


def _mapped(tree: _Tree, budget: int, share: int) -> RepositoryMap:
    """Return the map in which a file takes at most one part in `share` of the budget."""
    shown: list[MappedFile] = []
    unread: list[Skipped] = []
    left = budget
    for path, language, rank in tree.files:
        if left < _SMALLEST_FILE:
            break
        definitions = tree.definitions(path, language)
        if isinstance(definitions, Skipped):
            unread.append(definitions)
            continue
        file = _fitting(path, rank, definitions, min(left, max(_LEAST_SHARE, budget // share)))
        if file is not None:
            shown.append(file)
            left -= file.tokens
        elif left <= _LEAST_SHARE:
            break
    left_out = len(tree.files) - len(shown) - len(unread)
    return RepositoryMap(budget, budget - left, left_out, tuple(unread), tuple(shown))


def _fitting(path: str, rank: float, definitions: Sequence[OutlineEntry], budget: int) -> MappedFile | None:
    """Return a file with as many definitions as fit, those that say most first; None where not even one does."""
    left = budget - count_tokens(path)
    reserve = count_tokens(left_out_line(len(definitions)))
    chosen: set[int] = set()
    order = sorted(range(len(definitions)), key=lambda number: (*_importance(definitions[number]), number))
    for count, number in enumerate(order, 1):
        tokens = count_tokens(entry_line(definitions[number]))
        if tokens + reserve * (count < len(definitions)) > left:
            break
        chosen.add(number)
        left -= tokens
    if definitions and not chosen:
        return None
    missing = len(definitions) - len(chosen)
    tokens = budget - left + (count_tokens(left_out_line(missing)) if missing else 0)
    return MappedFile(path, rank, tokens, missing, tuple(definitions[number] for number in sorted(chosen)))


def _importance(entry: OutlineEntry) -> tuple[bool, int]:
    """Return the place of a definition among those of its file: public types and functions first, outer ones first."""
    names = (*entry.scope.split("."), entry.name)
    is_private = any(name.startswith("_") and not name.endswith("__") for name in names)
    return is_private or entry.kind in _MINOR, entry.depth
