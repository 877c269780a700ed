"""Which file imports which, and how central that makes each: PageRank over the import graph."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FRONTS = frozenset(("__init__", "index", "mod", "lib", "main", "init"))
_PREFIXES = ("crate/", "self/", "super/", "@/", "~/")
_LONGEST_SUFFIX = 6
_MOST_TARGETS = 40
# Brin and Page, "The anatomy of a large-scale hypertextual web search engine", 1998.
_DAMPING = 0.85
_ROUNDS = 20


class Resolver:
    """Finds the files that the words after `import` mean."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_suffix: dict[str, list[str]] = {}
        self._by_folder: dict[str, list[str]] = {}
        self._paths = set(paths)
        for path in sorted(self._paths):
            folder, _, base = path.rpartition("/")
            stem = base.partition(".")[0]
            names = [f"{folder}/{stem}".lstrip("/")] + [folder] * (stem in _FRONTS and bool(folder))
            for name in names:
                self._note(name, path)
            self._by_folder.setdefault(folder, []).append(path)

    def _note(self, name: str, path: str) -> None:
        parts = name.split("/")
        for size in range(1, min(len(parts), _LONGEST_SUFFIX) + 1):
            self._by_suffix.setdefault("/".join(parts[-size:]), []).append(path)

    def targets(self, path: str, language: str, words: str) -> list[str]:
        """Return the files that one import of `path` means; empty for what is not in the tree."""
        if language == "go":
            return self._package(words)
        name = _as_path(words, language)
        folder = path.rpartition("/")[0]
        if words.startswith(".") and language != "bash":
            found = self._exact(_relative(folder, words, language))
        elif language in ("c", "cpp") or words.startswith("self::"):
            near = f"{folder}/{name}" if folder else name
            found = self._exact(near) or self._by_name(name, path)
        else:
            found = self._by_name(name, path)
        return [other for other in found if other != path][:_MOST_TARGETS]

    def _exact(self, name: str) -> list[str]:
        name = name.strip("/")
        if name in self._paths:
            return [name]
        stem = _without_extension(name)
        return [path for path in self._by_suffix.get(stem, []) if _without_extension(path) in (stem, *_fronts(stem))]

    def _by_name(self, name: str, path: str) -> list[str]:
        parts = [part for part in _without_extension(name).split("/") if part][-_LONGEST_SUFFIX:]
        for first in range(len(parts)):
            found = self._by_suffix.get("/".join(parts[first:]), [])
            # One plain word means a file of that name only when no other file could be meant.
            if found and (len(parts) - first > 1 or len(parts) == 1) and len(found) <= _MOST_TARGETS:
                return _nearest(found, path)
        return []

    def _package(self, words: str) -> list[str]:
        parts = words.split("/")
        for first in range(len(parts)):
            found = self._by_folder.get("/".join(parts[first:]))
            if found:
                return [one for one in found if one.endswith(".go") and not one.endswith("_test.go")][:_MOST_TARGETS]
        return []


def _fronts(stem: str) -> list[str]:
    return [f"{stem}/{front}" for front in _FRONTS]


def _nearest(found: Sequence[str], path: str) -> list[str]:
    """Return the candidates that share the longest beginning with the importing file."""
    shared = [_shared(one, path) for one in found]
    return [one for one, length in zip(found, shared, strict=True) if length == max(shared)]


def _shared(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        count += 1
    return count


def _as_path(words: str, language: str) -> str:
    name = words.replace("::", "/").replace("\\", "/")
    if language in ("python", "java", "kotlin", "scala", "csharp", "elixir", "lua", "swift"):
        name = name.replace(".", "/")
    for prefix in _PREFIXES:
        while name.startswith(prefix):
            name = name.removeprefix(prefix)
    return name.removesuffix("/*")


def _relative(folder: str, words: str, language: str) -> str:
    parts = folder.split("/") if folder else []
    if language == "python":
        dots = len(words) - len(words.lstrip("."))
        parts = parts[: len(parts) - (dots - 1)]
        return "/".join([*parts, *words.lstrip(".").split(".")])
    for part in words.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts = [*parts, part]
    return "/".join(parts)


def _without_extension(path: str) -> str:
    folder, slash, base = path.rpartition("/")
    stem, dot, extension = base.rpartition(".")
    return folder + slash + stem if dot and stem and len(extension) < 6 else path  # noqa: PLR2004


def ranks(nodes: Sequence[int], edges: Mapping[int, Sequence[int]]) -> dict[int, float]:
    """Return each file's PageRank, scaled so that the most central has 1; 0 for one that nobody imports."""
    if not nodes:
        return {}
    base = (1 - _DAMPING) / len(nodes)
    rank = dict.fromkeys(nodes, 1 / len(nodes))
    for _ in range(_ROUNDS):
        following = dict.fromkeys(nodes, base)
        for source, targets in edges.items():
            share = _DAMPING * rank[source] / len(targets)
            for target in targets:
                following[target] += share
        rank = following
    most = max(rank.values()) - base
    return {node: (value - base) / most if most > 0 else 0.0 for node, value in rank.items()}
