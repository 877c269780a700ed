"""The verdicts of many projects: a table with the worst first, and one object for JSON."""

from __future__ import annotations

from boombap.output import table
from boombap.output.encode import plain, to_json
from boombap.output.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.deps.projects.model import Checked
    from boombap.output.terminal import Terminal


_ORDER = ("failed", "unknown", "fail", "pass")


def lines(rows: Sequence[Checked], terminal: Terminal) -> Iterator[str]:
    """Yield the table, the worst first, and one sentence about all."""
    worst_first = sorted(rows, key=lambda row: (_ORDER.index(row.verdict), -row.blocking, -row.findings))
    cells = [
        (
            printable(row.name),
            row.verdict,
            row.findings,
            row.blocking,
            row.gaps,
            f"{row.took_ms:.0f}",
            printable(row.reason),
        )
        for row in worst_first
    ]
    yield from table.lines(
        ("project", "verdict", "findings", "blocking", "gaps", "ms", "first reason"), cells, indent=""
    )
    passed = sum(row.verdict == "pass" for row in rows)
    yield terminal.style(f"{passed:,} of {len(rows):,} projects pass", "green" if passed == len(rows) else "red")


def _cells(row: Checked) -> tuple[str | int, ...]:
    counts = (row.findings, row.blocking, row.gaps, f"{row.took_ms:.0f}")
    return (printable(row.name), row.verdict, *counts, printable(row.reason))


def to_text(rows: Sequence[Checked]) -> str:
    """Return the rows as JSON, in the order of the file."""
    objects: list[Mapping[str, object]] = [plain(row) for row in rows]
    return to_json({"schema": "boombap.deps.projects/1", "projects": objects})
