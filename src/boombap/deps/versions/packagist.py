"""Versions of PHP packages, as Composer normalises and compares them."""

from __future__ import annotations

import re

from boombap.deps.versions.number import encode, encode_release

# Source: composer/semver, VersionParser: stability, and PHP's version_compare for the order.
_FORM = (
    r"v?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?+[0-9]++)*+)?)?([.-]?dev)?)?(?:\+\S*)?"
)
_ORDER = {"alpha": "b", "a": "b", "beta": "c", "b": "c", "rc": "d", "": "e", "stable": "e"}
_DEV, _PATCH = "a", "f"


def key(version: str) -> str:
    """Return the sort key.

    Raises:
        ValueError: for a branch (``dev-main``) and for anything else that is not a version.

    >>> key("1.0.0-RC1") < key("v1.0") < key("1.0.0-p2")
    True
    """
    found = re.fullmatch(_FORM, version.strip(), re.IGNORECASE | re.ASCII)
    if not found:
        raise ValueError("no Composer version")
    release, stability, numbers, dev = found.groups()
    digits = re.findall(r"[0-9]+", numbers or "")
    order = _ORDER.get((stability or "").lower(), _PATCH)
    mark = _DEV if dev and not stability else order
    return encode_release(release.split(".")) + mark + "".join(map(encode, digits)) + ("!" if dev else '"')
