"""A short name for a path, without importing hashlib (3 ms and OpenSSL)."""

from __future__ import annotations

_OFFSET = 0xCBF29CE484222325
_PRIME = 0x100000001B3
_BITS = 0xFFFFFFFFFFFFFFFF


def digest(text: str) -> str:
    """Return 16 hexadecimal digits (FNV-1a, draft-eastlake-fnv); for names only, an adversary can make two meet.

    >>> digest("a")
    'af63dc4c8601ec8c'
    """
    value = _OFFSET
    for byte in text.encode("utf-8", "surrogateescape"):
        value = (value ^ byte) * _PRIME & _BITS
    return f"{value:016x}"
