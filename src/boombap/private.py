"""Folders that only their owner can enter."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents, all 0700; existing ones keep their mode.

    `Path.mkdir` applies its mode to the last folder only; the parents get the umask's.

    Raises:
        OSError: when one cannot be created.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
