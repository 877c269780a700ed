"""Reads a ``.env`` file: ``NAME=value`` lines, with quotes, comments and an optional ``export``."""

from __future__ import annotations

import re

from boombap.errors import ConfigError

_NAME = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*", re.ASCII)
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?$")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_COMMENT = re.compile(r"(?:^|\s)#.*$")


def parse(text: str, path: str) -> dict[str, tuple[int, str]]:
    r"""Return each name with its line number (from 1) and value; the last of equal names counts.

    A ``#`` starts a comment after white space or after a closing quote; inside an unquoted value it belongs to the
    value, as it may in a password.

    Raises:
        ConfigError: naming the file and line, never the text of the line, which may hold a secret.

    >>> parse("export A='x y' # note\nB=p#1", ".env")
    {'A': (1, 'x y'), 'B': (2, 'p#1')}
    """
    values: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name = _NAME.match(line)
        value = _value(line[name.end() :]) if name else None
        if name is None or value is None:
            raise ConfigError(
                f"{path}:{number} is not an assignment", hint="write NAME=value, in matching quotes or none"
            )
        values[name[1]] = (number, value)
    return values


def _value(text: str) -> str | None:
    if text.startswith("'"):
        single = _SINGLE.match(text)
        return single[1] if single else None
    if text.startswith('"'):
        double = _DOUBLE.match(text)
        return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), double[1]) if double else None
    return _COMMENT.sub("", text).strip()
