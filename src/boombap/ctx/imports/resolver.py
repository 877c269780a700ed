"""The files that the words after `import` mean, by the rules of the importing file's language."""

from __future__ import annotations

from boombap.ctx.imports.go_modules import GoModules
from boombap.ctx.imports.python_modules import PythonModules
from boombap.ctx.imports.rust_modules import RustModules
from boombap.ctx.imports.script_modules import ScriptModules
from boombap.ctx.imports.tree import MAX_TARGETS, Tree, join, resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SCRIPTS = frozenset(("javascript", "typescript", "tsx", "vue", "svelte"))
_DOTTED = frozenset(("java", "kotlin", "scala", "csharp", "elixir", "lua", "swift"))


class Resolver:
    """Finds the files that the words after `import` mean."""

    def __init__(self, paths: Iterable[str], read: Callable[[str], str]) -> None:
        """Read the manifests that say where imports lead.

        Args:
            paths: all files, relative to the root.
            read: returns the text of a file; empty for one that cannot be read.
        """
        self._tree = Tree(paths, read)
        scripts = ScriptModules(self._tree)
        self._rules: dict[str, Callable[[str, str], list[str]]] = {
            "go": GoModules(self._tree).targets,
            "rust": RustModules(self._tree).targets,
            "python": PythonModules(self._tree).targets,
            **dict.fromkeys(_SCRIPTS, scripts.targets),
        }

    def targets(self, path: str, language: str, words: str) -> list[str]:
        """Return the files that one import of `path` means; empty for what is not in the tree."""
        rule = self._rules.get(language)
        files = rule(path, words) if rule else self._by_path(path, language, words)
        return [target for target in files if target != path][:MAX_TARGETS]

    def _by_path(self, path: str, language: str, words: str) -> list[str]:
        folder = path.rpartition("/")[0]
        if words.startswith(".") and language != "bash":
            place = resolved(folder, words)
            return [] if place is None else self._tree.exact(place)
        name = _as_path(words, language)
        if language in ("c", "cpp"):
            return self._tree.exact(join(folder, name)) or self._tree.by_name(name, path)
        return self._tree.by_name(name, path)


def _as_path(words: str, language: str) -> str:
    name = words.replace("::", "/").replace("\\", "/")
    return (name.replace(".", "/") if language in _DOTTED else name).removesuffix("/*")
