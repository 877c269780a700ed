"""Answers to stdout in the form that was asked for: text for a person, JSON or CSV for a machine."""

from __future__ import annotations

from boombap.db import encode, report
from boombap.output.encode import to_csv, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from boombap.db.fleet import Answer
    from boombap.db.model import Diagnosis
    from boombap.output.terminal import Terminal

    Form = Literal["text", "json", "csv", "html"]


def diagnosis(found: Diagnosis, form: Form, terminal: Terminal, *, most: int, has_columns: bool) -> None:
    """Show one database; `most` unanalyzed tracks, and the columns of the tables when `has_columns`."""
    if form == "json":
        terminal.write(to_json(encode.diagnosis_object(found)))
        return
    if form == "csv":
        csv([found], terminal)
        return
    if form == "html":
        page([found], terminal)
        return
    lines(report.lines(found, terminal, most=most), terminal)
    if has_columns and isinstance(found.tables, tuple):
        lines(report.column_lines(found.tables), terminal)


def fleet(answers: Sequence[Answer], form: Form, terminal: Terminal) -> None:
    """Show many databases."""
    if form == "json":
        terminal.write(to_json(encode.fleet_object(answers)))
    elif form == "csv":
        csv(answers, terminal)
    elif form == "html":
        page(answers, terminal)
    else:
        lines(report.fleet_lines(answers, terminal), terminal)


def csv(answers: Iterable[Answer], terminal: Terminal) -> None:
    """Show one line a number."""
    terminal.write(to_csv(encode.CSV_HEAD, (row for one in answers for row in encode.csv_rows(one))))


def page(answers: Sequence[Answer], terminal: Terminal) -> None:
    """Show one page for all databases."""
    from boombap.db.page import lines as page_lines

    lines(page_lines(answers), terminal)


def lines(view: Iterable[str], terminal: Terminal) -> None:
    """Show a view line by line."""
    for line in view:
        terminal.write(line)
