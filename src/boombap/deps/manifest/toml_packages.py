"""The ``[[package]]`` tables of generated lock files: poetry, uv, pdm, pylock and Cargo write one a package.

tomllib needs 56 ms and an import of 8 ms for the 469 kB of a poetry.lock; cutting the text at the headings needs 2.
The scanner only reads what a generator writes. Whatever looks otherwise (a string over several lines, another
spelling of a heading, an escape in a name, a conflict marker, an end in the middle) goes to tomllib, which also is
the oracle in the tests.
"""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Value = str | bool | list[str]

_KEY = re.compile(
    r"^(name|version|optional|groups|category|markers?|source|git|url|path|editable|vcs|directory|archive) = (.+)$",
    re.MULTILINE,
)
# A line that no generator writes: a quoted or dotted key, an equals sign without its spaces.
_ODD = re.compile(r"^(?![\w-]+ = |[ \]#]|$)", re.MULTILINE)
_TEXT = re.compile(r'"([^"\\]*)"$')
_QUOTING = re.compile(r'"((?:[^"\\]|\\")*+)"$')
_TEXTS = re.compile(r'\[(?:\s*+"[^"\\]*+"\s*+,?+)*+\s*+\]$')
_ITEM = re.compile(r'"([^"\\]*)"')
_INLINE = re.compile(r"\{\s*([\w-]+)\s*=")
_NAME_OF = re.compile(r'\{ name = "([^"\\]*)"')
# Where the long lists of files begin; nothing that is asked for is in or below them, but for the sub-tables.
_HEAD_END = re.compile(r"\n(?:files = \[|wheels = \[|sdist = |\[)")
_FOREIGN = ('"""', "'''", "\n<<<<<<< ", "\n>>>>>>> ")
_OPEN_END = ("[", ",", "{", "=")


class PackageTable:
    """What one package table says.

    Attributes:
        line: of its heading; 0 when unknown.
        keys: texts, truth values and lists of texts; of an inline table the name of its first key.
        dependencies: as written there; of inline tables their names.
        extras: dependencies in sub-tables, by the sub-table's name.
        origin: the type in its ``[package.source]`` table; empty without one.
    """

    __slots__ = ("dependencies", "extras", "keys", "line", "origin")

    def __init__(self, line: int) -> None:
        self.line = line
        self.keys: dict[str, Value] = {}
        self.dependencies: list[str] = []
        self.extras: dict[str, list[str]] = {}
        self.origin = ""

    @property
    def name(self) -> str:
        """Return its name; empty without one."""
        return str(self.keys.get("name", ""))

    @property
    def version(self) -> str:
        """Return its version; empty without one."""
        return str(self.keys.get("version", ""))

    @property
    def marker(self) -> str:
        """Return the environments in which it counts; empty for all, and where groups have one each."""
        text = str(self.keys.get("markers", self.keys.get("marker", "")))
        # Of an inline table the name of a group is left; extras and groups say who asks for it, not where it counts.
        return "" if " " not in text or "extras" in text or "dependency_groups" in text else text


def read(document: str, table: str = "package") -> list[PackageTable]:
    """Return every package table of a lock file.

    Raises:
        Malformed: when the file is not valid TOML, or holds no such tables where it should.
    """
    found = scan(document, table)
    return parse(document, table) if found is None else found


def scan(document: str, table: str) -> list[PackageTable] | None:
    """Return the tables by cutting the text; None when it does not look generated."""
    heading = f"[[{table}]]\n"
    pieces = f"\n{document}".split(f"\n{heading}")
    if len(pieces) == 1 or document.count("[[") != len(pieces) - 1 or any(mark in document for mark in _FOREIGN):
        return None
    last = document.rstrip().rpartition("\n")[2]
    if last.startswith((" ", "{")) or last.endswith(_OPEN_END) or _is_table(pieces[0], table):
        return None
    line = pieces[0].count("\n") + 1
    blocks = []
    for piece in pieces[1:]:
        block = _block(piece, table, line)
        if block is None:
            return None
        blocks.append(block)
        line += piece.count("\n") + 2
    return blocks


