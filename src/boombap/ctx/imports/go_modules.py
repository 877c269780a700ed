"""Imports of Go: a package is a folder below a module, and go.mod names the module.

Source: https://go.dev/ref/mod#go-mod-file
"""

from __future__ import annotations

from boombap.ctx.imports.tree import MAX_TARGETS, join, resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.ctx.imports.tree import Tree


class GoModules:
    """The modules of a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        named = {name: folder for manifest in tree.named("go.mod") for name, folder in _modules(tree, manifest)}
        self._folders = sorted(named.items(), key=lambda module: -len(module[0]))

    def targets(self, path: str, words: str) -> list[str]:
        """Return the files of the package that an import means, without its tests."""
        for folder in self._places(path, words):
            files = self._tree.in_folder(folder)
            package = [name for name in files if name.endswith(".go") and not name.endswith("_test.go")]
            if package:
                return package[:MAX_TARGETS]
        return []

    def _places(self, path: str, words: str) -> Iterator[str]:
        folder = path.rpartition("/")[0]
        if words.startswith(("./", "../")):
            place = resolved(folder, words)
            yield from () if place is None else (place,)
            return
        for name, top in self._folders:
            if words == name or words.startswith(name + "/"):
                yield join(top, words[len(name) + 1 :])
        while True:
            yield join(join(folder, "vendor"), words)
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        if not self._folders:
            yield from _ends(words)


def _ends(words: str) -> Iterator[str]:
    """Yield the folders that a path of GOPATH may mean; without a go.mod nothing says where the module begins."""
    parts = words.split("/")
    for first in range(max(1, len(parts) - 1)):
        yield "/".join(parts[first:])


def _modules(tree: Tree, manifest: str) -> Iterator[tuple[str, str]]:
    """Yield the module of a go.mod with its folder, and each module that it replaces by a folder of the tree."""
    folder = manifest.rpartition("/")[0]
    for line in tree.read(manifest).split("\n"):
        parts = line.partition("//")[0].replace('"', " ").split()
        if parts[:1] == ["module"] and len(parts) > 1:
            yield parts[1], folder
        if "=>" in parts:
            arrow = parts.index("=>")
            old = [part for part in parts[:arrow] if part != "replace"]
            place = resolved(folder, parts[arrow + 1]) if parts[arrow + 1 :] else None
            if old and place is not None and parts[arrow + 1].startswith("."):
                yield old[0], place
