"""JSON with comments and trailing commas, as tsconfig.json is written; a broken file is an empty object.

Both expressions take each character once: no text makes them slow.
"""

from __future__ import annotations

import json
import re

_STRING = r'"(?:[^"\\\n]|\\.)*"?'
# The second way of a block comment takes one that is never closed, so that the search for its end is not repeated.
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*(?:.*?\*/|.*)", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)


def parse(text: str) -> dict[str, object]:
    """Return the object that a text holds; empty for a broken text and for any other value.

    >>> parse('{"a": "//", /* why */ "b": [1, 2,],}')
    {'a': '//', 'b': [1, 2]}
    """
    for pattern in (_COMMENT, _TRAILING_COMMA):
        text = pattern.sub(lambda match: match[1] or "", text)
    try:
        value = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def of(value: object, name: str) -> dict[str, object]:
    """Return the object under a name of an object; empty where either is something else."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, dict) else {}


def strings(value: object, limit: int) -> list[str]:
    """Return the texts in a value at any depth, in their order, at most `limit`.

    >>> strings({"import": ["./a.ts", 1], "default": "./b.js"}, 10)
    ['./a.ts', './b.js']
    """
    texts: list[str] = []
    pending = [value]
    while pending and len(texts) < limit:
        part = pending.pop()
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict | list):
            pending += reversed(list(part.values() if isinstance(part, dict) else part))
    return texts
