"""A digest of a value that does not depend on the server's version, its encoding, or the order of what has no order.

The elements of sets, hashes and sorted sets come in any order; the sum of their digests is the same in each.
"""

from __future__ import annotations

import hashlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_MODULUS = 1 << 256
_UNORDERED = frozenset({"set", "hash", "zset"})


class ValueDigest:
    """The digest of a value of a type, taken window by window."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._whole = hashlib.blake2b(digest_size=32)
        self._total = 0

    def add(self, window: Any) -> None:  # noqa: ANN401 - by type
        """Take in a window of the shape that `export_format.value_of` gives."""
        if self._kind in _UNORDERED:
            self._total += sum(_element(self._kind, element) for element in window)
        elif self._kind == "string":
            self._whole.update(window)
        else:
            for element in window:
                words = [element] if self._kind == "list" else [element[0], *element[1]]
                self._whole.update(_framed([len(words).to_bytes(8), *words]))

    def value(self) -> bytes:
        """Return the digest of what was taken in, 32 bytes."""
        return (self._total % _MODULUS).to_bytes(32) if self._kind in _UNORDERED else self._whole.digest()


def digest_of(kind: str, windows: Iterable[Any]) -> bytes:
    """Return the digest of a value that comes in windows.

    >>> digest_of("set", [[b"a", b"b"]]) == digest_of("set", [[b"b"], [b"a"]])
    True
    >>> digest_of("list", [[b"a", b"b"]]) == digest_of("list", [[b"b", b"a"]])
    False
    """
    digest = ValueDigest(kind)
    for window in windows:
        digest.add(window)
    return digest.value()


def _element(kind: str, element: Any) -> int:  # noqa: ANN401 - by type
    words = [element] if kind == "set" else list(element)
    if kind == "zset":
        # Versions write the same number in different ways.
        words[1] = repr(float(words[1])).encode()
    return int.from_bytes(hashlib.blake2b(_framed(words), digest_size=32).digest())


def _framed(words: Iterable[bytes]) -> bytes:
    """Return words with their lengths, so that no two lists of words give the same bytes."""
    return b"".join(len(word).to_bytes(8) + word for word in words)
