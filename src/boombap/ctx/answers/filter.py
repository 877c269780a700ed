"""Which files may answer: by language, by path, and by when they changed."""

from __future__ import annotations

import os

from boombap.ctx.answers.path_pattern import WILDCARD, compiled
from boombap.errors import NotFound, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boombap.ctx.indexing.index import Index


class Filter:
    """Which files may answer.

    Attributes:
        languages: names of languages; empty means all.
        paths: beginnings or patterns with ``*`` of paths; empty means all.
        since_s: only files that a commit touched after this second; 0 means all.
        excluded: beginnings or patterns of paths that do not answer.
    """

    __slots__ = ("_excluded", "_patterns", "excluded", "languages", "paths", "since_s")

    def __init__(
        self,
        languages: Iterable[str] = (),
        paths: Iterable[str] = (),
        since_s: int = 0,
        excluded: Iterable[str] = (),
    ) -> None:
        self.languages = frozenset(languages)
        self.paths = tuple(paths)
        self.since_s = since_s
        self.excluded = tuple(excluded)
        self._patterns = [compiled(path) for path in self.paths]
        self._excluded = [compiled(path) for path in self.excluded]

    def __bool__(self) -> bool:
        return bool(self.languages or self.paths or self.since_s or self.excluded)

    def has(self, path: str, language: str, changed_s: int) -> bool:
        """Tell whether a file may answer."""
        if self.languages and language not in self.languages:
            return False
        if self.since_s and changed_s < self.since_s:
            return False
        if any(pattern.match(path) for pattern in self._excluded):
            return False
        return not self._patterns or any(pattern.match(path) for pattern in self._patterns)


ANY = Filter()


def kept_files(index: Index, only: Filter) -> set[int]:
    """Return the numbers of the files that may answer."""
    rows = index.database.execute("SELECT id, path, language, changed_s FROM files")
    return {number for number, *file in rows if only.has(*file)}


def kept_chunks(index: Index, only: Filter) -> set[int]:
    """Return the numbers of the chunks of the files that may answer."""
    rows = index.database.execute("SELECT path, language, changed_s, first_chunk, last_chunk FROM files")
    ranges = (range(first, last + 1) for *file, first, last in rows if only.has(*file))
    return {chunk for chunks in ranges for chunk in chunks}


def in_tree(name: str, root: str, folder: str) -> str:
    """Return a path or pattern, as a person writes it, relative to the root of the tree.

    Answers show paths from the working folder, those in JSON from the root. Both are read; where both exist, and where
    neither does, the one from the working folder counts. A pattern without a slash is for every folder and stays.

    Args:
        name: the path or pattern; may be absolute.
        root: the top of the tree.
        folder: the working folder.

    Raises:
        NotFound: when it is outside the tree.
        UsageError: when no file of the index can have it: with a NUL, or in another encoding than UTF-8.
    """
    try:
        if b"\0" not in os.fsencode(name):
            path = _in_tree(name, root, folder)
            path.encode()
            return path
    except UnicodeEncodeError:
        pass
    raise UsageError(f"{name!a} cannot be the path of an indexed file")


def _in_tree(name: str, root: str, folder: str) -> str:
    if "/" not in name and WILDCARD.search(name):
        return name
    fixed, pattern = _split(name)
    written = [os.path.join(base, fixed) for base in (folder, root)]
    places = [place for path in written for place in (os.path.abspath(path), os.path.realpath(path))]
    inside = [place for place in places if (place + "/").startswith(root + "/")]
    if not inside:
        raise NotFound(f"{name} is not in {root}", hint="--root searches another repository")
    place = next(filter(os.path.lexists, inside), inside[0])
    return "/".join(filter(None, (place[len(root) + 1 :], pattern)))


def _split(name: str) -> tuple[str, str]:
    """Return the folders before the first wildcard, and the pattern from there on."""
    parts = name.split("/")
    count = next((index for index, part in enumerate(parts) if WILDCARD.search(part)), len(parts))
    return "/".join(parts[:count]) or "/" * name.startswith("/"), "/".join(parts[count:])


def unmatched_notes(index: Index, paths: Iterable[str]) -> Iterator[str]:
    """Yield a note for each path or pattern that no indexed file matches: that nothing was found there says nothing.

    The note says why the file of the path is not indexed where that is known.

    Args:
        index: of the tree.
        paths: relative to its root.
    """
    index.check_intact()
    indexed = [path for (path,) in index.database.execute("SELECT path FROM files")]
    for path in paths:
        if not any(map(compiled(path).match, indexed)):
            row = index.database.execute("SELECT reason FROM skipped WHERE path = ?", (path,)).fetchone()
            yield f"no indexed file matches {path}" + (f": {row[0]}" if row else "")


def check_indexed(index: Index, path: str) -> None:
    """Refuse the path of a file, relative to the root, that the index does not hold.

    Raises:
        NotFound: with the reason where the file was left out.
    """
    if index.database.execute("SELECT 1 FROM files WHERE path = ?", (path,)).fetchone():
        return
    index.check_intact()
    row = index.database.execute("SELECT reason FROM skipped WHERE path = ?", (path,)).fetchone()
    if row:
        raise NotFound(f"{path} is not indexed: {row[0]}")
    raise NotFound(f"{path or '.'} is not a file of {index.root}")
