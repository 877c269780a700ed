"""The paths that `use` and `mod` of Rust name, one for each leaf of a tree of braces."""

from __future__ import annotations

import re

_MODULE = re.compile(r"(?:pub(?:\s*\([^)]*\))?\s+)?mod\s+(?:r#)?(\w+)\s*;")
_USE = re.compile(r"(?:pub(?:\s*\([^)]*\))?\s+)?use\b")
_TOKEN = re.compile(r"(?:r#)?\w+|[{},*]")
# Deeper braces and more leaves than people write cost time, and say nothing.
_DEEPEST = 20
_MOST_PATHS = 500


def paths(text: str, inline_depth: int) -> list[str]:
    """Return the paths of a declaration, with `::`, as seen from the file's own module.

    Args:
        text: of a `use` or a `mod`.
        inline_depth: in how many modules with a body the declaration is; `super` leads out of one of them first.

    >>> paths("use crate::a::{self, b::{C, D as E}, f::*};", 0)
    ['crate::a', 'crate::a::b::C', 'crate::a::b::D', 'crate::a::f']
    """
    module = _MODULE.match(text)
    if module:
        return [f"self::{module[1]}"]
    used = _USE.match(text)
    if not used:
        return []
    leaves = (_outside(leaf, inline_depth) for leaf in _leaves(_TOKEN.findall(text[used.end() :])))
    return list(dict.fromkeys("::".join(leaf) for leaf in leaves if leaf))


def _leaves(tokens: list[str]) -> list[list[str]]:
    leaves: list[list[str]] = []
    prefixes: list[list[str]] = [[]]
    path: list[str] = []
    is_alias = False
    for mark in [*tokens, ","]:
        if mark == "{" and len(prefixes) < _DEEPEST:
            prefixes.append([*prefixes[-1], *path])
            path = []
        elif mark in ",}":
            if path:
                leaves.append([*prefixes[-1], *path])
            path, is_alias = [], False
            if mark == "}" and len(prefixes) > 1:
                prefixes.pop()
        elif mark == "as":
            is_alias = True
        elif not is_alias:
            path.append("" if mark == "*" else mark.removeprefix("r#"))
        if len(leaves) >= _MOST_PATHS:
            break
    return [_clean(leaf) for leaf in leaves]


def _clean(leaf: list[str]) -> list[str]:
    """Return a path without the star of a glob, and without the `self` that names its own prefix."""
    return [part for index, part in enumerate(leaf) if part and (part != "self" or not index)]


def _outside(leaf: list[str], inline_depth: int) -> list[str]:
    while inline_depth and leaf[:1] == ["super"]:
        leaf, inline_depth = leaf[1:], inline_depth - 1
        if leaf[:1] != ["super"]:
            return ["self", *leaf]
    return leaf
