"""Versions of Ruby gems, as ``Gem::Version`` compares them."""

from __future__ import annotations

import re

from boombap.deps.versions.number import encode, is_number

_FORM = r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
# A word is below the end, which stands for zeros without number; a zero is at the side of what follows it.
_WORD, _ZERO_BEFORE_WORD, _END, _ZERO, _NUMBER = "ABCDE"


def key(version: str) -> str:
    """Return the sort key.

    Raises:
        ValueError: for a text that is not such a version.

    >>> key("1.0.a") < key("1") == key("1.0.0") < key("1.0.1")
    True
    """
    text = version.strip()
    if not re.fullmatch(_FORM, text):
        raise ValueError("no gem version")
    parts = re.findall(r"[0-9]+|[A-Za-z]+", text.replace("-", ".pre."))
    first_word = next((at for at, part in enumerate(parts) if not is_number(part)), len(parts))
    return _encode(_without_zeros(parts[:first_word]) + _without_zeros(parts[first_word:]))


def _without_zeros(parts: list[str]) -> list[str]:
    while parts and not parts[-1].strip("0"):
        parts = parts[:-1]
    return parts


def _encode(parts: list[str]) -> str:
    encoded = [_END]
    zero = _ZERO
    for part in reversed(parts):
        if not is_number(part):
            encoded.append(f"{_WORD}{part}!")
            zero = _ZERO_BEFORE_WORD
        elif part.strip("0"):
            encoded.append(_NUMBER + encode(part))
            zero = _ZERO
        else:
            encoded.append(zero)
    return "".join(reversed(encoded))
