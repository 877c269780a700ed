"""Imports of JavaScript and TypeScript: relative paths, aliases of tsconfig.json, and packages of package.json.

Source: https://nodejs.org/api/packages.html and https://www.typescriptlang.org/docs/handbook/modules/reference.html
"""

from __future__ import annotations

from boombap.ctx.imports import jsonc
from boombap.ctx.imports.patterns import mapped, patterns
from boombap.ctx.imports.tree import ancestors, join, resolved
from boombap.ctx.imports.tsconfig import TsConfigs
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.ctx.imports.patterns import Pattern
    from boombap.ctx.imports.tree import Tree

_MANIFEST = "package.json"
# The source before what it is compiled to.
_EXTENSIONS = (
    ".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".d.ts", ".vue", ".svelte", ".json",
)  # fmt: skip
_COMPILED = (".js", ".jsx", ".mjs", ".cjs")
_DEPENDENCIES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
# Bundlers define these in programs, which nobody can read without running them: `@/x` is `x` in some source folder.
_BUNDLER_PREFIXES = ("@/", "~/", "~", "#/", "#", "/")
_SOURCE_FOLDERS = ("src", "app", "lib", "source", "")


class _Package(Record):
    folder: str
    imports: tuple[Pattern, ...]
    exports: tuple[Pattern, ...]
    entries: tuple[str, ...]
    dependencies: frozenset[str]


class ScriptModules:
    """The packages of a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._of_folder: dict[str, _Package] = {}
        self._folders: dict[str, str] = {}
        for manifest in tree.named(_MANIFEST):
            content = jsonc.parse(tree.read(manifest))
            package = _package(manifest.rpartition("/")[0], content)
            self._of_folder[package.folder] = package
            name = content.get("name")
            if isinstance(name, str) and name:
                self._folders.setdefault(name, package.folder)
        self._configs = TsConfigs(tree, self._folders)

    def targets(self, path: str, words: str) -> list[str]:
        """Return the file that an import means; empty for a package that is not in the tree."""
        folder = path.rpartition("/")[0]
        if words in (".", "..") or words.startswith(("./", "../")):
            place = resolved(folder, words)
            return [] if place is None else self._file(place)
        for place in self._places(folder, words):
            if files := self._file(place):
                return files
        return []

    def _places(self, folder: str, words: str) -> Iterator[str]:
        """Yield the paths, perhaps without extension, that a name may mean, in the order of preference."""
        package = next((self._of_folder[up] for up in ancestors(folder) if up in self._of_folder), None)
        if package and words.startswith("#"):
            yield from _inside(package.folder, mapped(package.imports, words))
        yield from self._configs.of(folder).places(words)
        name, subpath = _split(words)
        if name in self._folders:
            yield from self._in_package(self._of_folder[self._folders[name]], subpath)
        elif not self._is_dependency(folder, name):
            yield from _of_bundler(folder, words)

    def _in_package(self, package: _Package, subpath: str) -> Iterator[str]:
        name = f"./{subpath}" if subpath else "."
        yield from _inside(package.folder, mapped(package.exports, name))
        yield from _inside(package.folder, (name,) if subpath else package.entries)
        # What is published is often built into a folder that git ignores.
        yield from _inside(package.folder, (f"src/{subpath}".rstrip("/"), f"lib/{subpath}".rstrip("/")))

    def _is_dependency(self, folder: str, name: str) -> bool:
        packages = (self._of_folder[parent] for parent in ancestors(folder) if parent in self._of_folder)
        return any(name in package.dependencies for package in packages)

    def _file(self, place: str) -> list[str]:
        """Return the file that a path means: itself, with an extension, or the index of that folder."""
        paths = self._tree.paths
        if place in paths:
            return [place]
        stems = [place.removesuffix(end) for end in _COMPILED if place.endswith(end)]
        for stem in (*stems, place, join(place, "index")):
            file = next((stem + extension for extension in _EXTENSIONS if stem + extension in paths), "")
            if file:
                return [file]
        return []


def _package(folder: str, content: dict[str, object]) -> _Package:
    exports = content.get("exports")
    listed = exports if isinstance(exports, dict) and any(name.startswith(".") for name in exports) else {".": exports}
    entries = [content.get(name) for name in ("source", "types", "module", "main")]
    return _Package(
        folder,
        patterns(jsonc.of(content, "imports")),
        patterns(listed),
        (*(entry for entry in entries if isinstance(entry, str)), "."),
        frozenset(name for group in _DEPENDENCIES for name in jsonc.of(content, group)),
    )


def _inside(folder: str, targets: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    for target in targets:
        place = resolved(folder, target)
        if place is not None:
            yield place


def _split(words: str) -> tuple[str, str]:
    """Return a package's name and the path inside it.

    >>> _split("@acme/ui/button"), _split("react")
    (('@acme/ui', 'button'), ('react', ''))
    """
    parts = words.split("/")
    size = 2 if words.startswith("@") else 1
    return "/".join(parts[:size]), "/".join(parts[size:])


def _of_bundler(folder: str, words: str) -> Iterator[str]:
    """Yield where a name leads that no manifest explains; a plain word is a package, wherever a file has its name."""
    prefix = next((prefix for prefix in _BUNDLER_PREFIXES if words.startswith(prefix)), "")
    name = words.removeprefix(prefix)
    if not name or (not prefix and "/" not in name):
        return
    for parent in ancestors(folder):
        for source in _SOURCE_FOLDERS if prefix else ("",):
            place = resolved(join(parent, source), name)
            if place is not None:
                yield place
