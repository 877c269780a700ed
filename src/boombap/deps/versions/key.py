"""The sort key of a version in its ecosystem; each scheme is imported when the first version needs it."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LOWEST = ""
"""Below every version: what OSV writes as ``introduced: 0``."""

_SCHEMES = {
    "PyPI": ("pep440", "key"),
    "npm": ("semver", "key"),
    "crates.io": ("semver", "key"),
    "Go": ("semver", "go_key"),
    "RubyGems": ("rubygems", "key"),
    "Packagist": ("packagist", "key"),
    "Maven": ("maven", "key"),
}
_MOST_CHARACTERS = 256
_schemes: dict[str, Callable[[str], str]] = {}


def sort_key(ecosystem: str, version: str) -> str | None:
    """Give a text that compares as the version does among all of its ecosystem; None when it is no version there.

    >>> sort_key("PyPI", "1.10") > sort_key("PyPI", "1.9"), sort_key("npm", "latest")
    (True, None)
    """
    if not version or len(version) > _MOST_CHARACTERS or not version.isprintable() or not version.strip():
        return None
    try:
        return _scheme(ecosystem)(version)
    except ValueError:
        return None


def _scheme(ecosystem: str) -> Callable[[str], str]:
    if ecosystem not in _schemes:
        if ecosystem not in _SCHEMES:
            raise ValueError(f"no version scheme for {ecosystem}")
        module, name = _SCHEMES[ecosystem]
        _schemes[ecosystem] = getattr(import_module(f"boombap.deps.versions.{module}"), name)
    return _schemes[ecosystem]
