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
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def encode(rows: Iterable[Sequence[Value]]) -> bytes:
    r"""Return rows as COPY's text format; a sequence of texts becomes an array.

    What UTF-8 has no bytes for (a lone surrogate) and NUL are sent as they are: the server refuses them with an
    SQLSTATE, as it does every other invalid value.

    >>> encode([(1, "a\tb", None), (2, "", ("x", 'y"z'))])
    b'1\ta\\tb\t\\N\n2\t\t{"x","y\\\\"z"}\n'
    """
    return "".join(["\t".join([_field(value) for value in row]) + "\n" for row in rows]).encode(errors="surrogatepass")


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
