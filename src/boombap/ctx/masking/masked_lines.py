"""Which lines of a file were masked, as the index keeps them: a file that has not changed is not masked again.

A text has a line for each: its number, counted from 0, and what it is masked.

>>> kept = joined(["import os", "password = 'kalamari'", ""], ["import os", "password = '***'", ""])
>>> kept, applied(["import os", "password = 'kalamari'", ""], kept)
("1 password = '***'", ('import os', "password = '***'", ''))
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_LINE = 5_000
"""Longer lines are cut before they are indexed; in such a line nothing is kept beside the name of a secret."""

# A file of secrets and nothing else would be in the index twice.
_LARGEST = 8_000


def joined(lines: Sequence[str], masked: Sequence[str]) -> str | None:
    """Return which lines were masked, None where they are too many to keep."""
    pairs = enumerate(zip(lines, masked, strict=True))
    changed = (f"{number} {after}" for number, (before, after) in pairs if before != after)
    kept = "\n".join(changed)
    return kept if len(kept) <= _LARGEST else None


def applied(lines: Sequence[str], kept: str) -> tuple[str, ...]:
    """Return lines with those replaced that were masked."""
    applied_lines = list(lines)
    for line in filter(None, kept.split("\n")):
        number, _, masked = line.partition(" ")
        applied_lines[int(number)] = masked
    return tuple(applied_lines)
