"""Rules of the house that no linter knows: sizes, docstrings, and who may read the environment or import a driver."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import boombap

ROOT = Path(boombap.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60
# ctx/repository/git.py hands it on to git, without the variables that would lead git to another repository; the tour to
# commands.
ENVIRONMENT_READERS = {"config/load.py", "output/terminal.py", "ctx/repository/git.py", "demo/stage.py"}
DRIVERS = {"psycopg2", "pycurl", "hiredis"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.fixture(autouse=True)
def isolated() -> None:
    """Reading sources needs no folder or environment of its own; thousands of those take half a minute."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


every_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def public(node: ast.AST, prefix: str = "") -> list[tuple[str, ast.AST]]:
    """Give the public classes and functions below a module or class, with their names."""
    definitions: list[tuple[str, ast.AST]] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ClassDef, *FUNCTIONS)) and not child.name.startswith("_"):
            definitions.append((prefix + child.name, child))
            if isinstance(child, ast.ClassDef):
                definitions += public(child, f"{prefix}{child.name}.")
    return definitions


@every_module
def test_module_and_its_public_parts_have_docstrings(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module), "the module has none"
    missing = [name for name, node in public(module) if not ast.get_docstring(node)]  # type: ignore[arg-type]
    assert missing == []


@every_module
def test_docstring_begins_with_a_sentence(path: Path) -> None:
    module = tree(path)
    nodes = [("module", module), *public(module)]
    firsts = {name: (ast.get_docstring(node) or "x.").splitlines()[0] for name, node in nodes}  # type: ignore[arg-type]
    assert [name for name, first in firsts.items() if not first.endswith((".", "::", ":"))] == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=name_of)
def test_init_holds_a_docstring_and_nothing_else(path: Path) -> None:
    body = tree(path).body[1:]
    if path.parent == ROOT:
        assert [ast.unparse(node) for node in body] == [f"__version__ = {boombap.__version__!r}"]
    else:
        assert body == []


@every_module
def test_module_is_not_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@every_module
def test_no_function_is_too_long(path: Path) -> None:
    sizes = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(tree(path))
        if isinstance(node, FUNCTIONS)
    }
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FUNCTION} == {}


@every_module
def test_only_the_loader_and_the_terminal_read_the_environment(path: Path) -> None:
    reads = [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv")
    ]
    assert not reads or name_of(path) in ENVIRONMENT_READERS


def test_terminal_reads_no_more_than_it_must() -> None:
    asked = {
        node.args[0].value
        for node in ast.walk(tree(ROOT / "output" / "terminal.py"))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "os.environ.get"
        and isinstance(node.args[0], ast.Constant)
    }
    assert asked == {"NO_COLOR", "TERM"}


@every_module
def test_asyncio_is_not_used(path: Path) -> None:
    assert "asyncio" not in imported(path)
    assert not any(isinstance(node, ast.AsyncFunctionDef | ast.Await) for node in ast.walk(tree(path)))


@every_module
def test_drivers_are_imported_by_clients_only(path: Path) -> None:
    assert not imported(path) & DRIVERS or name_of(path).startswith("clients/")


def test_every_package_is_one() -> None:
    folders = {path.parent for path in MODULES}
    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
