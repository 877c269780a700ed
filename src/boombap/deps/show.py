"""Reports to stdout or a file, in the form that was asked for; each form is imported when it is."""

from __future__ import annotations

import json
from importlib import import_module

from boombap.errors import OutsideError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from boombap.deps.model import Report
    from boombap.output.terminal import Terminal

_LINES = {
    "json": ("document", "json_lines"),
    "junit": ("junit", "junit_lines"),
    "markdown": ("page", "markdown_lines"),
    "html": ("page", "html_lines"),
    "annotations": ("annotations", "annotation_lines"),
}
_OBJECTS = {"sarif": ("sarif", "sarif_object"), "cyclonedx": ("cyclonedx", "cyclonedx_object")}


def lines(report: Report, form: str, terminal: Terminal) -> Iterator[str]:
    """Return a report line by line, in one of the forms of `deps.options` or as ``annotations``."""
    if form == "table":
        from boombap.deps.report import table

        yield from table.lines(report, terminal)
    elif form in _OBJECTS:
        module, name = _OBJECTS[form]
        yield json.dumps(getattr(import_module(f"boombap.deps.report.{module}"), name)(report), ensure_ascii=False)
    else:
        module, name = _LINES[form]
        yield from getattr(import_module(f"boombap.deps.report.{module}"), name)(report)


def compliance_lines(report: Report, catalogue: str, form: str) -> Iterator[str]:
    """Return the evidence for a catalogue's controls, as text or beside the report in JSON."""
    from boombap.deps.report import compliance, document
    from boombap.output.encode import plain

    if form == "json":
        found = [plain(one) for one in compliance.controls(report, catalogue)]
        yield from document.json_lines(report, {"catalogue": catalogue, "controls": found})
    else:
        yield from compliance.lines(report, catalogue)


def write(texts: Iterable[str], terminal: Terminal, file: Path | None) -> None:
    """Write lines to stdout, or to a file that is whole or not there.

    Raises:
        OutsideError: when they cannot be written.
    """
    if file is None:
        # One write: 950 calls of it take 3 ms.
        terminal.write("\n".join(texts))
        return
    beside = file.with_name(file.name + ".new")
    try:
        beside.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutsideError(f"cannot write {file}: {error.strerror}", hint="check --output") from None
