"""Plain words: what a reader stumbled over must not come back."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PHRASES = {
    r"seconds that only grow": "monotonic seconds",
    r"\banew\b": "again, or a verb with re-",
    r"\b(lies?|stands?) in\b": "is in, is kept in",
    r"\bwhoever\b": "the caller, the process, anyone who",
    r"(?<!there )\bis no (field|cache|text|success|remedy|identity|obstacle|settings?|backup|language)\b": "is not a …",
    r"\bthe outside failed\b": "an external system failed",
    r"\bthat mends it\b": "that fixes it",
    r"\bone word too many\b": "unexpected argument",
    r"\bgoes on where an interrupted run\b": "resuming an interrupted run",
    r"\bholds? dependencies against\b": "checks dependencies against",
}

# Folders and files that are still to be converted: what follows holds everywhere else. Take a name out when it is done.
UNCONVERTED = (
    "ctx/indexing",
    "ctx/ranking",
    "db",
    "deps",
    "redis",
)
CONVERTED_PHRASES = {
    r"(?<!there )\b(is|are) no (?!longer\b|\w+ than\b)[a-z]": "is not a …",
    r"\bhears?\b": "callback with …",
    r"\bso many\b": "this many, or the number",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\blies? (below|beside|behind|on|there)\b": "is …",
    r"\bstands? (before|behind|beside|under|there|where|within)\b": "is …, comes …",
    r"\bheld against\b": "compared with, checked against",
    r"\bpass(es|ed)? over\b": "ignore, skip",
    r"\bc[ao]mes? about\b": "can be made",
    r"\bgiven in by\b": "passed by",
    r"\bfor want of\b": "without",
    r"\bodds and ends\b": "utilities",
    r"\bthe most (calls|connections|items|rows)\b": "maximum number of",
    r"\b(line|object|file|folder|table) an? (answer|command|database|number|record|request|run|step|track)\b": "per",
    r"\b(items|tracks|requests|commands|bytes?) a second\b": "per second",
    r"\bconducts, C plays\b": "the hot paths run in C",
    r"\b(did|do) not come about\b": "could not be made",
}
# Names that say nothing about the thing, and what to name it instead.
EMPTY_NAMES = dict.fromkeys(("one", "found", "at", "told", "said"), "its noun")
FOREIGN_NAMES = {"pause": "sleep", "draw": "random", "most": "max_…", "begun_s": "started_s", "wall": "now"}
GENERATED = ("cli.md", "config.md", "exit-codes.md", "schemas.md")


def is_converted(path: Path) -> bool:
    """Tell whether a file is outside of the folders that are still to be converted."""
    parts = path.relative_to(ROOT).parts
    inside = "/".join(parts[1 + (parts[0] == "src") :])
    return not any(inside == place or inside.startswith(f"{place}/") for place in UNCONVERTED)


CONVERTED = [path for path in SOURCES if is_converted(path)]
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if is_converted(path) and path != Path(__file__)]
WRITTEN = [path for path in PAGES if path.name not in GENERATED]


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def nodes() -> dict[Path, list[ast.AST]]:
    """What every source and test consists of, by file; parsed once for all rules, each of which is one test."""
    return {path: list(ast.walk(ast.parse(read(path)))) for path in {*SOURCES, *TESTS}}


def unwanted(paths: list[Path], phrases: dict[str, str], without: str = "") -> list[str]:
    """Return the unwanted phrases in files, outside of what a pattern matches, with what is plain."""
    texts = {path: re.sub(without, "", read(path), flags=re.DOTALL) if without else read(path) for path in paths}
    return [
        f"{place(path)}: {phrase} > {plain}"
        for phrase, plain in phrases.items()
        for path, text in texts.items()
        if re.search(phrase, text, re.IGNORECASE)
    ]


def test_a_docstring_says_what_is_returned(nodes: dict[Path, list[ast.AST]]):
    """PEP 257 and the standard library write "Return"."""
    documented = ast.FunctionDef | ast.ClassDef | ast.Module
    assert [
        f"{place(path)}:{getattr(node, 'lineno', 1)}"
        for path in SOURCES
        for node in nodes[path]
        if isinstance(node, documented) and (ast.get_docstring(node) or "").startswith("Give ")
    ] == []


def test_no_phrase_comes_back():
    assert unwanted([*SOURCES, *PAGES], PHRASES) == []


def test_no_phrase_comes_back_where_it_was_converted():
    """Output that a page quotes is the tool's."""
    assert unwanted([*CONVERTED, *WRITTEN], CONVERTED_PHRASES, without=r"```text\n.*?```") == []


def bound_names(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def loop_targets(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, ast.For | ast.comprehension):
            for target in ast.walk(node.target):
                if isinstance(target, ast.Name):
                    yield target.lineno, target.id


def test_a_name_is_that_of_the_thing(nodes: dict[Path, list[ast.AST]]):
    plain = EMPTY_NAMES | FOREIGN_NAMES
    assert [
        f"{place(path)}:{line}: {name} > {plain[name]}"
        for path in CONVERTED
        for line, name in bound_names(nodes[path])
        if name in plain
    ] == []


def test_no_loop_variable_is_named_one(nodes: dict[Path, list[ast.AST]]):
    assert [
        f"{place(path)}:{line}"
        for path in [*CONVERTED, *TESTS]
        for line, name in loop_targets(nodes[path])
        if name == "one"
    ] == []
