"""Definitions, imports and branches by tree-sitter; only the index loads this (20 ms, 2 MB and the grammars in use).

One query a language runs in C over the syntax tree and hands back only the nodes that its table names; Python never
walks the tree.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from boombap.ctx.model import Definition, Structure
from boombap.ctx.structure import rust_paths
from boombap.ctx.structure.languages import LANGUAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node, Parser, QueryCursor

    from boombap.ctx.structure.languages import Language

_TABLES = {language.name: language for language in LANGUAGES}
_ready: dict[str, tuple[Parser, QueryCursor] | None] = {}
_MACRO_LINE = re.compile(r"^[ \t]*[A-Z][A-Z0-9_]{2,}(?:\([^()\n]*\))?[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(
    r"^\s*(?://|#(?!include|define|if|endif|else|elif|pragma|undef|!\[)|/\*|\*|--|@(?!media)\w|\[[A-Z]\w*)"
)
_WORD = re.compile(r"[\w$~!?]+")
_FUNCTION_VALUES = frozenset(
    ("arrow_function", "function_expression", "function", "class", "generator_function", "call_expression")
)
_QUOTED = re.compile(r"""["'`<]([^"'`<>\n]+)["'`>]""")
_LONGEST_DOC = 60
_DEEPEST = 40
# A file with more errors than this share of its lines is read by line rules.
_BROKEN = 0.2
_ROOTS = frozenset(("module", "program", "source_file", "translation_unit", "compilation_unit", "chunk", "source"))


def read(name: str, text: str) -> Structure | None:
    """Return the structure of a file, None when its grammar is not installed or the file does not parse."""
    tools = _tools(name)
    if tools is None:
        return None
    parser, cursor = tools
    language = _TABLES[name]
    source = (_without_macros(text) if name in ("c", "cpp") else text).encode("utf-8", "replace")
    root = parser.parse(source).root_node
    captures = cursor.captures(root)
    lines = text.split("\n")
    if len(captures.get("error", ())) > _BROKEN * len(lines):
        return None
    definitions = _definitions(captures.get("definition", []), language, lines)
    branches = sorted(node.start_point[0] + 1 for node in captures.get("branch", ()))
    imports = [word for node in captures.get("import", ()) for word in _imported(node, language)]
    counted = tuple(_counted(definition, branches) for definition in definitions)
    return Structure(counted, tuple(dict.fromkeys(imports)), "grammar")


def _tools(name: str) -> tuple[Parser, QueryCursor] | None:
    if name not in _ready:
        _ready[name] = _load(name)
    return _ready[name]


def _load(name: str) -> tuple[Parser, QueryCursor] | None:
    table = _TABLES.get(name)
    if table is None:
        return None
    from importlib import import_module

    import tree_sitter

    try:
        grammar = tree_sitter.Language(getattr(import_module(table.module), table.function)())
    except ImportError:
        return None
    return tree_sitter.Parser(grammar), tree_sitter.QueryCursor(tree_sitter.Query(grammar, _query(table)))


def _query(table: Language) -> str:
    groups = {"definition": tuple(table.defines), "import": table.imports, "branch": table.branches}
    lines = [f"({node}) @{name}" for name, nodes in groups.items() for node in nodes]
    return "\n".join([*lines, "(ERROR) @error"])


def _without_macros(text: str) -> str:
    return _MACRO_LINE.sub(lambda match: " " * len(match[0]), text)


def _definitions(nodes: Sequence[Node], language: Language, lines: Sequence[str]) -> list[Definition]:
    definitions: dict[tuple[int, int, str], Definition] = {}
    for node in sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte)):
        made = _definition(node, language, lines)
        if made is not None:
            definitions.setdefault((made.start, made.end, made.name), made)
    return sorted(definitions.values(), key=lambda definition: (definition.start, -definition.end))


def _definition(node: Node, language: Language, lines: Sequence[str]) -> Definition | None:
    kind = language.defines[node.type]
    named = _named(node, kind, language)
    if named is None:
        return None
    name, kind = named
    outer = node
    while (above := outer.parent) is not None and above.type in language.transparent:
        if (
            above.named_child_count > 1
            and above.type.endswith("_declaration")
            and above.start_point != outer.start_point
        ):
            break
        outer = above
    start, end = outer.start_point[0] + 1, outer.end_point[0] + (outer.end_point[1] > 0)
    doc_start = _doc_start(lines, start)
    doc_end = start - 1 if doc_start < start else 0
    return Definition(name, kind, doc_start, max(start, end), doc_end, _inner_doc(node, language))


def _named(node: Node, kind: str, language: Language) -> tuple[str, str] | None:
    """Return name and final kind of a definition; None for a node that defines nothing worth a name."""
    special = {
        "variable": _of_variable,
        "assigned": _of_assignment,
        "prototype": _of_prototype,
        "dsl": _of_call,
        "impl": _of_impl,
    }
    if kind in special:
        return special[kind](node, language)
    if kind == "type" and node.type.endswith("_specifier") and node.child_by_field_name("body") is None:
        return None
    name = _name(node)
    if not name:
        return None
    if kind == "function" and _is_inside_class(node):
        kind = "method"
    return name, "class" if kind == "class_" else kind


def _name(node: Node) -> str:
    for field in ("name", "declarator", "type", "pattern"):
        child = node.child_by_field_name(field)
        depth = 0
        while child is not None and depth < _DEEPEST:
            inner = child.child_by_field_name("declarator") or child.child_by_field_name("name")
            if inner is None:
                break
            child, depth = inner, depth + 1
        if child is not None:
            words: list[str] = _WORD.findall(_text(child))
            if words:
                return words[-1]
    first = (node.named_child(index) for index in range(min(4, node.named_child_count)))
    named = next((_text(child) for child in first if child is not None and "identifier" in child.type), "")
    if named:
        return named
    return "init" if node.type == "init_declaration" else ""


def _of_variable(node: Node, language: Language) -> tuple[str, str] | None:
    value = node.child_by_field_name("value")
    if language.name == "lua":
        return None
    words = _WORD.findall(_text(node.child_by_field_name("name")))
    if not words:
        return None
    if value is not None and value.type in _FUNCTION_VALUES and value.type != "call_expression":
        return words[0], "class" if value.type == "class" else "function"
    return (words[0], "constant") if _is_outermost(node) else None


def _of_assignment(node: Node, language: Language) -> tuple[str, str] | None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None:
        return None
    words = _WORD.findall(_text(left))
    if not words or left.type in ("pattern_list", "tuple_pattern", "array_pattern", "object_pattern", "subscript"):
        return None
    if right is not None and right.type in ("arrow_function", "function_expression", "class"):
        return words[-1], "function"
    if language.name in ("python", "ruby") and left.type in ("identifier", "constant") and _is_outermost(node):
        return words[-1], "constant"
    return None


def _of_prototype(node: Node, _: Language) -> tuple[str, str] | None:
    declarator = node.child_by_field_name("declarator")
    depth = 0
    while declarator is not None and declarator.type != "function_declarator" and depth < _DEEPEST:
        declarator, depth = declarator.child_by_field_name("declarator"), depth + 1
    above = node.parent
    if declarator is None or above is None or above.type == "compound_statement":
        return None
    words = _WORD.findall(_text(declarator.child_by_field_name("declarator")))
    return (words[-1], "prototype") if words else None


def _of_call(node: Node, language: Language) -> tuple[str, str] | None:
    target = node.child_by_field_name("method") or node.child_by_field_name("target")
    if target is None or _text(target) not in language.calls:
        return None
    verb = _text(target)
    arguments = node.child_by_field_name("arguments")
    if arguments is None and node.named_child_count > 1:
        arguments = node.named_child(1)
    first = arguments.named_child(0) if arguments is not None and arguments.named_child_count else None
    if first is None:
        return None
    if verb.startswith("def") and language.name == "elixir":
        words = re.findall(r"[\w.!?]+", _text(first).partition("(")[0])
        return (
            (words[0], "module" if verb in ("defmodule", "defprotocol", "defimpl") else "function") if words else None
        )
    words = _WORD.findall(_text(first))
    return ("_".join(words[:6]), "method") if words else None


def _of_impl(node: Node, _: Language) -> tuple[str, str] | None:
    words = _WORD.findall(_text(node.child_by_field_name("type")).partition("<")[0])
    return (words[-1], "impl") if words else None


def _text(node: Node | None) -> str:
    return str(node.text or b"", "utf-8", "replace") if node is not None else ""


def _is_outermost(node: Node) -> bool:
    above = node.parent
    while above is not None and above.type in (
        "expression_statement", "lexical_declaration", "variable_declaration", "export_statement", "assignment",
    ):  # fmt: skip
        above = above.parent
    return above is None or above.type in _ROOTS


def _is_inside_class(node: Node) -> bool:
    above = node.parent
    for _ in range(3):
        if above is None:
            return False
        if above.type.startswith(("class", "impl", "trait", "interface", "object", "protocol", "struct")):
            return True
        above = above.parent
    return False


def _doc_start(lines: Sequence[str], start: int) -> int:
    first = start
    while first > max(1, start - _LONGEST_DOC) and _COMMENT.match(lines[first - 2]):
        first -= 1
    return first


def _inner_doc(node: Node, language: Language) -> tuple[int, int]:
    if language.name not in ("python", "elixir"):
        return (0, 0)
    body = node.child_by_field_name("body")
    first = body.named_child(0) if body is not None and body.named_child_count else None
    if first is None or first.type not in ("expression_statement", "string"):
        return (0, 0)
    inner = first if first.type == "string" or not first.named_child_count else first.named_child(0)
    if inner is None or inner.type != "string":
        return (0, 0)
    return (inner.start_point[0] + 1, inner.end_point[0] + 1)


def _counted(definition: Definition, branches: Sequence[int]) -> Definition:
    paths = 1 + bisect_right(branches, definition.end) - bisect_right(branches, definition.start - 1)
    return definition.replace(complexity=paths)


def _imported(node: Node, language: Language) -> list[str]:
    if language.name in ("javascript", "typescript", "tsx"):
        return _of_script(node)
    text = _text(node)
    if language.name == "python":
        return _of_python(text)
    if language.name in ("ruby", "lua", "bash", "elixir"):
        return _of_command(text)
    if language.name in ("go", "c", "cpp", "php") and _QUOTED.search(text):
        return _QUOTED.findall(text)[:1]
    if language.name == "rust":
        return rust_paths.paths(text, _inline_depth(node))
    words = re.sub(r"^(?:import|using|use)\s+(?:static\s+|func\s+)?|[;{].*$|\s+as\s.*$", "", text, flags=re.DOTALL)
    return [words.strip()]


def _of_script(node: Node) -> list[str]:
    if node.type == "call_expression":
        called = _text(node.child_by_field_name("function"))
        return _QUOTED.findall(_text(node))[:1] if called in ("require", "import") else []
    source = node.child_by_field_name("source")
    if source is None and node.type == "import_statement":  # import pool = require("./pool")
        source = node
    return _QUOTED.findall(_text(source))[:1]


def _of_python(text: str) -> list[str]:
    words = text.replace("\\", " ").replace("(", " ").replace(")", " ")
    if words.startswith("from"):
        source, _, names = words.removeprefix("from").partition(" import ")
        source = source.strip()
        joint = "" if source.endswith(".") else "."
        parts = [name.split()[0] for name in names.split(",") if name.split()]
        return [source, *(f"{source}{joint}{name}" for name in parts if name != "*")]
    return [name.split()[0] for name in words.removeprefix("import").split(",") if name.split()]


def _of_command(text: str) -> list[str]:
    words = re.match(r"(?:require_relative|require|load|source|\.|alias|import|use)[\s(]+[\"']?([\w./:-]+)", text)
    relative = "./" * text.startswith("require_relative")
    return [relative + words[1]] if words else []


def _inline_depth(node: Node) -> int:
    """Return in how many modules with a body in the same file a node is: `mod tests { use super::*; }` has one."""
    depth, above = 0, node.parent
    while above is not None and depth < _DEEPEST:
        depth += above.type == "mod_item"
        above = above.parent
    return depth
