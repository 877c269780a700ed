"""Reports in the form that was asked for; each form is imported when it is."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boombap.deps.model import Report
    from boombap.deps.report.vex_statements import Stated
    from boombap.output.terminal import Terminal


def lines(report: Report, form: str, terminal: Terminal) -> Iterator[str]:
    """Return a report line by line, in one of the forms of `deps.options` or as ``annotations``."""
    if form == "table":
        from boombap.deps.report import table

        return table.lines(report, terminal)
    return _FORMS[form](report)


def vex_lines(report: Report, form: str, stated: Sequence[Stated], author: str) -> Iterator[str]:
    """Return statements as a VEX document, ``openvex`` or ``cyclonedx``."""
    from boombap.deps.report.cyclonedx_vex import cyclonedx_vex_object
    from boombap.deps.report.openvex import openvex_object

    write = openvex_object if form == "openvex" else cyclonedx_vex_object
    yield json.dumps(write(report, stated, author), ensure_ascii=False, indent=2)


def compliance_lines(report: Report, catalogue: str, form: str) -> Iterator[str]:
    """Return the evidence for a catalogue's controls: as text, as a page, or beside the report in JSON."""
    from boombap.deps.report import compliance, compliance_page, document
    from boombap.output.encode import plain

    if form == "json":
        found = [plain(one) for one in compliance.controls(report, catalogue)]
        yield from document.json_lines(report, {"catalogue": catalogue, "controls": found})
    elif form == "markdown":
        yield from compliance_page.evidence_markdown(report, catalogue)
    elif form == "html":
        yield from compliance_page.evidence_html(report, catalogue)
    else:
        yield from compliance.lines(report, catalogue)


def _json(report: Report) -> Iterator[str]:
    from boombap.deps.report.document import json_lines

    return json_lines(report)


def _junit(report: Report) -> Iterator[str]:
    from boombap.deps.report.junit import junit_lines

    return junit_lines(report)


def _markdown(report: Report) -> Iterator[str]:
    from boombap.deps.report.page import markdown_lines

    return markdown_lines(report)


def _html(report: Report) -> Iterator[str]:
    from boombap.deps.report.page import html_lines

    return html_lines(report)


def _annotations(report: Report) -> Iterator[str]:
    from boombap.deps.report.annotations import annotation_lines

    return annotation_lines(report)


def _sarif(report: Report) -> Iterator[str]:
    from boombap.deps.report.sarif import sarif_object

    yield json.dumps(sarif_object(report), ensure_ascii=False)


def _cyclonedx(report: Report) -> Iterator[str]:
    from boombap.deps.report.cyclonedx import cyclonedx_object

    yield json.dumps(cyclonedx_object(report), ensure_ascii=False)


_FORMS: dict[str, Callable[[Report], Iterator[str]]] = {
    "json": _json,
    "junit": _junit,
    "markdown": _markdown,
    "html": _html,
    "annotations": _annotations,
    "sarif": _sarif,
    "cyclonedx": _cyclonedx,
}
