"""The imports of Python files, by their syntax tree: names in comments and texts do not count."""

from __future__ import annotations

import ast
import time
import warnings

from boombap.deps.manifest import safe_text
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

MAX_SECONDS = 60.0
_LARGEST_BYTES = 1_000_000
_DYNAMIC = frozenset({"import_module", "__import__"})


class Import(Record):
    """One import of a module.

    Attributes:
        module: its full name, in lower case.
        file: that imports it.
        line: counted from 1.
    """

    module: str
    file: str
    line: int


class Imports(Record):
    """What a search found.

    Attributes:
        imports: in the order of files and lines.
        files: how many files were searched.
        unread: files that were not, with the reason.
    """

    imports: tuple[Import, ...]
    files: int
    unread: tuple[str, ...]


def find_imports(
    files: Sequence[str],
    modules: Collection[str],
    check: Callable[[], None],
    clock: Callable[[], float] = time.monotonic,
) -> Imports:
    """Return the imports of some modules.

    Args:
        files: Python files.
        modules: names of modules; an import of a part of one counts.
        check: ends the run when it was interrupted.
        clock: seconds, of any beginning.
    """
    # A file without the letters of any name cannot import it: most files need no syntax tree.
    needles = tuple({module.lower().partition(".")[0].encode() for module in modules})
    imports: list[Import] = []
    unread: list[str] = []
    end_s = clock() + MAX_SECONDS
    for number, file in enumerate(files):
        check()
        if clock() > end_s:
            unread.append(f"{len(files) - number:,} Python files: the search took more than {MAX_SECONDS:.0f} s")
            return Imports(tuple(imports), number - len(unread) + 1, tuple(unread))
        try:
            imports += _imports_of(file, needles)
        except safe_text.Malformed as error:
            unread.append(f"{file}: {error.reason}")
    return Imports(tuple(imports), len(files) - len(unread), tuple(unread))


def _imports_of(file: str, needles: tuple[bytes, ...]) -> list[Import]:
    raw = safe_text.content(file, _LARGEST_BYTES)
    lower = raw.lower()
    if not any(needle in lower for needle in needles):
        return []
    return [
        Import(module.lower(), file, line) for module, line in sorted(_modules(_tree(raw)), key=lambda pair: pair[1])
    ]


def _tree(raw: bytes) -> ast.AST:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of an escape in somebody else's text
            return ast.parse(raw)
    except SyntaxError as error:
        raise safe_text.Malformed(f"is not valid Python: {error.msg} (line {error.lineno or 0})") from None
    except ValueError:
        raise safe_text.Malformed("is not a text: it holds NUL") from None
    except (RecursionError, MemoryError):
        raise safe_text.Malformed("is nested too deeply") from None


def _modules(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            # `from google.cloud import storage` may import a module as well.
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and (named := _named_in_call(node)):
            yield named, node.lineno


def _named_in_call(node: ast.Call) -> str:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called not in _DYNAMIC or not node.args or not isinstance(node.args[0], ast.Constant):
        return ""
    name = node.args[0].value
    return name if isinstance(name, str) and not name.startswith(".") else ""
