"""The requirements that a script holds in a comment block of its own (PEP 723)."""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.pypi.requirements import add_requirement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector

MARK = re.compile(rb"^# /// script[ \t]*\r?$", re.MULTILINE)
_BEGIN = re.compile(r"^# /// script[ \t]*+\n", re.MULTILINE)
# Source: PEP 723: comment lines up to the last "# ///" of the run.
_CONTENT = re.compile(r"((?:#(?: [^\n]*+)?\n)+)# ///[ \t]*(?:\n|\Z)")


def read(document: str, collector: ManifestCollector) -> None:
    """Read the requirements into the collector.

    Raises:
        Malformed: when the block has no end or is not valid TOML.
    """
    begins = [match.end() for match in _BEGIN.finditer(document)]
    block = _CONTENT.match(document, begins[0]) if len(begins) == 1 else None
    if block is None:
        raise safe_text.Malformed("has a script block without an end, or more than one")
    first = document.count("\n", 0, block.start()) + 1
    content = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in block[1].splitlines())
    listed = safe_text.from_toml(content).get("dependencies", [])
    if not isinstance(listed, list):
        raise safe_text.Malformed("has dependencies that are not a list", first)
    for text in listed:
        add_requirement(collector, str(text), _line(content, str(text), first))


def _line(content: str, text: str, first: int) -> int:
    at = content.find(text)
    return first + content.count("\n", 0, at) if at >= 0 else first
