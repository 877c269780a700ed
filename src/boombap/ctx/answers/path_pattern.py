"""Paths with wildcards as regular expressions that no pattern makes slow.

`*` is any text without a slash, `?` one character of it, `**` any text, `**/` any folders or none. Between wildcards
the first place that fits is as good as any later one, because the next wildcard takes what is between them; so each
part is matched in an atomic group, and only the last one is tried at several places. At the worst the time is
quadratic in the length of a path; plain groups take one more power for each `*`.
"""

from __future__ import annotations

import re

_ANY_FOLDERS, _ANY_TEXT = "**/", "**"
_GAPS = {_ANY_FOLDERS: "(?:.*?/)??", _ANY_TEXT: ".*?"}
# In the middle of a name `**/` is any text and a slash.
_SPLIT = re.compile(r"((?:^|(?<=/))\*\*/|\*\*)")
WILDCARD = re.compile(r"[*?]")


def compiled(path: str) -> re.Pattern[str]:
    """Return what matches the paths that a beginning, or a pattern for a whole path, means.

    A pattern without a slash is for the files of that name in every folder.

    >>> [bool(compiled(pattern).match("src/a.py")) for pattern in ("src", "*.py", "src/*", "s?c")]
    [True, True, True, False]
    """
    path = path.removeprefix("./")
    if not WILDCARD.search(path):
        return re.compile(f"{re.escape(path.rstrip('/'))}(?:/|\\Z)" if path else "")
    return re.compile(_translated(path if "/" in path else _ANY_FOLDERS + path), re.DOTALL)


def _translated(path: str) -> str:
    first, *rest = _SPLIT.split(path)
    if not rest:
        return _part(first, is_last=True)
    *middle, gap, last = rest
    blocks = [f"(?>{_GAPS[wide]}{_part(part)})" for wide, part in zip(middle[::2], middle[1::2], strict=True)]
    return _part(first) + "".join(blocks) + _GAPS[gap] + _part(last, is_last=True)


def _part(text: str, *, is_last: bool = False) -> str:
    """Translate what is between two wide wildcards."""
    pieces = ["".join("[^/]" if c == "?" else re.escape(c) for c in piece) for piece in text.split("*")]
    if not is_last:
        return pieces[0] + "".join(f"(?>[^/]*?{piece})" for piece in pieces[1:])
    if len(pieces) == 1:
        return pieces[0] + r"\Z"
    inner = "".join(f"(?>[^/]*?{piece})" for piece in pieces[1:-1])
    return rf"{pieces[0]}{inner}[^/]*{pieces[-1]}\Z"
