"""The files of a tree as imports see them: by path, by folder, by the end of their path, and the manifests in it."""

from __future__ import annotations

import posixpath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_FRONTS = frozenset(("__init__", "index", "mod", "lib", "main", "init"))
_LONGEST_SUFFIX = 6
MAX_TARGETS = 40
"""The most files that one import means."""


class Tree:
    """The paths of all files.

    Attributes:
        paths: relative to the root, with ``/``.
    """

    def __init__(self, paths: Iterable[str], read: Callable[[str], str]) -> None:
        """Note every path under the names by which imports ask for it.

        Args:
            paths: relative to the root, with ``/``.
            read: returns the text of a file; empty for one that cannot be read.
        """
        self.paths = frozenset(paths)
        self.read = read
        self._by_suffix: dict[str, list[str]] = {}
        self._by_folder: dict[str, list[str]] = {}
        self._by_base: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            folder, _, base = path.rpartition("/")
            stem = base.partition(".")[0]
            names = [f"{folder}/{stem}".lstrip("/")] + [folder] * (stem in _FRONTS and bool(folder))
            for name in names:
                self._note(name, path)
            self._by_folder.setdefault(folder, []).append(path)
            self._by_base.setdefault(base, []).append(path)

    def _note(self, name: str, path: str) -> None:
        parts = name.split("/")
        for size in range(1, min(len(parts), _LONGEST_SUFFIX) + 1):
            self._by_suffix.setdefault("/".join(parts[-size:]), []).append(path)

    def in_folder(self, folder: str) -> Sequence[str]:
        """Return the files that are directly in a folder."""
        return self._by_folder.get(folder, ())

    def named(self, base: str) -> Sequence[str]:
        """Return the files of a name, whatever their folder."""
        return self._by_base.get(base, ())

    def above(self, folder: str, base: str) -> Iterator[str]:
        """Yield the files of a name in a folder and the folders above it, the nearest first."""
        for parent in ancestors(folder):
            path = join(parent, base)
            if path in self.paths:
                yield path

    def ending(self, name: str) -> Sequence[str]:
        """Return the files whose path without extension ends in `name`; of a front file, its folder's path."""
        parts = name.split("/")
        files = self._by_suffix.get("/".join(parts[-_LONGEST_SUFFIX:]), ())
        if len(parts) <= _LONGEST_SUFFIX:
            return files
        return [path for path in files if f"/{name}" in f"/{path}"]

    def exact(self, name: str) -> list[str]:
        """Return the files that a path means: itself, itself with an extension, or the front file of that folder."""
        name = name.strip("/")
        if name in self.paths:
            return [name]
        stem = without_extension(name)
        names = (stem, *(f"{stem}/{front}" for front in _FRONTS))
        return [path for path in self.ending(stem) if without_extension(path) in names]

    def by_name(self, name: str, path: str) -> list[str]:
        """Return the files that a name most likely means for the file `path`: the longest end that some path has."""
        parts = [part for part in without_extension(name).split("/") if part][-_LONGEST_SUFFIX:]
        for first in range(len(parts)):
            files = self._by_suffix.get("/".join(parts[first:]), [])
            # One plain word means a file of that name only when no other file could be meant.
            if files and (len(parts) - first > 1 or len(parts) == 1) and len(files) <= MAX_TARGETS:
                return nearest(files, path)
        return []


def nearest(candidates: Sequence[str], path: str) -> list[str]:
    """Return the candidates that share the longest beginning with the importing file."""
    shared = [_shared(candidate, path) for candidate in candidates]
    return [candidate for candidate, length in zip(candidates, shared, strict=True) if length == max(shared)]


def _shared(path: str, other: str) -> int:
    count = 0
    for a, b in zip(path.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        count += 1
    return count


def ancestors(folder: str) -> Iterator[str]:
    """Yield a folder and every folder above it, the root of the tree (empty) last."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def join(folder: str, name: str) -> str:
    """Return a path below a folder of the tree.

    >>> join("", "a.py"), join("src", "a.py")
    ('a.py', 'src/a.py')
    """
    return f"{folder}/{name}" if folder and name else folder or name


def resolved(folder: str, relative: str) -> str | None:
    """Return where a relative path leads from a folder; None when it is absolute or leads out of the tree.

    >>> resolved("web/app", "../lib/x"), resolved("web", "."), resolved("web", "../../x")
    ('web/lib/x', 'web', None)
    """
    if "\0" in relative or relative.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(folder, relative))
    if path == ".." or path.startswith(("../", "/")):
        return None
    return "" if path == "." else path


def without_extension(path: str) -> str:
    """Return a path without the extension of its file."""
    folder, slash, base = path.rpartition("/")
    stem, dot, extension = base.rpartition(".")
    return folder + slash + stem if dot and stem and len(extension) < 6 else path  # noqa: PLR2004 - `.svelte` is rarer than `v1.handlers`
