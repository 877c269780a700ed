"""The sort key of a version in its ecosystem; each scheme is imported when the first version needs it."""

from __future__ import annotations

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LOWEST = ""
"""Below every version: what OSV writes as ``introduced: 0``."""

_MOST_CHARACTERS = 256
_schemes: dict[str, Callable[[str], str]] = {}


# An export repeats its versions: the sync of 3,119 records has 188,000 of them, and takes 0.70 s of CPU, not 1.05.
@lru_cache(maxsize=2048)
def sort_key(ecosystem: str, version: str) -> str | None:
    """Return a text that compares as the version does among all of its ecosystem; None when it is not a version there.

    >>> sort_key("PyPI", "1.10") > sort_key("PyPI", "1.9"), sort_key("npm", "latest"), sort_key("PyPI", ">=1.0")
    (True, None, None)
    """
    if not version or len(version) > _MOST_CHARACTERS or not version.isprintable() or not version.strip():
        return None
    try:
        return _scheme(ecosystem)(version)
    except ValueError:
        return None


def is_outside_ranges(ecosystem: str, key: str) -> bool:
    """Tell whether a version has a place in the order only by custom: PyPI's old forms are below all of PEP 440.

    >>> is_outside_ranges("PyPI", str(sort_key("PyPI", "banana"))), is_outside_ranges("npm", str(sort_key("npm", "1")))
    (True, False)
    """
    return ecosystem == "PyPI" and key.startswith("!")


def _scheme(ecosystem: str) -> Callable[[str], str]:
    scheme = _schemes.get(ecosystem)
    if scheme is None:
        if ecosystem not in _SCHEMES:
            raise ValueError(f"no version scheme for {ecosystem}")
        scheme = _schemes[ecosystem] = _SCHEMES[ecosystem]()
    return scheme


def _pep440() -> Callable[[str], str]:
    from boombap.deps.versions.pep440 import key

    return key


def _semver() -> Callable[[str], str]:
    from boombap.deps.versions.semver import key

    return key


def _go() -> Callable[[str], str]:
    from boombap.deps.versions.semver import go_key

    return go_key


def _rubygems() -> Callable[[str], str]:
    from boombap.deps.versions.rubygems import key

    return key


def _packagist() -> Callable[[str], str]:
    from boombap.deps.versions.packagist import key

    return key


def _maven() -> Callable[[str], str]:
    from boombap.deps.versions.maven import key

    return key


_SCHEMES = {
    "PyPI": _pep440,
    "npm": _semver,
    "crates.io": _semver,
    "Go": _go,
    "RubyGems": _rubygems,
    "Packagist": _packagist,
    "Maven": _maven,
}
