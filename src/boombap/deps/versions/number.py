"""Whole numbers as texts that compare as the numbers do."""

from __future__ import annotations

_MOST_DIGITS = 78
_ZERO = ord("0")


def encode(digits: str) -> str:
    """Return the number written as ASCII digits: one character for its length, then its digits.

    Raises:
        ValueError: for more than 78 digits.

    >>> encode("0"), encode("007"), encode("12")
    ('0', '17', '212')
    """
    digits = digits.lstrip("0")
    if len(digits) > _MOST_DIGITS:
        raise ValueError("too many digits")
    return chr(_ZERO + len(digits)) + digits


def encode_release(parts: list[str]) -> str:
    """Return numbers between dots with the zeros at their end left out, and a mark that sorts below any number."""
    last = len(parts)
    while last and not parts[last - 1].strip("0"):
        last -= 1
    return "".join(map(encode, parts[:last])) + "!"


def is_number(text: str) -> bool:
    """Tell whether a text is ASCII digits only."""
    return text.isascii() and text.isdigit()
