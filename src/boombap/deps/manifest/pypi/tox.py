"""tox.ini: the requirements that its environments name, which are all for development."""

from __future__ import annotations

import re

from boombap.deps.manifest.pypi.requirements import add_requirement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.manifest.collector import ManifestCollector

_DEPS = re.compile(r"(?:deps|requires)[ \t]*=(.*)$")
_FACTOR = re.compile(r"[\w{},.!-]+:[ \t]+")
_REQUIREMENTS = re.compile(r"(?:-r|-c|--requirement|--constraint)[ =]?(?:\{toxinidir\}/)?.*requirements[^/]*\.txt$")


def read(document: str, collector: ManifestCollector) -> None:
    """Read the requirements into the collector."""
    collector.scope = "dev"
    for line, entry in _entries(document):
        text = _FACTOR.sub("", entry, count=1).strip()
        # Another section's list is read there; a requirements file is found by its name.
        if not text or text.startswith("{[") or _REQUIREMENTS.match(text):
            continue
        if text.startswith("-"):
            collector.skip(text, "leads to another file or folder", line=line, pin="audit that file too")
        else:
            add_requirement(collector, text, line)


def _entries(document: str) -> Iterator[tuple[int, str]]:
    is_inside = False
    for number, line in enumerate(document.split("\n"), start=1):
        text = line.partition(" #")[0].strip()
        if not text or text.startswith(("#", ";")):
            continue
        if line[0].isspace():
            if is_inside:
                yield number, text
            continue
        match = _DEPS.match(line)
        is_inside = match is not None
        if match and match[1].strip():
            yield number, match[1].partition(" #")[0].strip()
