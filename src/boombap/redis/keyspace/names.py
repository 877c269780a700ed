"""Folds names of keys into patterns, so that a million keys become a handful of rows.

Runs of digits become ``<n>``, UUIDs ``<uuid>``, and hashes and random identifiers ``<id>``; what separates them stays.
"""

from __future__ import annotations

import re

# In the order in which they are replaced. An identifier has digits and letters: 8 of hexadecimal, or 16 of any kind.
_UUID = re.compile(rb"(?<![0-9a-zA-Z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-zA-Z])")
_ID = re.compile(
    rb"(?<![0-9A-Za-z])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])"
    rb"(?:[0-9a-f]{8,}|[0-9A-F]{8,}|[0-9A-Za-z]{16,})(?![0-9A-Za-z])"
)
_NUMBER = re.compile(rb"[0-9]+")
_UUID_LENGTH = 36
_UUID_DASHES = 4
_SEPARATOR = re.compile(rb"[./_-]")
# Longer names are cut before they are folded: nobody reads them, and each would be a pattern of its own.
_LONGEST = 512
_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))  # noqa: PLR2004 - "0" to "9"


def fold(name: bytes) -> bytes:
    """Return the pattern of a name.

    >>> fold(b"cache_user_42_profile"), fold(b"api/v1/tracks/7")
    (b'cache_user_<n>_profile', b'api/v<n>/tracks/<n>')
    >>> fold(b"celery-task-meta-0ddc4a35-5b0a-4c4c-9c35-8a31f9b0a111"), fold(b"page:9e107d9d372bb6826bd81d3542a419d6")
    (b'celery-task-meta-<uuid>', b'page:<id>')
    """
    name = name[:_LONGEST]
    if len(name) >= _UUID_LENGTH and name.count(b"-") >= _UUID_DASHES:
        name = _UUID.sub(b"<uuid>", name)
    return _NUMBER.sub(b"<n>", _ID.sub(b"<id>", name))


def head(pattern: bytes) -> bytes:
    """Return a pattern up to its first separator, a colon if there is one; empty for a name without any.

    >>> head(b"tenant:<n>:x"), head(b"sess.<n>.data"), head(b"user-<n>"), head(b"<uuid>")
    (b'tenant:', b'sess.', b'user-', b'')
    """
    first, colon, _ = pattern.partition(b":")
    if colon:
        return first + colon
    separator = _SEPARATOR.search(pattern)
    return pattern[: separator.end()] if separator else b""


def shape(name: bytes) -> bytes:
    """Return a name with every digit as ``0``: names of one shape fold alike, unless they hold an identifier.

    It costs a tenth of `fold`, and a cache has far fewer shapes than keys where only numbers differ.
    """
    return name.translate(_DIGITS)
