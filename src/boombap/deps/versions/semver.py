"""Versions by Semantic Versioning 2: npm, crates.io and Go, whose pseudo-versions and ``+incompatible`` fit in it."""

from __future__ import annotations

import re

from boombap.deps.versions.number import encode, encode_release, is_number

_END, _RELEASE = "!", "~"
# Go's own releases are written go1.20rc1; the vulnerability database says 1.20.0-rc.1.
_GO_RELEASE = r"(\d+(?:\.\d+)*)(rc|beta)(\d+)"


def key(version: str) -> str:
    """Return the sort key; build metadata does not count, missing parts are 0.

    Raises:
        ValueError: for a text that is not such a version.

    >>> key("v1.2.0-rc.2") < key("1.2.0-rc.10") < key("1.2+build") == key("1.2.0")
    True
    """
    release, dash, pre = version.strip().removeprefix("v").removeprefix("=").partition("+")[0].partition("-")
    parts = release.split(".")
    if not all(map(is_number, parts)) or (dash and not pre):
        raise ValueError("no semantic version")
    return encode_release(parts) + (_pre(pre) if dash else _RELEASE)


def go_key(version: str) -> str:
    """Return the sort key of a Go module's or of Go's own version.

    Raises:
        ValueError: for a text that is not such a version.

    >>> go_key("go1.20rc1") == go_key("v1.20.0-rc.1"), go_key("v2.0.0+incompatible") == go_key("2.0.0")
    (True, True)
    """
    plain = version.strip().removeprefix("go")
    found = re.fullmatch(_GO_RELEASE, plain, re.ASCII)
    return key(f"{found[1]}-{found[2]}.{found[3]}" if found else plain)


def _pre(text: str) -> str:
    parts = text.split(".")
    if not all(part.isascii() and part.replace("-", "").isalnum() for part in parts if part.strip("-")) or "" in parts:
        raise ValueError("no semantic version")
    # Numbers come before words, and fewer parts before more.
    return "".join("1" + encode(part) if is_number(part) else f"a{part}{_END}" for part in parts) + _END
