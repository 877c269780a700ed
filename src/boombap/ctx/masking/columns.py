"""Masks the values in those columns that the head of a table names as secrets: CSV, Markdown, ``INSERT``, ``COPY``."""

from __future__ import annotations

import re

from boombap.ctx.masking.form import PROSE
from boombap.ctx.masking.names import STRONG, strength
from boombap.ctx.masking.shapes import MASK
from boombap.ctx.masking.values import is_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Span = tuple[int, int]
    Columns = dict[int, str]
    """The number of a column, counted from 0, and its name."""

_INSERT = re.compile(
    r"\binsert\s{1,9}(?:or\s{1,9}\w{1,10}\s{1,9}|ignore\s{1,9})?into\s{1,9}[\w.\"`\[\]]{1,200}\s{0,9}"
    r"\(([^()]{1,4000})\)\s{0,9}values\s{0,9}(?=\()",
    re.IGNORECASE,
)
_PIECE = re.compile(r"'(?:[^'\\]|\\.|'')*'|[^'(),]+|[(),]", re.DOTALL)
_LITERAL = re.compile(r"'((?:[^'\\]|\\.|'')*)'", re.DOTALL)
_NEXT_ROW = re.compile(r"\s{0,99},\s{0,99}(?=\()")
_COPY = re.compile(r"COPY [\w.\"]{1,200} \(([^()]{1,4000})\) FROM stdin\b", re.IGNORECASE)
_END_OF_COPY = "\\."
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}[-:| \t]*$")
_NAME = re.compile(r"[^\W\d][\w.-]{0,60}$")
_DELIMITERS = ",;\t"
_MOST_COLUMNS = 200


def mask_columns(text: str, form: str) -> str:
    r"""Return a text with the values in columns of secrets replaced; the number of lines stays.

    >>> mask_columns("user,password\ndj,kalamari\n", "prose")
    'user,password\ndj,***\n'
    """
    # `in` runs at memory speed: most files have none of these words.
    if ("into" in text or "INTO" in text) and ("nsert" in text or "INSERT" in text):
        text = _mask_inserts(text)
    has_copies = "COPY " in text or "copy " in text
    if form != PROSE and not has_copies:
        return text
    lines = text.split("\n")
    if form == PROSE:
        _mask_separated(lines)
        _mask_markdown(lines)
    if has_copies:
        _mask_copies(lines)
    return "\n".join(lines)


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip(" \t\r\n\"'`[]*") for cell in cells]


def _secret_columns(names: Sequence[str]) -> Columns:
    return {number: name for number, name in enumerate(names) if strength(name)} if len(names) > 1 else {}


def _is_secret(value: str, name: str) -> bool:
    """Tell whether a cell is a secret: the tokens of a text, in a column of that name, are none without a digit."""
    if strength(name) != STRONG and not (any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
        return False
    return is_secret(value, name, is_quoted=True, is_code=False)


def _mask_separated(lines: list[str]) -> None:
    """Mask below a first line that consists of names: CSV."""
    for delimiter in _DELIMITERS:
        names = _names(lines[0].split(delimiter, _MOST_COLUMNS))
        if len(names) > 1 and all(map(_NAME.match, names)):
            columns = _secret_columns(names)
            lines[1:] = [_mask_row(line, len(names), columns, delimiter) for line in lines[1:]]


def _mask_copies(lines: list[str]) -> None:
    """Mask the rows of a dump of PostgreSQL."""
    count = 0
    columns: Columns = {}
    for number, line in enumerate(lines):
        if copied := _COPY.match(line):
            names = _names(copied[1].split(","))
            count, columns = len(names), _secret_columns(names)
        elif line == _END_OF_COPY:
            columns = {}
        elif columns:
            lines[number] = _mask_row(line, count, columns, "\t")


def _mask_row(line: str, count: int, columns: Columns, delimiter: str) -> str:
    """Return a row without its secrets, when it has as many cells as its head."""
    spans = list(_cells(line, delimiter)) if columns else []
    return _masked(line, list(_secret_cells(line, spans, columns))) if len(spans) == count else line


def _cells(line: str, delimiter: str) -> Iterator[Span]:
    """Yield the cells of a row, without the quotes around them."""
    start, is_quoted = 0, False
    for index, letter in enumerate(line + delimiter):
        is_end = letter == delimiter and (not is_quoted or index == len(line))
        is_quoted ^= letter == '"'
        if is_end:
            is_wrapped = index - start > 1 and line[start] == line[index - 1] == '"'
            yield (start + 1, index - 1) if is_wrapped else (start, index)
            start = index + 1


def _secret_cells(line: str, spans: Sequence[Span], columns: Columns) -> Iterator[Span]:
    for column, name in columns.items():
        start, stop = spans[column]
        if _is_secret(line[start:stop], name):
            yield start, stop


def _masked(text: str, spans: Sequence[Span]) -> str:
    """Return a text with spans, in their order, replaced; their line ends stay."""
    parts: list[str] = []
    done = 0
    for start, stop in spans:
        parts += text[done:start], MASK, "\n" * text.count("\n", start, stop)
        done = stop
    return "".join(parts) + text[done:]


def _mask_markdown(lines: list[str]) -> None:
    """Mask one word with a digit in a cell: others are what people write about secrets."""
    number = 1
    while number < len(lines):
        if "|" in lines[number - 1] and _RULE.match(lines[number]):
            columns = _secret_columns(_names(lines[number - 1].split("|", _MOST_COLUMNS)))
            number += 1
            while number < len(lines) and "|" in lines[number]:
                lines[number] = _mask_markdown_row(lines[number], columns)
                number += 1
        number += 1


def _mask_markdown_row(line: str, columns: Columns) -> str:
    cells = line.split("|")
    for column, name in columns.items():
        word = cells[column].strip(" \t`*") if column < len(cells) else ""
        if " " not in word and any(map(str.isdigit, word)) and _is_secret(word, name):
            cells[column] = cells[column].replace(word, MASK)
    return "|".join(cells)


def _mask_inserts(text: str) -> str:
    """Mask the literals of SQL's ``INSERT INTO users (name, password) VALUES ('dj', 'x'), ...``."""
    spans: list[Span] = []
    insert = _INSERT.search(text)
    while insert:
        columns, index = _secret_columns(_names(insert[1].split(","))), insert.end()
        cells, index = _row(text, index)
        while cells:
            spans += _literals(text, cells, columns)
            following = _NEXT_ROW.match(text, index)
            cells, index = _row(text, following.end()) if following else ([], index)
        insert = _INSERT.search(text, index)
    return _masked(text, spans)


def _row(text: str, index: int) -> tuple[list[Span], int]:
    """Return the cells of a row in brackets and where it ends; no cells when it has no end."""
    cells, start, depth = [], index + 1, 0
    while piece := _PIECE.match(text, index):
        index = piece.end()
        depth += (piece[0] == "(") - (piece[0] == ")")
        if (piece[0] == "," and depth == 1) or not depth:
            cells.append((start, piece.start()))
            start = index
        if not depth:
            return cells, index
    return [], index


def _literals(text: str, cells: Sequence[Span], columns: Columns) -> Iterator[Span]:
    for column, name in columns.items():
        literal = _LITERAL.search(text, *cells[column]) if column < len(cells) else None
        if literal and _is_secret(literal[1], name):
            yield literal.span(1)
