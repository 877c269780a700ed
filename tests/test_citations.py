"""What the project's own text names is there: every setting in a message or on a page, every file in a comment."""

from __future__ import annotations

import ast
import io
import re
import shlex
import shutil
import subprocess
import tokenize
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml

import command_lines
from boombap.cli.config import sections
from boombap.cli.main import COMMANDS
from boombap.cli.sections import names
from boombap.config.sources import NOT_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SECTIONS = {section.name: section for section in sections()}
KEYS = [key for section in SECTIONS.values() for key in section.keys]
# The names that were given up are still taken, with a warning.
DOTTED = {key.dotted for key in KEYS} | {old for old, _ in names().renamed}
VARIABLES = {name for key in KEYS for name in key.env} | set(NOT_SETTINGS)
PLACEHOLDERS = {"BOOMBAP_FLAG_", "BOOMBAP_SECTION_KEY", "BOOMBAP_SECTION_NAME"}

FILE_ENDINGS = ("conf", "csv", "edn", "html", "json", "lua", "md", "old", "py", "sarif", "sql", "toml", "txt")
SETTING = re.compile(
    rf"(?<![\w./@-])(?:{'|'.join(SECTIONS)})\.(?!(?:{'|'.join(FILE_ENDINGS)})\b)[a-z][a-z0-9_]*(?![\w(/]|\.\w)"
)
VARIABLE = re.compile(r"\bBOOMBAP_\w+")
ABOUT_THE_CHART = {"CHANGELOG.md", "docs/howto/deploy-with-helm.md", "docs/plan-lines.md"}

# A path from the root of the project, or any file of a kind that we write; not the end of an address or a longer path.
CITED = re.compile(
    r"(?<![\w./:*<>{}-])(?:(?:benchmarks|docs|src|tests|\.ci)/[\w./*{},-]*[\w*}/]|(?:[\w-]+/)*[\w-]+\.(?:py|md|sql|lua|tsv)\b)"
)
ELSEWHERE = {
    "Lib/pickletools.py",  # of CPython
    "api/routes.py",  # of an example in the plan
    "src/database",  # of a project in a test
    "src/lib.rs",  # of a crate, by the convention of Cargo
    "setup.py",  # of other people's projects, which `deps` reads
    "noxfile.py",  # likewise
    "conanfile.py",  # likewise
    "benchmark_ml_pipeline.py",  # that the plan promised
    "name.sql",  # of any query
    "src/include/utils/pidfile.h",  # of PostgreSQL
}


class Text(NamedTuple):
    """A piece of text that a person reads.

    Attributes:
        place: the file and the line.
        kind: ``comment``, ``docstring``, ``message`` (any other text in Python), ``query`` or ``page`` (whole files).
    """

    place: str
    kind: str
    content: str


