"""Imports of Python: a module is a file below a source root: the top, `src/`, or any folder that is not a package.

Source: https://docs.python.org/3/reference/import.html
"""

from __future__ import annotations

import sys

from boombap.ctx.imports.tree import join, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.ctx.imports.tree import Tree

_EXTENSIONS = (".py", ".pyi", ".pyx", ".pxd")


class PythonModules:
    """The modules of a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._top_level = {name for path in tree.paths if path.endswith(_EXTENSIONS) and (name := self._package(path))}

    def targets(self, path: str, words: str) -> list[str]:
        """Return the files of the module that an import means; a name that is not a module means none."""
        if words.startswith("."):
            return _sources(self._tree.exact(_relative(path.rpartition("/")[0], words)))
        parts = words.split(".")
        name = "/".join(parts)
        candidates = _sources(self._tree.ending(name))
        roots = {candidate: _root(candidate, name) for candidate in candidates}
        outer = [candidate for candidate in candidates if self._is_root(roots[candidate])]
        beside = [candidate for candidate in candidates if roots[candidate] == path.rpartition("/")[0]]
        if parts[0] in sys.stdlib_module_names:
            top = [candidate for candidate in outer if roots[candidate] in ("", "src")]
            return [candidate for candidate in outer if candidate in beside] or top
        if outer or beside:
            return nearest(outer or beside, path)
        # The rest of a known package is an attribute of it, not some file of that name.
        return [] if parts[0] in self._top_level else _sources(self._tree.by_name(name, path))

    def _is_root(self, folder: str) -> bool:
        return join(folder, "__init__.py") not in self._tree.paths

    def _package(self, path: str) -> str:
        """Return the name of the outermost package of a file; empty for a file outside any."""
        folder, name = path.rpartition("/")[0], ""
        while folder and not self._is_root(folder):
            folder, _, name = folder.rpartition("/")
        return name


def _sources(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if path.endswith(_EXTENSIONS)]


def _root(path: str, name: str) -> str:
    """Return the folder below which a file is the module `name`."""
    stem = path.rpartition(".")[0].removesuffix("/__init__")
    return stem.removesuffix(name).rstrip("/")


def _relative(folder: str, words: str) -> str:
    dots = len(words) - len(words.lstrip("."))
    parts = folder.split("/") if folder else []
    return "/".join([*parts[: max(0, len(parts) - (dots - 1))], *words.lstrip(".").split(".")])
