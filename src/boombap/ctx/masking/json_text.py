r"""Masks what JSON's own writing hides: a key with escapes (``"pass\u0077ord"``), the printed lines of a notebook."""

from __future__ import annotations

import re

from boombap.ctx.masking.assigned import mask_line
from boombap.ctx.masking.form import PROSE
from boombap.ctx.masking.names import strength

_ESCAPE = re.compile(r"\\(?:u00|x)([0-7][0-9a-fA-F])")
_ESCAPED_KEY = re.compile(
    r"(?<=\")((?:[\w.-]|\\(?:u00|x)[0-7][0-9a-fA-F]){1,200})(?=\"[ \t]{0,9}(?:[:=]|$))", re.MULTILINE
)
_CELL_TYPE = re.compile(r"\"cell_type\"[ \t]*:[ \t]*\"(\w+)\"")
_SOURCE = re.compile(r"\"source\"[ \t]*:")
_END_OF_SOURCE = re.compile(r"[ \t]*\],?[ \t]*$|.*\"(?:cell_type|outputs)\"[ \t]*:")
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
_LINE_END = r"\n"


def read_keys(text: str) -> str:
    r"""Return a text whose secret names are written without escapes, so that they are read as such.

    >>> read_keys(r'{"pass\u0077ord": 1, "\u0061ge": 2}')
    '{"password": 1, "\\u0061ge": 2}'
    """
    return _ESCAPED_KEY.sub(_read_key, text) if "\\u00" in text or "\\x" in text else text


def _read_key(match: re.Match[str]) -> str:
    name = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), match[0])
    return name if re.fullmatch(r"[\w.-]+", name) and strength(name) else match[0]


def mask_notebook(lines: list[str]) -> None:
    """Mask the text of a notebook that is not the source of a code cell: what it printed, and what people wrote."""
    cell, is_source = "", False
    for number, line in enumerate(lines):
        if kind := _CELL_TYPE.search(line):
            cell = kind[1]
        if is_source and _END_OF_SOURCE.match(line):
            is_source = False
        is_source = is_source or (cell == "code" and _SOURCE.search(line) is not None)
        if not is_source:
            lines[number] = _STRING.sub(_mask_printed, line)


def _mask_printed(match: re.Match[str]) -> str:
    return '"' + _LINE_END.join(mask_line(line, PROSE) for line in match[1].split(_LINE_END)) + '"'
