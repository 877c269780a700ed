"""The signature of a definition: its head without doc comment, decorators and body, on one line.

It is read from the lines, so that files with a grammar and those read by line rules are treated alike.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.ctx.model import Definition

_LONGEST = 160
_LONGEST_HEAD_LINES = 30
# Where the body of a constant or a heading begins says nothing: its first line is its signature.
_ONE_LINE = frozenset(("constant", "section", "key", "resource", "macro"))
_ANNOTATION = re.compile(r"\s*(?:@(?!interface\b)[\w.:]+|#!?(?=\[)|(?=\[))")
_COMMENT = re.compile(r"\s+(?:#|//)\s.*$")
_QUOTED = re.compile(r'"(?:\\.|[^"\\\n])*"' + r"|'[^\w\s']{1,3}'|`[^`\n]*`")
_CONTINUED = re.compile(r"\s*(?:->|where\b|extends\b|implements\b|throws\b|with\b|:\s|=>|[{)\]&|+])")
_SHORT_BODY = re.compile(r":\s*(?:\.\.\.|pass\b|(?:return|raise|yield)\b.*)$")
_OPEN, _CLOSE = "([", ")]"


def signature(definition: Definition, lines: Sequence[str]) -> str:
    """Return the head of a definition, at most 160 characters; a longer one ends with an ellipsis.

    Args:
        definition: of a file.
        lines: all lines of that file.

    >>> from boombap.ctx.model import Definition
    >>> lines = ["@cached", "def fetch(", "    url: str,", ") -> bytes:", "    return b''"]
    >>> signature(Definition("fetch", "function", 1, 5), lines)
    'def fetch(url: str) -> bytes'
    """
    first = max(definition.start, definition.doc_end + 1) - 1
    last = min(definition.end, first + _LONGEST_HEAD_LINES)
    text = _without_annotations("\n".join(_COMMENT.sub("", line) for line in lines[first:last]))
    head = _first_line(text) if definition.kind in _ONE_LINE else _head(text, definition.name)
    return _shortened(_one_line(head)) or definition.name


def _without_annotations(text: str) -> str:
    """Return the text after the decorators and attributes at its beginning; all of it where nothing follows them."""
    place = 0
    while mark := _ANNOTATION.match(text, place):
        place = mark.end()
        if text[place : place + 1] in ("(", "["):
            place = _closing(text, place) + 1
    rest = text[place:].strip("\n")
    return rest if rest.strip() else text


def _closing(text: str, opening: int) -> int:
    """Return where the bracket at `opening` closes; the last place of the text where it does not."""
    depth, place = 0, opening
    while place < len(text):
        if quoted := _QUOTED.match(text, place):
            place = quoted.end()
            continue
        depth += (text[place] in _OPEN) - (text[place] in _CLOSE)
        if depth == 0:
            return place
        place += 1
    return len(text) - 1


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _head(text: str, name: str) -> str:
    """Return the text up to the body."""
    place, name_end = 0, text.find(name) + len(name) if name in text else 0
    while place < len(text):
        if quoted := _QUOTED.match(text, place):
            place = quoted.end()
        elif text[place] in _OPEN:
            place = _closing(text, place) + 1
        elif _ends(text, place, name_end):
            break
        else:
            place += 1
    return text[:place]


def _ends(text: str, place: int, name_end: int) -> bool:
    """Tell whether a head ends outside of brackets at `{`, `;`, `=>`, or after the name with its line."""
    if text[place] in "{;" or text.startswith("=>", place):
        return True
    is_last = text[place] == "\n" and place >= name_end
    return is_last and not text[:place].endswith((",", " where", "\nwhere")) and not _CONTINUED.match(text, place)


def _one_line(head: str) -> str:
    joined = " ".join(head.split())
    joined = re.sub(r"(?<=[(\[]) | (?=[)\]])", "", joined)
    return _SHORT_BODY.sub("", re.sub(r",(?=[)\]])", "", joined)).rstrip(" ,:={")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
