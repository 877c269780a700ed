"""Plain words: what a reader stumbled over must not come back."""

from __future__ import annotations

import ast
import re
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


@pytest.fixture(autouse=True)
def isolated() -> None:
    """Reading sources needs no folder or environment of its own; thousands of those take half a minute."""


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text


@pytest.mark.parametrize("path", SOURCES, ids=place)
def test_a_docstring_says_what_is_returned(path: Path):
    """PEP 257 and the standard library write "Return"."""
    assert [f"{place(path)}:{line}" for line, text in docstrings(path) if text.startswith("Give ")] == []


@pytest.mark.parametrize("path", [*SOURCES, *PAGES], ids=place)
def test_no_phrase_comes_back(path: Path):
    text = path.read_text(encoding="utf-8")
    found = {phrase: plain for phrase, plain in PHRASES.items() if re.search(phrase, text, re.IGNORECASE)}
    assert found == {}
