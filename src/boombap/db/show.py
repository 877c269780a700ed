"""Answers to stdout in the form that was asked for: text for a person, JSON or CSV for a machine."""

from __future__ import annotations

import os
from contextlib import contextmanager

from boombap.db import encode, report
from boombap.errors import ExternalError
from boombap.output.encode import to_csv, to_json
from boombap.output.terminal import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Literal

    from boombap.db.fleet import Answer
    from boombap.db.model import Diagnosis

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


@contextmanager
def destination(file: Path | None, terminal: Terminal) -> Iterator[Terminal]:
    """Yield the terminal to write answers to: the one of the run, or a file that is whole or not there (0600).

    Raises:
        ExternalError: when the file cannot be written.
    """
    if file is None:
        yield terminal
        return
    place = file.resolve()
    draft = place.with_name(f"{place.name}.{os.getpid()}.new")
    try:
        if place.exists() and not place.is_file():
            raise ExternalError(f"cannot write {file}: it is no regular file", hint="check --output")
        # What an ended run left would keep its mode.
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            yield Terminal(out, quiet=terminal.quiet)
        draft.replace(place)
    except OSError as error:
        raise ExternalError(f"cannot write {file}: {error.strerror}", hint="check --output") from None
    finally:
        draft.unlink(missing_ok=True)


def lines(view: Iterable[str], terminal: Terminal) -> None:
    """Show a view line by line."""
    for line in view:
        terminal.write(line)
