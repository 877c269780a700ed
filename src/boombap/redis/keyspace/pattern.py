r"""Redis's glob patterns, matched here a second time: nothing is changed that only a server's answer says matches.

Source: ``stringmatchlen`` in Redis's util.c: ``*``, ``?``, ``[abc]``, ``[^a]``, ``[a-z]``, and ``\`` before any.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


_CLASS = re.compile(rb"\[(?:\\.|[^\]\\])*+\]?", re.DOTALL)


def matcher(pattern: bytes) -> Callable[[bytes], bool]:
    r"""Return a function that tells whether a key matches a pattern.

    >>> matches = matcher(b"track:?[0-9]\\**")
    >>> matches(b"track:a1*x"), matches(b"track:a1x")
    (True, False)
    """
    if pattern == b"*":
        return lambda _: True
    compiled = re.compile(_translated(pattern), re.DOTALL)
    return lambda key: compiled.fullmatch(key) is not None


def is_everything(pattern: bytes) -> bool:
    """Tell whether no character of a pattern must be in a key, so that it matches every one, or nearly so.

    >>> is_everything(b"*"), is_everything(b"?*"), is_everything(b"[^~]*"), is_everything(b"x*")
    (True, True, True, False)
    """
    return b"*" in pattern and not _CLASS.sub(b"", pattern).strip(b"*?")


def _translated(pattern: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    while at < len(pattern):
        one = pattern[at : at + 1]
        at += 1
        if one == b"*":
            if parts[-1:] != [b".*"]:
                parts.append(b".*")
        elif one == b"?":
            parts.append(b".")
        elif one == b"[":
            part, at = _class(pattern, at)
            parts.append(part)
        else:
            if one == b"\\" and at < len(pattern):
                one = pattern[at : at + 1]
                at += 1
            parts.append(re.escape(one))
    return b"".join(parts)


def _class(pattern: bytes, at: int) -> tuple[bytes, int]:
    """Return what stands from behind ``[`` to ``]`` or the end, and the place behind it."""
    negated = pattern[at : at + 1] == b"^"
    at += negated
    ranges: list[bytes] = []
    while at < len(pattern) and pattern[at : at + 1] != b"]":
        if pattern[at : at + 1] == b"\\" and at + 1 < len(pattern):
            at += 1
            low = high = pattern[at]
        elif pattern[at + 1 : at + 2] == b"-" and at + 2 < len(pattern):
            low, high = sorted((pattern[at], pattern[at + 2]))
            at += 2
        else:
            low = high = pattern[at]
        at += 1
        ranges.append(b"\\x%02x-\\x%02x" % (low, high))
    if not ranges:
        return (b"." if negated else b"(?!)"), at + 1
    return b"[" + b"^" * negated + b"".join(ranges) + b"]", at + 1
