"""pylock.toml (PEP 751): every package; the file does not say who asks for which."""

from __future__ import annotations

from boombap.deps.manifest import blocks
from boombap.deps.manifest.sheet import FROM_GIT, FROM_URL, LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.sheet import Sheet

_ORIGINS = {"vcs": FROM_GIT, "directory": LOCAL, "archive": FROM_URL}


def read(document: str, sheet: Sheet) -> None:
    """Read the packages into the sheet."""
    for block in blocks.read(document, "packages"):
        reason = next((why for key, why in _ORIGINS.items() if key in block.keys), "")
        if reason and not (reason == FROM_URL and block.version):
            sheet.skip(f"{block.name} {block.version}".strip(), reason, line=block.line)
        else:
            sheet.add(block.name, block.version, line=block.line, marker=block.marker)
