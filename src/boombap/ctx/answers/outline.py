"""What one file defines: lines, kind, signature and nesting of each definition, as the file is now."""

from __future__ import annotations

import re

from boombap.ctx.answers.filter import check_indexed
from boombap.ctx.model import Skipped
from boombap.ctx.repository import texts
from boombap.errors import NotFound
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.model import Definition

# ``require("./pool")`` binds a name that another file defines, as an import statement does. For the ranking it stays a
# definition: without it the development set loses .004.
_IMPORTED = r"[^=]*=\s*(?:await\s+)?(?:__import\w+\()?(?:require|import)\s*\("


class OutlineEntry(Record):
    """A definition of a file.

    Attributes:
        name: as it is written.
        kind: function, method, class, type, constant, section and so on.
        start_line: counted from 1; its doc comment and decorators belong to it.
        end_line: its last line.
        depth: how many definitions are around it.
        scope: their names, outermost first, joined by dots; empty at the top.
        signature: its head on one line, secrets masked.
    """

    name: str
    kind: str
    start_line: int
    end_line: int
    depth: int
    scope: str
    signature: str


class Outline(Record):
    """The definitions of a file.

    Attributes:
        path: relative to the root.
        language: as after ``--lang``.
        lines: how many the file has.
        parsed: ``grammar``, or ``lines`` where line rules read it: then a signature may lack a part.
        definitions: in the order of their lines, outer before inner.
    """

    path: str
    language: str
    lines: int
    parsed: str
    definitions: tuple[OutlineEntry, ...]


def outline(index: Index, path: str) -> Outline:
    """Return what a file defines.

    Args:
        index: of the tree.
        path: of the file, relative to the root.

    Raises:
        NotFound: for a file that is not indexed or cannot be read, with the reason.
    """
    check_indexed(index, path)
    (language,) = index.database.execute("SELECT language FROM files WHERE path = ?", (path,)).fetchone()
    read = read_outline(index.root, path, language)
    if isinstance(read, Skipped):
        raise NotFound(f"{path} cannot be read: {read.reason}")
    return read


def read_outline(root: str, path: str, language: str) -> Outline | Skipped:
    """Return what a file defines, or why it cannot be read.

    Args:
        root: the top of the tree.
        path: of the file, relative to it.
        language: of the file.
    """
    from boombap.ctx.structure.read import structure  # the grammars and their 40 ms are behind this

    text = texts.read(root, path)
    if isinstance(text, Skipped):
        return text
    read = structure(language, text.lines)
    return Outline(path, language, text.count, read.parsed, _entries(read.definitions, text.lines))


def _entries(definitions: Sequence[Definition], lines: Sequence[str]) -> tuple[OutlineEntry, ...]:
    from boombap.ctx.structure.signature import signature

    entries: list[OutlineEntry] = []
    around: list[Definition] = []
    shown = ((definition, signature(definition, lines)) for definition in sorted(definitions, key=_place))
    for definition, text in shown:
        if definition.kind == "constant" and re.search(rf"(?<![\w$]){re.escape(definition.name)}{_IMPORTED}", text):
            continue
        while around and definition.end > around[-1].end:
            around.pop()
        entries.append(
            OutlineEntry(
                definition.name,
                definition.kind,
                definition.start,
                definition.end,
                len(around),
                ".".join(outer.name for outer in around),
                text,
            )
        )
        around.append(definition)
    return tuple(entries)


def _place(definition: Definition) -> tuple[int, int]:
    return definition.start, -definition.end
