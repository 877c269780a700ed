"""Which files may answer: by language, by path, and by when they changed."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Filter:
    """Which files may answer.

    Attributes:
        languages: names of languages; empty means all.
        paths: beginnings or patterns with ``*`` of paths; empty means all.
        since_s: only files that a commit touched after this second; 0 means all.
    """

    __slots__ = ("_patterns", "languages", "paths", "since_s")

    def __init__(self, languages: Iterable[str] = (), paths: Iterable[str] = (), since_s: int = 0) -> None:
        self.languages = frozenset(languages)
        self.paths = tuple(paths)
        self.since_s = since_s
        self._patterns = [_pattern(path) for path in self.paths]

    def __bool__(self) -> bool:
        return bool(self.languages or self.paths or self.since_s)

    def has(self, path: str, language: str, changed_s: int) -> bool:
        """Tell whether a file may answer."""
        if self.languages and language not in self.languages:
            return False
        if self.since_s and changed_s < self.since_s:
            return False
        return not self._patterns or any(pattern.match(path) for pattern in self._patterns)


def _pattern(path: str) -> re.Pattern[str]:
    path = path.removeprefix("./")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", path)
    ways = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    text = "".join(ways.get(part) or re.escape(part) for part in parts)
    if len(parts) == 1:
        return re.compile(f"{text.rstrip('/')}(?:/|$)" if path else "")
    return re.compile(text + "$" if "/" in path else f"(?:.*/)?{text}$")


ANY = Filter()
