"""Reads a whole backup of `boombap redis`, as a test looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.redis.transfer.backup_contents import read_contents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boombap.redis.transfer.export_format import ExportedKey


def items_in(path: Path, *, newest_first: bool = False) -> Iterator[ExportedKey]:
    """Yield the items of a backup.

    Raises:
        ConfigError: when the file is not a backup, or is damaged; the line is named.
    """
    contents = read_contents(path)
    contents.check()
    yield from contents.items(newest_first=newest_first)
