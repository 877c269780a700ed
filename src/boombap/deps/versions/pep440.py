"""Versions of Python packages: PEP 440, and below all of those the older forms, as setuptools compared them.

The whole-number forms, nineteen of twenty in practice, are taken without a regular expression: compiling the one for
the rest costs 4 ms, as much as comparing 4,000 versions.
"""

from __future__ import annotations

import re

from boombap.deps.versions.number import encode, encode_release, is_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Source: PEP 440, appendix B, with the groups that are needed here.
_FORM = r"""\s*v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]+)?)?
    (?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]+)?)?
    ([-_.]?dev[-_.]?([0-9]+)?)?
    (?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*"""
_PRE = {"alpha": "a", "beta": "b", "c": "c", "rc": "c", "pre": "c", "preview": "c"}
_LOWEST, _HIGHEST, _END = "-", "~", "!"
_FINAL = f"{_HIGHEST}{_LOWEST}{_HIGHEST}{_LOWEST}"
# Source: pkg_resources up to 66 and packaging up to 21, LegacyVersion.
_LEGACY_PART = r"(\d+|[a-z]+|\.|-)"
_OF_RANGES = frozenset("^<>=*|,")
_LEGACY_WORDS = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


def key(version: str) -> str:
    """Return the sort key.

    Raises:
        ValueError: for a number of more than 78 digits, and for a range.

    >>> key("1.0") == key("v1.0.0"), key("1.0rc1") < key("1.0") < key("1.0.post1") < key("1!0")
    (True, True)
    """
    parts = version.split(".")
    if all(map(is_number, parts)):
        return "0" + encode_release(parts) + _FINAL
    found = re.fullmatch(_FORM, version, re.VERBOSE | re.IGNORECASE | re.ASCII)
    return _modern(found) if found else _legacy(version)


def _modern(found: re.Match[str]) -> str:
    epoch, release, pre, pre_number, dash, post, post_number, dev, dev_number, local = found.groups()
    has_post = bool(dash or post)
    if pre:
        word = pre.lower()
        pre_key = _PRE.get(word, word) + encode(pre_number or "0")
    else:
        # 1.0.dev1 comes before 1.0a1, and that before 1.0.
        pre_key = _LOWEST if dev and not has_post else _HIGHEST
    return (
        encode(epoch or "0")
        + encode_release(release.split("."))
        + pre_key
        + ("p" + encode(dash or post_number or "0") if has_post else _LOWEST)
        + ("d" + encode(dev_number or "0") if dev else _HIGHEST)
        + (_local(local.lower()) if local else _LOWEST)
    )


def _local(text: str) -> str:
    parts = re.split(r"[-_.]", text)
    return "l" + "".join("n" + encode(part) if is_number(part) else f"a{part}{_END}" for part in parts) + _END


def _legacy(version: str) -> str:
    # The old rules find an order for every text: a range would compare as a version below all others.
    if not _OF_RANGES.isdisjoint(version):
        raise ValueError("a range")
    parts: list[str] = []
    for part in _legacy_parts(version.strip().lower()):
        if part.startswith("*"):
            while part < "*final" and parts and parts[-1] == "*final-":
                parts.pop()
            while parts and parts[-1] == "0":
                parts.pop()
        parts.append(part)
    return _END + "".join(f"{part}{_END}" for part in parts)


def _legacy_parts(version: str) -> Iterator[str]:
    for part in re.split(_LEGACY_PART, version, flags=re.ASCII):
        word = _LEGACY_WORDS.get(part, part)
        if word and word != ".":
            yield encode(word) if is_number(word) else "*" + word
    yield "*final"
