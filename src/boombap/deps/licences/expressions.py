"""SPDX licence expressions: which texts are one, and what allow and deny lists say about them.

Source: the SPDX specification 2.3, annex D; the list of licences comes with the library license-expression.
"""

from __future__ import annotations

import re
from functools import cache

from boombap.deps.licences.model import Stated
from boombap.errors import ConfigError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from boombap.deps.licences.model import Answer

_LONGEST = 1000
_SHOWN = 200
_PART = re.compile(r"[^\s()]+|[()]")
_OPERATORS = frozenset({"and", "or", "with"})
# SPDX deprecated these forms, and they are still unambiguous.
_OLD_GNU = re.compile(r"(?:[al]?gpl|gfdl)-\d\.\d\+?", re.ASCII)


class Rules(Record):
    """Which licences a policy allows and denies.

    Attributes:
        allow: expressions as SPDX writes them; when there are any, every other licence is denied.
        deny: likewise; they are stronger than `allow`.
    """

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()


def spdx(text: str) -> str:
    """Return an expression in SPDX's own spelling, its parts sorted; empty when the text is not one.

    >>> spdx("mit or apache-2.0"), spdx("GPL-2.0+"), spdx("BSD"), spdx("GPL")
    ('Apache-2.0 OR MIT', 'GPL-2.0-or-later', '', '')
    """
    tree = _parsed(text)
    return "" if tree is None else str(tree.simplify().render())


def stated(text: str, origin: str) -> Stated:
    """Return what a text says about a licence: its expression, or that it is not one; a long text is cut."""
    expression = spdx(text)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return Stated(shown, origin, expression, "" if expression else "it is not an SPDX expression")


def rules(allow: Iterable[str], deny: Iterable[str]) -> Rules:
    """Return the rules of two lists.

    Raises:
        ConfigError: for an entry that is not an SPDX expression.
    """
    return Rules(_entries(allow, "licences_allow"), _entries(deny, "licences_deny"))


def _entries(texts: Iterable[str], key: str) -> frozenset[str]:
    entries = {text: spdx(text) for text in texts}
    for text, expression in entries.items():
        if not expression:
            raise ConfigError(f"{key}: {text!r} is not an SPDX expression", hint="see https://spdx.org/licenses")
    return frozenset(entries.values())


def decide(expression: str, held: Rules) -> tuple[Answer, str]:
    """Return whether an expression is allowed, and the reason: of OR one part is enough, of AND all are needed.

    Args:
        expression: as `spdx` returns it.
        held: what the policy says.
    """
    tree = _parsed(expression)
    assert tree is not None, "only what spdx() returned comes here"
    return _decide(tree.simplify(), held)


def _decide(tree: Any, held: Rules) -> tuple[Answer, str]:  # noqa: ANN401 - the library has no types
    name = str(tree.render())
    if name in held.deny:
        return "denied", f"{name} is denied"
    licensing = _licensing()
    is_compound = isinstance(tree, licensing.OR | licensing.AND)
    if name in held.allow:
        # What is listed as a whole may still have a part that is denied.
        without = _decide(tree, Rules(deny=held.deny)) if is_compound and held.deny else None
        return without if without and without[0] == "denied" else ("allowed", f"{name} is allowed")
    if is_compound:
        answers = [_decide(part, held) for part in tree.args]
        first: Answer = "allowed" if isinstance(tree, licensing.OR) else "denied"
        return next((each for each in answers if each[0] == first), answers[0])
    base = getattr(tree, "license_symbol", None)
    if base is not None and base.key in held.deny:
        return "denied", f"{base.key} is denied"
    if held.allow:
        return "denied", f"{name} is not in the list of allowed licences"
    return "allowed", "it is not denied" if held.deny else "the policy lists no licences"


def _parsed(text: str) -> Any:  # noqa: ANN401 - the library has no types
    """Return the tree of an expression; None for a text that is not one, or only resembles one."""
    from license_expression import ExpressionError, ExpressionParseError

    if len(text) > _LONGEST or not _is_complete(_PART.findall(text)):
        return None
    try:
        return _licensing().parse(text, validate=True, strict=True)
    except (ExpressionError, ExpressionParseError, RecursionError):
        return None


def _is_complete(parts: Iterable[str]) -> bool:
    """Tell whether licences and operators alternate and parentheses fit.

    The library takes "MIT OR ISC OR" for "MIT OR ISC", and ends with an IndexError for "()".
    """
    needs_licence, open_ = True, 0
    for part in parts:
        if needs_licence and part == "(":
            open_ += 1
        elif needs_licence and _is_licence(part):
            needs_licence = False
        elif not needs_licence and part == ")" and open_:
            open_ -= 1
        elif not needs_licence and part.lower() in _OPERATORS:
            needs_licence = True
        else:
            return False
    return not needs_licence and not open_


def _is_licence(word: str) -> bool:
    # The library takes "GPL" for GPL-1.0-or-later, which nobody has said.
    lower = word.lower()
    return lower in _keys() or _OLD_GNU.fullmatch(lower) is not None


@cache
def _keys() -> frozenset[str]:
    return frozenset(str(key).lower() for key in _licensing().known_symbols)


@cache
def _licensing() -> Any:  # noqa: ANN401 - the library has no types
    # 22 ms to import, 16 ms for the list, +5 MB: only this action does it.
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()
