"""The evidence for a catalogue of controls as Markdown and as one HTML page, each with the report behind it."""

from __future__ import annotations

from boombap.deps.report.compliance import CAVEAT, controls, database_lines, title
from boombap.deps.report.page import escaped, html_body, html_head, mark, markdown_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.model import Report

_HEAD = ("control", "title", "standing", "evidence", "open")


def evidence_markdown(report: Report, catalogue: str) -> Iterator[str]:
    """Yield the evidence as GitHub's Markdown."""
    yield f"## {mark(title(report, catalogue))}"
    yield ""
    yield f"| {' | '.join(_HEAD)} |"
    yield "|---" * len(_HEAD) + "|"
    for cells in _rows(report, catalogue):
        yield f"| {' | '.join(map(mark, cells))} |"
    yield ""
    yield from (f"- {mark(text)}" for text in database_lines(report))
    yield ""
    yield CAVEAT
    yield ""
    yield from markdown_lines(report)


def evidence_html(report: Report, catalogue: str) -> Iterator[str]:
    """Yield the evidence as a page without scripts."""
    name = title(report, catalogue)
    yield from html_head(name)
    yield f"<h1>{escaped(name)}</h1>"
    yield f"<table><tr>{''.join(f'<th>{name}</th>' for name in _HEAD)}</tr>"
    for cells in _rows(report, catalogue):
        yield f"<tr>{''.join(f'<td>{escaped(cell)}</td>' for cell in cells)}</tr>"
    yield "</table><ul>"
    yield from (f"<li>{escaped(text)}</li>" for text in database_lines(report))
    yield f"</ul><p>{CAVEAT}</p>"
    yield from html_body(report)
    yield "</body></html>"


def _rows(report: Report, catalogue: str) -> list[tuple[str, ...]]:
    return [
        (control.id, control.title, control.standing, control.evidence, control.open)
        for control in controls(report, catalogue)
    ]
