"""Folders that only their owner can enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.private import make_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_every_new_level_is_closed_and_what_exists_stays(tmp_path: Path) -> None:
    (there := tmp_path / "there").mkdir(mode=0o755)
    there.chmod(0o755)
    make_folder(there / "new" / "newer")
    make_folder(there / "new" / "newer")
    assert [oct(folder.stat().st_mode & 0o777) for folder in (there, there / "new", there / "new" / "newer")] == [
        "0o755",
        "0o700",
        "0o700",
    ]
