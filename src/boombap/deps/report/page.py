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
    yield _mark(answer(report))
    yield ""
    rows = _rows(report)
    if rows:
        yield f"| {' | '.join(_HEAD)} |"
        yield "|---" * len(_HEAD) + "|"
        yield from (f"| {' | '.join(map(_mark, cells))} |" for _, cells in rows)
        yield ""
    for text in _notes(report):
        yield f"- {_mark(text)}"


def html_lines(report: Report) -> Iterator[str]:
    """Yield the report as a page without scripts."""
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Dependencies</title>'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<style>{_STYLE}</style></head><body><h1>Dependencies</h1>"
    yield f"<p><strong>{_html(answer(report))}</strong></p>"
    rows = _rows(report)
    if rows:
        yield f"<table><tr>{''.join(f'<th>{name}</th>' for name in _HEAD)}</tr>"
        for status, cells in rows:
            yield f'<tr class="{status}">{"".join(f"<td>{_html(cell)}</td>" for cell in cells)}</tr>'
        yield "</table>"
    yield "<ul>"
    for text in _notes(report):
        yield f"<li>{_html(text)}</li>"
    yield f"</ul><p>{_html(report.made_at)}, boombap {_html(report.version)}</p></body></html>"


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


def _mark(text: str) -> str:
    # "#" would link an issue, "|" end a cell: each gets a backslash. HTML gets entities, and "@", which calls people
    # even after a backslash, a character of no width behind it.
    kept = _MARKS.sub(r"\\\1", printable(text))
    for sign, other in (("<", "&lt;"), (">", "&gt;"), ("&", "&amp;"), ("@", "@\u200b")):
        kept = kept.replace(f"\\{sign}", other)
    return kept


def _html(text: str) -> str:
    return escape(printable(text))
