"""JSON with comments and trailing commas, as the tools of JavaScript read it."""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text

# Texts come first, so that what looks like a comment inside of one stays. Every repetition is possessive: one pass.
_TEXT = r'"(?:[^"\\\n]|\\.)*+"?+'
_COMMENT = re.compile(rf"({_TEXT})|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?+")
_COMMA = re.compile(rf"({_TEXT})|,(?=\s*+[}}\]])")


def read(document: str) -> dict[str, object]:
    """Return a document whose top is an object.

    >>> read('{"a": [1, /* two */], // "b"' + chr(10) + '}')
    {'a': [1]}

    Raises:
        Malformed: with the line, when it is something else or nested too deeply.
    """
    bare = _COMMENT.sub(lambda match: match[1] or " " + "\n" * match[0].count("\n"), document)
    return safe_text.from_json(_COMMA.sub(lambda match: match[1] or "", bare))
