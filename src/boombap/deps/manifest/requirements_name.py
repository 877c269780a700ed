"""Whether a name says that a file is a requirements file, as people call theirs."""

from __future__ import annotations

import re

# Names in which a word for requirements stands by itself, whatever is around it.
_NAME = re.compile(
    r"(?:.*[-_.])?(?:requirements?|reqs?|constraints?|deps|dependencies|(?:pip|test)[-_]?requires)(?:[-_.].*)?$",
    re.IGNORECASE,
)
_ENDINGS = (".txt", ".text", ".in", ".pip", ".lst", ".req", ".j2", ".tmpl", ".tpl")


def is_requirements(name: str, folder: str = "") -> bool:
    """Tell whether a file is a requirements file, or what pip-compile makes one of.

    Args:
        name: without folders.
        folder: the name of its folder; in one called ``requirements`` every text is one.

    >>> is_requirements("requirements-dev.txt"), is_requirements("reqs.TXT"), is_requirements("requests.txt")
    (True, True, False)
    >>> is_requirements("MANIFEST.in"), is_requirements("requirements"), is_requirements("base.in", "requirements")
    (False, True, True)
    """
    lower = name.lower()
    if "." not in lower:
        return lower.endswith("requirements")
    stem, dot, ending = lower.rpartition(".")
    if dot + ending not in _ENDINGS:
        return False
    is_text = ending in ("txt", "in")
    return (folder.lower() == "requirements" and is_text) or _NAME.match(stem) is not None
