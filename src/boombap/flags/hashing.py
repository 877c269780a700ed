"""Where a key falls in a rollout: the hashing scheme of flagd's `fractional`, without a library.

The scheme is that of flagd-core 2.0.0 for Python: murmur3 (x86, 32 bits, seed 0) of the canonical CBOR encoding of
``[flag, key]``, scaled to the total of the weights. Other releases hash the two names joined, and give other answers
for more than a third of all keys. The name of the flag is in the hash, so that rollouts are independent of each other.

Source: flagd's documentation, "Fractional operation"; RFC 8949, section 4.2.1; MurmurHash3_x86_32 by Austin Appleby.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEME = "flagd-core-2.0.0"
"""The name of the scheme in the metadata of a file: percentages mean other keys under another scheme."""

_MASK = 0xFFFF_FFFF
_TEXT, _ARRAY = 0x60, 0x80  # major types 3 and 4 of CBOR
_SHORT = 24
# By the bytes of a length: what is added to the major type.
_LENGTHS = ((1, 24), (2, 25), (4, 26), (8, 27))


def bucket(flag: str, key: str, total: int) -> int:
    """Return the place of a key in the rollout of a flag, from 0 to ``total - 1``.

    Args:
        total: the sum of all weights, from 1 to 2^31-1.

    >>> bucket("spotify-engine", "track-1", 100)
    7
    """
    return murmur3(cbor((flag, key))) * total >> 32


def cbor(texts: Sequence[str]) -> bytes:
    r"""Return texts as an array in canonical CBOR; unpaired surrogates are kept, so that no key raises.

    >>> cbor(("a", "bc"))
    b'\x82aabbc'
    """
    return _head(_ARRAY, len(texts)) + b"".join(map(cbor_text, texts))


def cbor_text(text: str) -> bytes:
    """Return one text in canonical CBOR."""
    encoded = text.encode("utf-8", "surrogatepass")
    return _head(_TEXT, len(encoded)) + encoded


def murmur3(data: bytes) -> int:
    """Return the hash of some bytes, from 0 to 2^32-1.

    >>> hex(murmur3(b"hello"))
    '0x248bfa47'
    """
    state, length = 0, len(data)
    whole = length & ~3
    for index in range(0, whole, 4):
        state ^= _mixed(int.from_bytes(data[index : index + 4], "little"))
        state = (state << 13 | state >> 19) & _MASK
        state = (state * 5 + 0xE654_6B64) & _MASK
    state ^= _mixed(int.from_bytes(data[whole:], "little")) ^ length
    state = (state ^ state >> 16) * 0x85EB_CA6B & _MASK
    state = (state ^ state >> 13) * 0xC2B2_AE35 & _MASK
    return state ^ state >> 16


def _mixed(block: int) -> int:
    block = block * 0xCC9E_2D51 & _MASK
    block = (block << 15 | block >> 17) & _MASK
    return block * 0x1B87_3593 & _MASK


def _head(major: int, length: int) -> bytes:
    if length < _SHORT:
        return bytes((major | length,))
    size, marker = next((size, marker) for size, marker in _LENGTHS if length < 1 << 8 * size)
    return bytes((major | marker,)) + length.to_bytes(size, "big")
