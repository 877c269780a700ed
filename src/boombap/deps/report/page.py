"""The report as Markdown for a comment, and as one HTML page that needs nothing else; names from outside stay text."""

from __future__ import annotations

import re
from html import escape

from boombap.deps.report.phrases import answer, database, remedy, severity, unapplied_vex
from boombap.output.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.model import Report

_HEAD = ("severity", "package", "version", "id", "what to do", "place", "status", "summary")
_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>@&:/])")
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left;"
    "vertical-align:top}.blocks td:first-child{color:#a00;font-weight:600}"
)


def markdown_lines(report: Report) -> Iterator[str]:
    """Yield the report as GitHub's Markdown."""
    yield "## Dependencies"
    yield ""
    yield mark(answer(report))
    yield ""
    rows = _rows(report)
    if rows:
        yield f"| {' | '.join(_HEAD)} |"
        yield "|---" * len(_HEAD) + "|"
        yield from (f"| {' | '.join(map(mark, cells))} |" for _, cells in rows)
        yield ""
    for text in _notes(report):
        yield f"- {mark(text)}"


def html_lines(report: Report) -> Iterator[str]:
    """Yield the report as a page without scripts."""
    yield from html_head("Dependencies")
    yield from html_body(report)
    yield "</body></html>"


def html_head(title: str) -> Iterator[str]:
    """Yield the beginning of a page, to where its body begins."""
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escaped(title)}</title>'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<style>{_STYLE}</style></head><body>"


def html_body(report: Report) -> Iterator[str]:
    """Yield the answer, the findings and the notes, without head and end of a page."""
    yield "<h1>Dependencies</h1>"
    yield f"<p><strong>{escaped(answer(report))}</strong></p>"
    rows = _rows(report)
    if rows:
        yield f"<table><tr>{''.join(f'<th>{name}</th>' for name in _HEAD)}</tr>"
        for status, cells in rows:
            yield f'<tr class="{status}">{"".join(f"<td>{escaped(cell)}</td>" for cell in cells)}</tr>'
        yield "</table>"
    yield "<ul>"
    for text in _notes(report):
        yield f"<li>{escaped(text)}</li>"
    yield f"</ul><p>{escaped(report.made_at)}, boombap {escaped(report.version)}</p>"


def _rows(report: Report) -> list[tuple[str, tuple[str, ...]]]:
    rows: list[tuple[str, tuple[str, ...]]] = []
    for finding, status, reason in report.by_status:
        one = finding.dependency
        place = f"{one.file}:{one.line}" if one.line else one.file
        ids = ", ".join(finding.ids[:3])
        place += f"; {finding.usage.phrase}" if finding.usage else ""
        said = f"{status}: {reason}" if status == "waived" else status
        cells = (severity(finding), one.name, one.version, ids, remedy(finding), place, said, finding.summary)
        rows.append((status, cells))
    return rows


def _notes(report: Report) -> Iterator[str]:
    coverage = report.audit.coverage
    for gap in report.verdict.gaps:
        yield f"gap: {gap.summary}"
    for one in coverage.skipped:
        yield f"not audited: {one.what} ({one.file}): {one.reason}"
    for one in coverage.unassessable:
        yield f"not assessable: {one.what}: {one.reason}"
    for item in report.audit.excluded:
        yield f"excluded: {item.file}: {item.reason}"
    yield from map(unapplied_vex, report.verdict.unapplied_vex)
    for lint in report.audit.lints:
        yield f"{lint.file}: {lint.summary}"
    for source in coverage.sources:
        yield f"database of {database(source)}"


def mark(text: str) -> str:
    """Return a text from outside as text of Markdown."""
    # "#" would link an issue, "|" end a cell: each gets a backslash. HTML gets entities, and "@", which calls people
    # even after a backslash, a character of no width behind it.
    kept = _MARKS.sub(r"\\\1", printable(text))
    for sign, other in (("<", "&lt;"), (">", "&gt;"), ("&", "&amp;"), ("@", "@\u200b")):
        kept = kept.replace(f"\\{sign}", other)
    return kept


def escaped(text: str) -> str:
    """Return a text from outside as text of HTML."""
    return escape(printable(text))
