"""Frozen values to JSON and CSV, for machines; the same order of keys every time."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CSV_END = "\r\n"


def to_json(value: object) -> str:
    """Return indented JSON, non-ASCII kept; dates as ISO 8601, records and dataclasses as objects.

    Raises:
        TypeError: for a value that has no plain form, secrets among them.
    """
    import json

    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def to_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return CSV (RFC 4180) with a header line; None is empty, booleans and dates are written as in JSON.

    A text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    return "\n".join(_csv_lines([head, *rows]))


def to_csv_rows(rows: Iterable[Sequence[object]]) -> str:
    """Return further lines of CSV, as `to_csv` writes them, for an answer that is written in pieces."""
    return "\n".join(_csv_lines(rows))


def _csv_lines(rows: Iterable[Sequence[object]]) -> list[str]:
    import csv

    lines = _Lines()
    # The writer quotes a cell with a carriage return only when that is part of its line end.
    writer = csv.writer(lines, lineterminator=_CSV_END)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return lines.texts


class _Lines:
    """What csv writes into: it calls `write` once per row."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def write(self, line: str) -> None:
        self.texts.append(line.removesuffix(_CSV_END))


def _harmless(cell: object) -> object:
    if isinstance(cell, bool):
        return str(cell).lower()
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    is_formula = isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{cell}" if is_formula else cell


def plain(value: object) -> Mapping[str, object]:
    """Return a record or dataclass as a mapping, one level deep; inner values are encoded when they are reached."""
    names: tuple[str, ...] = getattr(type(value), "__match_args__")  # noqa: B009 - mypy knows no common type
    return {name: getattr(value, name) for name in names}


def _plain(value: object) -> object:
    if getattr(type(value), "__match_args__", ()):
        return plain(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    for way in ("isoformat", "__float__", "__fspath__"):
        if hasattr(value, way):
            return getattr(value, way)()
    raise TypeError(f"{type(value).__name__} has no JSON form")