@cache
def project_files() -> tuple[str, ...]:
    git = shutil.which("git")
    listed = [git, "ls-files", "--cached", "--others", "--exclude-standard"] if git else ["true"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    # Without git, or in an unpacked archive, all that lies there.
    walked = (
        str(path.relative_to(ROOT))
        for top in ("src", "docs", "benchmarks", "tests")
        for path in (ROOT / top).rglob("*")
    )
    roots = (path.name for path in ROOT.iterdir() if path.is_file())
    return tuple(name for name in names or [*walked, *roots] if (ROOT / name).is_file())


@cache
def texts() -> tuple[Text, ...]:
    """Return every comment, docstring and message of the code, and every page."""
    return tuple(read_texts())


def read_texts() -> Iterator[Text]:
    for name in project_files():
        if name.startswith("benchmarks/data/") or "/expected/" in name or name.endswith("requirements.txt"):
            continue
        if name.endswith(".py"):
            yield from texts_of_code(name, (ROOT / name).read_text(encoding="utf-8"))
        elif name.endswith((".sql", ".lua")):
            yield Text(name, "query", (ROOT / name).read_text(encoding="utf-8"))
        elif name.endswith((".md", ".toml", "Makefile", ".importlinter")) or name.startswith(".ci/"):
            yield Text(name, "page", (ROOT / name).read_text(encoding="utf-8"))


def texts_of_code(name: str, code: str) -> Iterator[Text]:
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            yield Text(f"{name}:{token.start[0]}", "comment", token.string)
    tree = ast.parse(code)
    docstrings = {id(text) for text in map(docstring, ast.walk(tree)) if text}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in docstrings:
                yield Text(f"{name}:{node.lineno}", "docstring", without_examples(node.value))
            elif not name.startswith("tests/"):
                # In tests a text is data: made-up files, settings that are wrong on purpose.
                yield Text(f"{name}:{node.lineno}", "message", node.value)


def docstring(node: ast.AST) -> ast.Constant | None:
    """Return the text under a definition, or the one that stands alone in it and describes the name above it."""
    match node:
        case ast.Expr(value=ast.Constant(value=str()) as text):
            return text
    return None


def without_examples(text: str) -> str:
    """Drop doctests: their files are made up."""
    return re.sub(r"^ *>>> .*\n(?: *\S.*\n?)*", "", text, flags=re.MULTILINE)


def is_setting(name: str, kind: str) -> bool:
    """Tell whether a name is a setting, or in a docstring a module of a tool."""
    section, _, rest = name.partition(".")
    folder = ROOT / "src" / "boombap" / section
    is_module = (folder / f"{rest}.py").exists() or (folder / rest).is_dir()
    return name in DOTTED or (kind in ("docstring", "comment") and is_module)


def is_value(name: str) -> bool:
    """Tell whether a name is one of the chart's values, ``image.tag`` for example."""
    found = yaml.safe_load((ROOT / "deploy" / "chart" / "boombap" / "values.yaml").read_text(encoding="utf-8"))
    for part in name.split("."):
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return True


def wrong_settings(text: Text) -> Iterator[str]:
    # In a query the names of tables look like the names of sections.
    for name in SETTING.findall(text.content) if text.kind != "query" else ():
        if not is_setting(name, text.kind) and not (text.place in ABOUT_THE_CHART and is_value(name)):
            yield f"{text.place}: {name}"
    for match in VARIABLE.finditer(text.content):
        name, is_prefix = match[0], text.content[match.end() :].startswith("*")
        is_known = any(known.startswith(name) for known in VARIABLES) if is_prefix else name in VARIABLES | PLACEHOLDERS
        if not is_known:
            yield f"{text.place}: {name}"


def expanded(path: str) -> list[str]:
    """Return the paths that braces stand for, as a shell does: ``a/{b,c}.py``."""
    head, brace, rest = path.partition("{")
    if not brace:
        return [path]
    middle, _, tail = rest.partition("}")
    return [whole for part in middle.split(",") for whole in expanded(f"{head}{part}{tail}")]


def exists(path: str) -> bool:
    if path in ELSEWHERE:
        return True
    if "*" in path:
        return any(ROOT.glob(path))
    return (ROOT / path).exists() or any(name.endswith(f"/{path}") for name in project_files())


def wrong_files(text: Text) -> Iterator[str]:
    for match in CITED.findall(text.content):
        for path in expanded(match):
            if not exists(path):
                yield f"{text.place}: {path}"


def test_every_setting_that_is_named_exists():
    """A hint that names a setting which nobody can set costs its reader an hour."""
    assert [wrong for text in texts() for wrong in wrong_settings(text)] == []


def test_every_setting_in_an_example_exists():
    wrong, seen = [], 0
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        for block in re.findall(r"```toml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            for section, table in tomllib.loads(block).items():
                if section in SECTIONS and isinstance(table, dict):
                    seen += 1
                    wrong += [f"{path}: {section}.{key}" for key in table if f"{section}.{key}" not in DOTTED]
    assert wrong == []
    assert seen


def test_every_command_that_is_advised_exists():
    """What a hint tells to run, runs."""
    commands = {
        (text.place, command)
        for text in texts()
        if text.kind == "message"
        for command in re.findall(r"`boombap ([^`{]+)`", text.content)
    }
    assert len(commands) > 5
    for place, command in sorted(commands):
        word, *rest = shlex.split(command)
        assert word in (*COMMANDS, "--help"), place
        if rest:
            command_lines.check(word, rest)


def test_every_file_that_is_cited_exists():
    """A figure is worth what its script is: one that is not there cannot be run again."""
    assert [wrong for text in texts() for wrong in wrong_files(text)] == []


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("name it in http.ca_files", ["http.ca_files"]),
        ("set `db.pool_sizes`, or db.pool_size", ["db.pool_sizes"]),
        ("BOOMBAP_HTTP_CAFILE or BOOMBAP_HTTP_CA_FILE", ["BOOMBAP_HTTP_CAFILE"]),
        ("BOOMBAP_DB_* and BOOMBAP_DATABASE_*", ["BOOMBAP_DATABASE_"]),
        ("deps.sync ends", ["deps.sync"]),
        ("see db.md, https://redis.io/docs, log.old, db.close(), db.example.org, log.showSignature", []),
    ],
)
def test_a_setting_that_does_not_exist_is_found(content: str, names: list[str]):
    assert list(wrong_settings(Text("here", "message", content))) == [f"here: {name}" for name in names]


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        ("measured by benchmarks/nothing.py.", ["benchmarks/nothing.py"]),
        ("(benchmarks/nothing.py), benchmarks/db.py", ["benchmarks/nothing.py"]),
        ("see docs/reference/nothing.md; docs/reference/db.md", ["docs/reference/nothing.md"]),
        ("src/boombap/{config,nothing}/load.py", ["src/boombap/nothing/load.py"]),
        ("tests/nothing/** and tests/db/**", ["tests/nothing/**"]),
        ("as in notes/nothing.md", ["notes/nothing.md"]),
        ("`nothing_of_ours.py` beside `load.py`", ["nothing_of_ours.py"]),
        ("https://example.org/docs/current/nothing.md", []),
    ],
)
def test_a_file_that_does_not_exist_is_found(content: str, paths: list[str]):
    assert list(wrong_files(Text("here", "comment", content))) == [f"here: {path}" for path in paths]


def test_comments_docstrings_and_messages_are_read():
    code = '"""A."""\nx = 1  # B\n"""C.\n\n>>> open("no.py")\n1\n"""\ndef f():\n    """D."""\n    raise E(f"F {x} G")\n'
    texts = {(text.kind, text.content.strip()) for text in texts_of_code("src/x.py", code)}
    assert texts == {
        ("docstring", "A."), ("comment", "# B"), ("docstring", "C."), ("docstring", "D."),
        ("message", "F"), ("message", "G"),
    }  # fmt: skip
