"""How each ecosystem compares package names."""

from __future__ import annotations

import re

_PYPI_RUNS = re.compile(r"[-_.]+")


def normalise(ecosystem: str, name: str) -> str:
    """Return the name in the form in which two spellings of one package are equal.

    PyPI by PEP 503, Packagist in lower case. Go, crates.io, npm, RubyGems and Maven tell case and separators apart
    (npm has refused capitals since 2014, but ``JSONStream`` and ``jsonstream`` are two packages).

    >>> normalise("PyPI", "Zope.Interface"), normalise("crates.io", "serde_json")
    ('zope-interface', 'serde_json')
    """
    if ecosystem == "PyPI":
        return _PYPI_RUNS.sub("-", name.strip()).lower()
    if ecosystem == "Packagist":
        return name.strip().lower()
    return name.strip()
