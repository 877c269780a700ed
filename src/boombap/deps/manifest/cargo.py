"""Cargo.lock: every crate; those that a member of the workspace names are direct."""

from __future__ import annotations

from boombap.deps.manifest import blocks
from boombap.deps.manifest.sheet import FROM_GIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.sheet import Sheet

# Cargo writes the same words for everybody, whichever mirror it asks.
_PUBLIC = ("crates.io-index", "index.crates.io")


def read(document: str, sheet: Sheet) -> None:
    """Read the crates into the sheet; those without a source are the workspace's own.

    Git and private registries have crates of the same names with other code, so they are not held against advisories
    about crates.io; cargo-audit does likewise.
    """
    found = blocks.read(document)
    direct = {name.split(" ")[0] for block in found if "source" not in block.keys for name in block.dependencies}
    for block in found:
        origin = str(block.keys.get("source", ""))
        if not origin:
            continue
        if origin.startswith("git+"):
            sheet.skip(f"{block.name} {block.version}", FROM_GIT, line=block.line, pin="depend on a release of it")
        elif any(place in origin for place in _PUBLIC):
            sheet.add(block.name, block.version, line=block.line, is_direct=block.name in direct)
        else:
            sheet.skip(f"{block.name} {block.version}", "comes from another registry than crates.io", line=block.line)
