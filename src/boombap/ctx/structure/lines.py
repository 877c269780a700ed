"""Definitions and imports by line rules, for a language without a grammar and a file that does not parse."""

from __future__ import annotations

import re

from boombap.ctx.model import Definition, Structure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Mark = tuple[int, int, str, str]
    """Line, depth (columns of indentation or level of the heading), name and kind."""

_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\([^)]*\))?"
    r"|open|override|sealed|data|local|inline|unsafe)\s+)*"
)
_CODE = re.compile(
    rf"^([ \t]*){_MODIFIERS}"
    r"(def|defp|fn|func|fun|function|sub|class|struct|enum|trait|interface|type|module|namespace|object|protocol|impl"
    r"|defmodule|defmacro|message|service|proc|macro|record|union)\s+(?:self\.)?([\w.$?!]+(?:::\w+)*)"
)
_SQL = re.compile(
    r"^\s*create\s+(?:or\s+replace\s+)?(?:unique\s+|temp(?:orary)?\s+|materialized\s+|global\s+|unlogged\s+)*"
    r"(table|view|index|function|procedure|trigger|type|schema|extension|sequence|role|policy)\s+(?:concurrently\s+)?"
    r"(?:if\s+not\s+exists\s+)?([\w.\"]+)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_UNDERLINE = re.compile(r"^(=+|-+|~+|\^+|\"+|\*+)\s*$")
_TABLE = re.compile(r"^\s*\[+([^\[\]]+)\]+\s*(?:#.*)?$")
# Deeper than two levels a key counts only where it opens a block: `tolerations:`, not `operator: Exists`.
_KEY = re.compile(r"^( {0,4}(?=\S)|[ ]*(?=[^:]+:\s*$))([\w./-]+|\"[^\"]+\"):(?:\s|$)")
_DOCUMENT = re.compile(r"^---(?:\s|$)")
_KUBERNETES_KIND = re.compile(r"^kind:\s*([\w.]+)")
_KUBERNETES_NAME = re.compile(r"^  name:\s*[\"']?([\w.-]+)")
_STAGE = re.compile(r"^FROM\s+(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_TARGET = re.compile(r"^([\w./%-]+)\s*:(?!=)")
_KINDS = dict.fromkeys(("def defp fn func fun function sub proc defmacro").split(), "function") | dict.fromkeys(
    ["class", "object"], "class"
)
_MODULES = frozenset(["module", "namespace", "defmodule"])
_COMMENT = re.compile(r"^\s*(?:#|//|--|/\*|\*|;|%)")
_IMPORT = re.compile(r"""^\s*(?:#\s*include|import|from|require|use|source|\\i|include)\b[\s(]*["'<]?([\w./:@-]+)""")
_FENCE = re.compile(r"^\s*(?:```|~~~)")


def read(name: str, lines: Sequence[str]) -> Structure:
    """Return the structure of a file of the named language as far as its lines tell."""
    marks = _marks(name, lines)
    definitions = tuple(_spans(marks, lines, is_indented=name not in ("markdown", "rst", "toml", "ini", "dockerfile")))
    has_imports = name not in ("markdown", "rst", "text", "yaml", "toml", "json")
    imports = [match[1] for line in lines if has_imports and (match := _IMPORT.match(line))]
    return Structure(definitions, tuple(dict.fromkeys(imports)), "lines")


def _marks(name: str, lines: Sequence[str]) -> list[Mark]:
    special = {
        "markdown": _headings,
        "rst": _underlined,
        "toml": _tables,
        "ini": _tables,
        "yaml": _keys,
        "sql": _statements,
        "dockerfile": _stages,
        "make": _targets,
        "text": _nothing,
        "json": _nothing,
        "html": _nothing,
        "css": _nothing,
    }
    return special.get(name, _code)(lines)


def _code(lines: Sequence[str]) -> list[Mark]:
    matches = ((number, _CODE.match(line)) for number, line in enumerate(lines, 1))
    return [
        (number, len(match[1].expandtabs(4)), match[3].rpartition(".")[2] or match[3], _kind(match[2]))
        for number, match in matches
        if match
    ]


def _kind(word: str) -> str:
    return "module" if word in _MODULES else _KINDS.get(word, "type")


def _headings(lines: Sequence[str]) -> list[Mark]:
    marks: list[Mark] = []
    is_code = False
    for number, line in enumerate(lines, 1):
        if _FENCE.match(line):
            is_code = not is_code
        elif not is_code and (match := _HEADING.match(line)):
            marks.append((number, len(match[1]), match[2], "section"))
    return marks


def _underlined(lines: Sequence[str]) -> list[Mark]:
    marks: list[Mark] = []
    levels: list[str] = []
    for number, line in enumerate(lines[1:], 2):
        title = lines[number - 2].strip()
        if title and _UNDERLINE.match(line) and len(line.strip()) >= len(title) and not _UNDERLINE.match(title):
            mark = line.strip()[0]
            if mark not in levels:
                levels.append(mark)
            marks.append((number - 1, levels.index(mark), title, "section"))
    return marks


def _tables(lines: Sequence[str]) -> list[Mark]:
    matches = ((number, _TABLE.match(line)) for number, line in enumerate(lines, 1))
    return [(number, 0, match[1].strip(), "section") for number, match in matches if match]


def _keys(lines: Sequence[str]) -> list[Mark]:
    borders = [number for number, line in enumerate(lines, 1) if _DOCUMENT.match(line)]
    marks: list[Mark] = []
    for first, following in zip([0, *borders], [*borders, len(lines) + 1], strict=True):
        document = range(first + 1, following)
        keys = [(number, match) for number in document if (match := _KEY.match(lines[number - 1]))]
        if keys and (name := _resource([lines[number - 1] for number in document])):
            marks.append((max(1, first), -1, name, "resource"))
        marks += [(number, len(match[1]), match[2].strip('"'), "key") for number, match in keys]
    return marks


def _resource(lines: Sequence[str]) -> str:
    """Return kind and name of the Kubernetes resource that a document describes; empty for another document."""
    kind = next((match[1] for line in lines if (match := _KUBERNETES_KIND.match(line))), "")
    name = next((match[1] for line in lines if (match := _KUBERNETES_NAME.match(line))), "")
    return f"{kind} {name}".strip() if kind else ""


def _statements(lines: Sequence[str]) -> list[Mark]:
    matches = ((number, _SQL.match(line)) for number, line in enumerate(lines, 1))
    types = {"table": "type", "view": "type", "type": "type", "function": "function", "procedure": "function"}
    return [
        (number, 0, match[2].replace('"', "").rpartition(".")[2], types.get(match[1].lower(), "constant"))
        for number, match in matches
        if match
    ]


def _stages(lines: Sequence[str]) -> list[Mark]:
    matches = ((number, _STAGE.match(line)) for number, line in enumerate(lines, 1))
    return [(number, 0, match[2] or match[1], "section") for number, match in matches if match]


def _targets(lines: Sequence[str]) -> list[Mark]:
    matches = ((number, _TARGET.match(line)) for number, line in enumerate(lines, 1))
    return [(number, 0, match[1], "function") for number, match in matches if match and not match[1].startswith(".")]


def _nothing(_: Sequence[str]) -> list[Mark]:
    return []


def _spans(marks: Sequence[Mark], lines: Sequence[str], *, is_indented: bool) -> list[Definition]:
    definitions = []
    last = len(lines) - (not lines[-1])  # what follows the last line end is not a line
    for index, (first, depth, name, kind) in enumerate(marks):
        following = next((other for other in marks[index + 1 :] if other[1] <= depth), None)
        end = following[0] - 1 if following else last
        if is_indented:
            end = _dedent(lines, first, depth, end)
        start = _doc_start(lines, first, marks[index - 1][0] if index else 0)
        definitions.append(Definition(name, kind, start, max(end, first), first - 1 if start < first else 0))
    return definitions


def _dedent(lines: Sequence[str], start: int, depth: int, end: int) -> int:
    """Return the last line that belongs to a block: a closing bracket at its own depth still does."""
    for number in range(start + 1, end + 1):
        line = lines[number - 1]
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            return number if line.strip()[0] in "})]" or line.strip() == "end" else max(start, number - 1)
    return end


def _doc_start(lines: Sequence[str], start: int, floor: int) -> int:
    first = start
    while first - 1 > floor and _COMMENT.match(lines[first - 2]) and not _HEADING.match(lines[first - 2]):
        first -= 1
    return first
