"""Versions of Maven artifacts, by the rules of Maven's POM reference, "Version Order Specification"."""

from __future__ import annotations

import re

from boombap.deps.versions.number import encode, is_number

_TOKEN = r"([.-]?)([0-9]+|[^0-9.-]+)"  # noqa: S105 - no secret
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
# Below the end, which stands for the release itself, and above it.
_KNOWN = {"alpha": "A", "beta": "B", "milestone": "C", "rc": "D", "cr": "D", "snapshot": "E", "sp": "G"}
_NULLS = {"", "final", "ga", "release"}
_END, _OTHER, _DASH_NUMBER, _DOT_NUMBER = "F", "H", "I", "J"
_OF_RANGES = frozenset("^<>=*|,[]()")


def key(version: str) -> str:
    """Return the sort key.

    Raises:
        ValueError: for an empty text, one that has no number in it, and a range.

    >>> key("1-alpha-1") < key("1-SNAPSHOT") < key("1") == key("1.0.0-ga") < key("1-sp") < key("1.1")
    True
    """
    text = version.strip().lower()
    if not re.search(r"[0-9]", text) or not _OF_RANGES.isdisjoint(text):
        raise ValueError("no Maven version")
    return "".join(map(_encode, _trimmed(_tokens(text)))) + _END


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return the tokens with the separators before them; a change from digits to letters is a hyphen."""
    tokens: list[tuple[str, str]] = []
    for found in re.finditer(_TOKEN, text):
        separator, word = found[1] or ("-" if tokens else "."), found[2]
        is_short = word in _SHORT and text[found.end() : found.end() + 1].isdigit()
        tokens.append((separator, _SHORT[word] if is_short else word))
    return tokens


def _trimmed(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out the null values before each hyphen and at the end."""
    kept: list[tuple[str, str]] = []
    for separator, word in [*tokens, ("-", "")]:
        if separator == "-" or not is_number(word):
            while kept and _is_null(kept[-1][1]):
                kept.pop()
        kept.append((separator, word))
    return kept[:-1]


def _is_null(word: str) -> bool:
    return word in _NULLS or (is_number(word) and not word.strip("0"))


def _encode(token: tuple[str, str]) -> str:
    separator, word = token
    if is_number(word):
        return (_DOT_NUMBER if separator == "." else _DASH_NUMBER) + encode(word)
    if word in _NULLS:
        return _END
    return _KNOWN.get(word) or f"{_OTHER}{word}!"
