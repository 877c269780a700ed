"""The path aliases of TypeScript: `paths` and `baseUrl` of tsconfig.json and jsconfig.json, through `extends`.

Source: https://www.typescriptlang.org/tsconfig/#paths and #extends
"""

from __future__ import annotations

from boombap.ctx.imports import jsonc
from boombap.ctx.imports.patterns import Pattern, mapped, patterns
from boombap.ctx.imports.tree import ancestors, join, resolved
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boombap.ctx.imports.tree import Tree

_NAMES = ("tsconfig.json", "jsconfig.json")
# Longer chains are not followed: each file is read once, and no chain of them is deeper than this.
_DEEPEST = 16


class Aliases(Record):
    """Where names lead in the folders below one tsconfig.json.

    Attributes:
        base: the folder in which names without a pattern are looked for; None without ``baseUrl``.
        home: the folder that the targets of patterns are relative to.
        patterns: in the order in which they are tried.
    """

    base: str | None = None
    home: str = ""
    patterns: tuple[Pattern, ...] = ()

    def places(self, name: str) -> Iterator[str]:
        """Yield the paths, without extension, that a name may mean."""
        home = self.home if self.base is None else self.base
        places = [resolved(home, target) for target in mapped(self.patterns, name)]
        yield from (place for place in places if place is not None)
        place = None if self.base is None else resolved(self.base, name)
        if place is not None:
            yield place


_NONE = Aliases()


class TsConfigs:
    """The aliases of every folder of a tree."""

    def __init__(self, tree: Tree, packages: Mapping[str, str]) -> None:
        """Note where configurations may be.

        Args:
            tree: its files.
            packages: names of workspaces' packages to their folders, which ``extends`` may name.
        """
        self._tree = tree
        self._packages = packages
        self._of_folder: dict[str, Aliases] = {}

    def of(self, folder: str) -> Aliases:
        """Return the aliases that hold for the files of a folder: of the nearest configuration above."""
        passed = []
        aliases = _NONE
        for parent in ancestors(folder):
            if parent in self._of_folder:
                aliases = self._of_folder[parent]
                break
            passed.append(parent)
            config = next((path for name in _NAMES if (path := join(parent, name)) in self._tree.paths), "")
            if config:
                aliases = self._read(config)
                break
        self._of_folder.update(dict.fromkeys(passed, aliases))
        return aliases

    def _read(self, config: str) -> Aliases:
        seen: set[str] = set()
        top = config.rpartition("/")[0]
        aliases = self._extended(config, top, seen)
        if aliases.patterns or aliases.base is not None:
            return aliases
        # A solution file: the options are in the configurations it refers to.
        for other in self._references(config):
            aliases = self._extended(other, other.rpartition("/")[0], seen)
            if aliases.patterns or aliases.base is not None:
                return aliases
        return _NONE

    def _references(self, config: str) -> Iterator[str]:
        listed = jsonc.parse(self._tree.read(config)).get("references")
        for reference in listed if isinstance(listed, list) else ():
            name = reference.get("path") if isinstance(reference, dict) else None
            if isinstance(name, str) and (other := self._file(config, name)):
                yield other

    def _extended(self, config: str, top: str, seen: set[str], depth: int = 0) -> Aliases:
        """Return the aliases of a configuration, its own before those of what it extends."""
        if config in seen or depth > _DEEPEST:
            return _NONE
        seen.add(config)
        content = jsonc.parse(self._tree.read(config))
        aliases = _NONE
        for name in jsonc.strings(content.get("extends"), _DEEPEST):
            parent = self._file(config, name)
            if parent:
                other = self._extended(parent, top, seen, depth + 1)
                aliases = aliases.replace(
                    base=aliases.base if other.base is None else other.base,
                    home=other.home if other.patterns else aliases.home,
                    patterns=other.patterns or aliases.patterns,
                )
        return self._own(config, top, jsonc.of(content, "compilerOptions"), aliases)

    def _own(self, config: str, top: str, options: dict[str, object], inherited: Aliases) -> Aliases:
        folder = config.rpartition("/")[0]
        base, paths = options.get("baseUrl"), options.get("paths")
        aliases = inherited
        if isinstance(base, str):
            aliases = aliases.replace(base=resolved(*_from_top(folder, top, base)))
        if isinstance(paths, dict):
            aliases = aliases.replace(home=folder, patterns=patterns(paths))
        return aliases

    def _file(self, config: str, name: str) -> str:
        """Return the configuration that another one names; empty for one that is not in the tree."""
        place = resolved(config.rpartition("/")[0], name) if name.startswith(".") else self._in_package(name)
        if place is None:
            return ""
        names = (place, f"{place}.json", join(place, _NAMES[0]))
        return next((path for path in names if path in self._tree.paths), "")

    def _in_package(self, name: str) -> str | None:
        parts = name.split("/")
        size = 2 if name.startswith("@") else 1
        folder = self._packages.get("/".join(parts[:size]))
        return None if folder is None else resolved(folder, "/".join(parts[size:]) or ".")


def _from_top(folder: str, top: str, path: str) -> tuple[str, str]:
    """Return folder and relative path, where ``${configDir}`` means the folder of the first configuration."""
    variable = "${configDir}"
    return (top, "." + path.removeprefix(variable)) if path.startswith(variable) else (folder, path)
