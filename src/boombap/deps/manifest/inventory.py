"""The state of every file that could name dependencies: the one place that decides it."""

from __future__ import annotations

from boombap.deps.model import InventoryFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.deps.model import Reading, Skipped


def inventory(reading: Reading, noted: Iterable[InventoryFile]) -> tuple[InventoryFile, ...]:
    """Return every file once, in the order of names; of two states the weaker one counts: a gap before all.

    Args:
        reading: what the files say.
        noted: files that are not read because a rule or another file makes them superfluous.
    """
    noted = list(noted)
    states = {item.file: item for item in noted if item.state == "superseded"}
    # A file that is excluded may be read all the same, where another one includes it.
    states |= {item.file: item for item in noted if item.state == "excluded"}
    states |= {file: InventoryFile(file, "read") for file in reading.files}
    states |= {gap.file: InventoryFile(gap.file, "gap", _reason(gap)) for gap in reading.skipped if gap.is_failure}
    return tuple(states[file] for file in sorted(states))


def _reason(gap: Skipped) -> str:
    return gap.reason if gap.what == gap.file else f"{gap.what} {gap.reason}"
