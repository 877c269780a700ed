"""Metrics as runs leave them for the collector, the same in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FILES = 10


def fill(folder: Path, series: int) -> None:
    """Write files as runs leave them, with that many series of a gauge in all."""
    folder.mkdir(parents=True)
    for file in range(_FILES):
        numbers = range(file, series, _FILES)
        lines = [f'boombap_deps_advisories{{ecosystem="bench-{number}"}} {number}\n' for number in numbers]
        (folder / f"bench{file}.prom").write_text("".join(lines), encoding="utf-8")