def _is_table(preamble: str, table: str) -> bool:
    return re.search(rf"^[ \t]*+[\"']?{table}[\"']?[ \t]*+[=.]", preamble, re.MULTILINE) is not None


def _block(piece: str, table: str, line: int) -> PackageTable | None:
    block = PackageTable(line)
    end = _HEAD_END.search(piece)
    head = piece[: end.start()] if end else piece
    sub = piece.find("\n[", end.start()) if end else -1
    if _ODD.search(head):
        return None
    for name, raw in _KEY.findall(head):
        value = _value(raw)
        if value is None or name in block.keys:
            return None
        block.keys[name] = value
    if not isinstance(block.keys.get("name"), str):
        return None
    block.dependencies = _listed(head, "\ndependencies = [")
    if sub >= 0:
        _read_subtables(block, piece[sub:], table)
    return block


def _value(raw: str) -> Value | None:
    if match := _TEXT.match(raw):
        return match[1]
    if match := _QUOTING.match(raw):
        return match[1].replace('\\"', '"')
    if raw in ("true", "false"):
        return raw == "true"
    if _TEXTS.match(raw):
        return _ITEM.findall(raw)
    if match := _INLINE.match(raw):
        return match[1]
    return None


def _listed(text: str, opening: str) -> list[str]:
    begin = text.find(opening)
    if begin < 0:
        return []
    end = text.find("]\n", begin)
    listed = text[begin + len(opening) : end if end >= 0 else len(text)]
    return _NAME_OF.findall(listed) or _ITEM.findall(listed)


def _read_subtables(block: PackageTable, text: str, table: str) -> None:
    at = text.find(f"\n[{table}.source]\n")
    if at >= 0:
        match = re.compile(r'^type = "([^"\\]*)"$', re.MULTILINE).search(text, at)
        block.origin = match[1] if match else "unknown"
    for name in ("optional-dependencies", "dev-dependencies"):
        opening = f"\n[{table}.{name}]\n"
        at = text.find(opening)
        if at >= 0:
            end = text.find("\n[", at + len(opening))
            block.extras[name] = _NAME_OF.findall(text, at, end if end >= 0 else len(text))


def parse(document: str, table: str) -> list[PackageTable]:
    """Return the tables as tomllib reads them.

    Raises:
        Malformed: when the file is not valid TOML, or its tables are none.
    """
    entries = safe_text.from_toml(document).get(table, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise safe_text.Malformed(f"has no [[{table}]] tables")
    heading = re.compile(rf"[ \t]*\[\[[ \t]*[\"']?{table}[\"']?[ \t]*\]\]")
    places = [number for number, line in enumerate(document.split("\n"), start=1) if heading.match(line)]
    lines = places if len(places) == len(entries) else [0] * len(entries)
    return [_from_entry(entry, line) for entry, line in zip(entries, lines, strict=True)]


def _from_entry(entry: dict[str, object], line: int) -> PackageTable:
    block = PackageTable(line)
    for name, value in entry.items():
        if isinstance(value, str | bool) or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            block.keys[name] = value
        elif isinstance(value, dict) and value:
            block.keys[name] = next(iter(value))
    origin = entry.get("source")
    if isinstance(origin, dict) and "type" in origin:
        block.origin = str(origin["type"])
    block.dependencies = _names(entry.get("dependencies"))
    for name in ("optional-dependencies", "dev-dependencies"):
        groups = entry.get(name)
        if isinstance(groups, dict):
            block.extras[name] = [item for group in groups.values() for item in _names(group)]
    return block


def _names(listed: object) -> list[str]:
    items: Iterable[object] = listed if isinstance(listed, list) else ()
    return [str(item.get("name", "")) if isinstance(item, dict) else str(item) for item in items]
