"""Small projects for the tests of the files of `deps`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.deps.manifest.collector import ManifestCollector
from boombap.deps.manifest.read import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boombap.deps.model import Reading


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def reading(root: Path, files: dict[str, str | bytes], **options: bool) -> Reading:
    """Read a project that is written into a folder; names in the answer begin with the folder."""
    return read([str(write(root, files))], **options)  # type: ignore[arg-type]


def collector(
    reader: Callable[[str, ManifestCollector], None], document: str, *, ecosystem: str = "npm"
) -> ManifestCollector:
    found = ManifestCollector("file", ecosystem)
    reader(document, found)
    return found


def pins(found: ManifestCollector | Reading) -> list[tuple[str, str, int]]:
    return [(one.name, one.version, one.line) for one in found.dependencies]


def gaps(found: ManifestCollector | Reading) -> list[tuple[str, str, int]]:
    return [(one.what, one.reason, one.line) for one in found.skipped]
