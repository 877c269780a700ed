"""Imports of Rust: the module tree of a crate, and the crates of a workspace by their names in Cargo.toml.

Source: https://doc.rust-lang.org/reference/items/modules.html
"""

from __future__ import annotations

from boombap.ctx.imports.tree import ancestors, join, resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.ctx.imports.tree import Tree

_ROOTS = ("lib.rs", "main.rs")
_FRONTS = ("mod.rs", *_ROOTS)
# Every file directly in these folders is a crate of its own.
_CRATE_FOLDERS = frozenset(("tests", "examples", "benches", "bin"))


class RustModules:
    """The crates of a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._crates = dict(crate for path in tree.named("Cargo.toml") if (crate := _crate(tree, path)) is not None)

    def targets(self, path: str, words: str) -> list[str]:
        """Return the file of the module that a path means: of `a::b::C` that of `b`, where C is an item in it."""
        first, *rest = [part for part in words.split("::") if part] or [""]
        own = _module_folder(path)
        if first == "crate":
            return self._module(self._root_folder(path), rest) or self._root(path)
        if first == "self":
            return self._module(own, rest)
        if first == "super":
            while rest[:1] == ["super"]:
                own, rest = own.rpartition("/")[0], rest[1:]
            above = own.rpartition("/")[0]
            return self._module(above, rest) or self._front(above)
        return self._module(own, [first, *rest]) or self._of_crate(first, rest)

    def _module(self, folder: str, names: Sequence[str]) -> list[str]:
        for size in range(len(names), 0, -1):
            name = join(folder, "/".join(names[:size]))
            files = [path for path in (f"{name}.rs", f"{name}/mod.rs") if path in self._tree.paths]
            if files:
                return files[:1]
        return []

    def _front(self, folder: str) -> list[str]:
        """Return the file of the module whose sub-modules are in a folder."""
        names = [f"{folder}.rs"] * bool(folder) + [join(folder, front) for front in _FRONTS]
        return [path for path in names if path in self._tree.paths][:1]

    def _of_crate(self, name: str, rest: Sequence[str]) -> list[str]:
        if name not in self._crates:
            return []
        root = self._crates[name]
        return self._module(root.rpartition("/")[0], rest) or [root] * (root in self._tree.paths)

    def _root_folder(self, path: str) -> str:
        folder = path.rpartition("/")[0]
        if _is_crate(path):
            return folder
        for parent in ancestors(folder):
            if any(join(parent, root) in self._tree.paths for root in _ROOTS):
                return parent
        return folder

    def _root(self, path: str) -> list[str]:
        folder = self._root_folder(path)
        names = [path] if _is_crate(path) else [join(folder, root) for root in _ROOTS]
        return [name for name in names if name in self._tree.paths][:1]


def _is_crate(path: str) -> bool:
    folder, _, base = path.rpartition("/")
    return base == "build.rs" or (folder.rpartition("/")[2] in _CRATE_FOLDERS and base not in _FRONTS)


def _module_folder(path: str) -> str:
    """Return the folder in which the sub-modules of a file are."""
    folder, _, base = path.rpartition("/")
    return folder if base in _FRONTS or _is_crate(path) else join(folder, base.removesuffix(".rs"))


def _crate(tree: Tree, manifest: str) -> tuple[str, str] | None:
    """Return the name and the root file of the library of a Cargo.toml; None without one."""
    import tomllib

    try:
        content = tomllib.loads(tree.read(manifest))
    except (ValueError, RecursionError):
        return None
    package, library = content.get("package"), content.get("lib")
    settings = library if isinstance(library, dict) else {}
    name = settings.get("name") or (package.get("name") if isinstance(package, dict) else None)
    path = settings.get("path", "src/lib.rs")
    if not isinstance(name, str) or not isinstance(path, str):
        return None
    root = resolved(manifest.rpartition("/")[0], path)
    return None if root is None else (name.replace("-", "_"), root)
