"""Components of one file (Vue, Svelte): their scripts are code, read with the lines where they are in the file."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LANGUAGES = frozenset(("vue", "svelte"))
_OPEN = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)
_CLOSE = re.compile(r"</script\s*>", re.IGNORECASE)
_LANG = re.compile(r"""\blang\s*=\s*["']?(\w+)""", re.IGNORECASE)
_NOT_LINE_END = re.compile(r"[^\n]")
_GRAMMARS = {"ts": "typescript", "typescript": "typescript", "tsx": "tsx"}


def script(lines: Sequence[str]) -> tuple[str, list[str]]:
    """Return the language of a component's scripts and its lines with everything else blank.

    >>> script(["<script lang='ts'>", "let id: number", "</script>", "<p>text</p>"])
    ('typescript', ['                  ', 'let id: number', '         ', '           '])
    """
    text = "\n".join(lines)
    language, kept, position = "javascript", [], 0
    while (opened := _OPEN.search(text, position)) is not None:
        closed = _CLOSE.search(text, opened.end())
        end, following = (closed.start(), closed.end()) if closed else (len(text), len(text))
        kept += [_blank(text[position : opened.end()]), text[opened.end() : end], _blank(text[end:following])]
        named = _LANG.search(opened[1])
        language = _GRAMMARS.get(named[1].lower(), language) if named else language
        position = following
    return language, "".join([*kept, _blank(text[position:])]).split("\n")


def _blank(text: str) -> str:
    return _NOT_LINE_END.sub(" ", text)
