r"""Turns rows into the text that COPY reads.

Source: PostgreSQL documentation, COPY, "Text Format": fields end with a tab, rows with a newline, ``\N`` is NULL, and a
backslash escapes the special characters.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Value = None | bool | int | float | str | Sequence[str]

_NULL = r"\N"
_SCALARS = (int, float, str)
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def encode(rows: Iterable[Sequence[Value]]) -> bytes:
    r"""Return rows as COPY's text format; a sequence of texts becomes an array.

    What UTF-8 has no bytes for (a lone surrogate) and NUL are sent as they are: the server refuses them with an
    SQLSTATE, as it does every other invalid value.

    >>> encode([(1, "a\tb", None), (2, "", ("x", 'y"z'))])
    b'1\ta\\tb\t\\N\n2\t\t{"x","y\\\\"z"}\n'
    """
    lines = [_line(row) for row in rows]
    lines.append("")
    return "\n".join(lines).encode(errors="surrogatepass")


def _line(row: Sequence[Value]) -> str:
    """Return a row, as if nothing in it were special; where something is, one row in hundreds, field by field."""
    line = "\t".join([value if type(value) is str else _NULL if value is None else _unquoted(value) for value in row])
    is_plain = line.count("\t") == len(row) - 1 and line.count("\\") == row.count(None)
    return line if is_plain and "\n" not in line and "\r" not in line else "\t".join([_field(value) for value in row])


def _unquoted(value: float | str | Sequence[str]) -> str:
    if isinstance(value, _SCALARS):
        return str(value)
    texts = '","'.join(value)
    # Another quote than those between texts needs its escape.
    return f'{{"{texts}"}}' if value and texts.count('"') == 2 * len(value) - 2 else _field(value)


def _field(value: Value) -> str:
    if value is None:
        return _NULL
    # Escaping costs a copy, and one text in thousands needs it.
    if type(value) is str:
        return value.translate(_ESCAPES) if _SPECIAL.search(value) else value
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, str):
        return _field(str(value))
    return _field("{" + ",".join([_element(text) for text in value]) + "}")


def _element(text: str) -> str:
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'
