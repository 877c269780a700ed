"""Makes span questions: a sentence documents a function, and the function's lines are the answer.

A doc comment belongs to its definition in the index, so that asking with it would only find it again. The search is
therefore done in a copy of the corpus from which the asked doc comments are blanked (line numbers stay). It measures
whether prose finds code by its names and body alone, which is harder than life, where the comment is there.
The choice is by hash of path and name: the same packages give the same questions.
"""

from __future__ import annotations

import ast
import hashlib
import re
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ctx_corpora import Question, Ready, Target, cache

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

EACH = 12
_WORDS = range(6, 26)
_LONGEST_LINES = 200
_NOT_SOURCE = ("test", "example", "bench", "mock")

_COMMENT = re.compile(r"^\s*(///?!?|/\*\*?|\*/?|#)\s?(?P<text>.*?)(\*/)?\s*$")
_BETWEEN = re.compile(r"^\s*(#\[|@\w)")
# Where a function begins, by suffix; a definition ends where its braces close.
_RUST = r"^\s*(pub(\([^)]*\))? )?((const|async|unsafe) )*fn (?P<name>\w+)"
_SCRIPT = r"^\s*(export )?(default )?(async )?function\*? (?P<name>\w+)|^(\w+\.)+(?P<other>\w+) = (async )?function"
_JAVA = (
    r"^\s+((public|protected|private|static|final|abstract|synchronized) )+[\w<>\[\], ?.]*?\b(?P<name>\w+)\(.*\{\s*$"
)
_PHP = r"^\s*((public|protected|private|static|final) )*function &?(?P<name>\w+)\("
_BEGINS = {
    ".go": re.compile(r"^func (\([^)]*\) )?(?P<name>\w+)"),
    ".rs": re.compile(_RUST),
    ".ts": re.compile(_SCRIPT),
    ".js": re.compile(_SCRIPT),
    ".java": re.compile(_JAVA),
    ".php": re.compile(_PHP),
}


@dataclass(frozen=True, slots=True)
class Documented:
    """A function with its doc sentence; lines are 1-based, both ends in it."""

    path: str
    name: str
    sentence: str
    doc: range
    lines: range

    @property
    def order(self) -> str:
        """Give what the functions of a repository are drawn by."""
        return hashlib.sha256(f"{self.path}:{self.name}".encode()).hexdigest()


def spans(ready: Ready) -> Ready:
    """Give a copy of a corpus without the doc comments of the functions that are asked for."""
    source = ready.folder / ready.corpus.root
    copy = cache() / "spans" / ready.folder.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy, symlinks=True)
    chosen = _choose(source)
    for path in sorted({one.path for one in chosen}):
        _blank(copy / path, [one.doc for one in chosen if one.path == path])
    questions = tuple(
        Question(one.sentence, (Target(one.path, one.lines.start, one.lines.stop - 1),), "span") for one in chosen
    )
    return Ready(replace(ready.corpus, root="", questions=questions), copy, ready.notice)


def _choose(source: Path) -> list[Documented]:
    found = [one for path in sorted(source.rglob("*")) for one in _documented(path, path.relative_to(source))]
    seen = Counter(one.sentence for one in found)
    once = [one for one in found if seen[one.sentence] == 1]
    return sorted(once, key=lambda one: one.order)[:EACH]


def _documented(path: Path, relative: Path) -> Iterator[Documented]:
    name = relative.as_posix()
    if any(word in name.lower() for word in _NOT_SOURCE) or path.suffix not in {".py", *_BEGINS}:
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    found = _python(text) if path.suffix == ".py" else _braces(text.split("\n"), _BEGINS[path.suffix])
    for function, comment, doc, lines in found:
        sentence = _sentence(comment, function)
        if sentence and 3 <= len(lines) <= _LONGEST_LINES:
            yield Documented(name, function, sentence, doc, lines)


_Found = tuple[str, str, range, range]  # name, comment, its lines, the function's lines


def _python(text: str) -> Iterator[_Found]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or len(node.body) < 2:
            continue
        comment, first = ast.get_docstring(node), node.body[0]
        if comment and first.end_lineno and node.end_lineno:
            yield (
                node.name,
                comment,
                range(first.lineno, first.end_lineno + 1),
                range(node.lineno, node.end_lineno + 1),
            )


def _braces(lines: list[str], begins: re.Pattern[str]) -> Iterator[_Found]:
    for number, line in enumerate(lines):
        if not (match := begins.match(line)):
            continue
        last = _closes(lines, number)
        doc = _above(lines, number)
        if last is not None and doc:
            comment = "\n".join(m["text"] for one in doc if (m := _COMMENT.match(lines[one - 1])))
            name = next(found for key, found in match.groupdict().items() if found and key in {"name", "other"})
            yield name, comment, doc, range(number + 1, last + 2)


def _closes(lines: list[str], first: int) -> int | None:
    depth, opened = 0, False
    for number in range(first, min(first + _LONGEST_LINES, len(lines))):
        depth += lines[number].count("{") - lines[number].count("}")
        opened = opened or "{" in lines[number]
        if opened and depth <= 0:
            return number
    return None


def _above(lines: list[str], number: int) -> range:
    """Give the lines (1-based) of the comment right above a definition, attributes between them left out."""
    last = number
    while last and _BETWEEN.match(lines[last - 1]):
        last -= 1
    first = last
    while first and _COMMENT.match(lines[first - 1]) and not _BETWEEN.match(lines[first - 1]):
        first -= 1
    return range(first + 1, last + 1)


def _sentence(comment: str, function: str) -> str | None:
    """Give the first sentence without mark-up and without the function's own name, if it can be a question."""
    paragraph = comment.strip().split("\n\n", 1)[0]
    plain = re.sub(r"\{@\w+ ([^}]*)\}|<[^>]*>|[`*_\[\]]{1,2}|\([^)]*\)", r" \1", paragraph)
    first = re.split(r"(?<=\w)\.(\s|$)|\n\s*@|:\s*\n", " ".join(plain.split()), maxsplit=1)[0]
    words = first.rstrip(":").split()
    if words and words[0] == function:
        words = words[1:]
    sentence = " ".join(words)
    refused = function.lower() in sentence.lower().split() or re.search(
        r"https?:|deprecated|[@{=]|[/!]{2}", sentence, re.IGNORECASE
    )
    return sentence if len(words) in _WORDS and sentence.isascii() and not refused else None


def _blank(path: Path, docs: Iterable[range]) -> None:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    for doc in docs:
        for number in doc:
            lines[number - 1] = ""
    path.chmod(0o644)
    path.write_text("\n".join(lines), encoding="utf-8")
