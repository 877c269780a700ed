"""Which groups of dependencies are for development only, by their names: no format says so."""

from __future__ import annotations

import re

_DEVELOPMENT = re.compile(
    r"(?:dev(?:el(?:op(?:ment)?)?)?|tests?|testing|docs?|documentation|lint(?:ing|ers?)?|format(?:ting|ters?)?|typing|types"
    r"|type-?check(?:ing)?|mypy|ci|cd|release|build|bench(?:mark)?s?|coverage|debug|examples?|tooling|tools|pre-?commit|style"
    r"|quality|qa|check(?:s|ing)?|nox|tox|profiling)"
)
_PARTS = re.compile(r"[-_. ]+")


def is_development(group: str) -> bool:
    """Tell whether a group's name says that nothing of it runs in production; any other may be installed there.

    >>> is_development("dev"), is_development("unit-tests"), is_development("analysis"), is_development("main")
    (True, True, False, False)
    """
    parts = _PARTS.split(group.strip().lower())
    return any(_DEVELOPMENT.fullmatch(part) for part in (*parts, "".join(parts)))
