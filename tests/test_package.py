"""Rules of the house that no linter knows: sizes, docstrings, and who may read the environment or import a driver."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

import boombap

ROOT = Path(boombap.__file__).parent
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60
# ctx/repository/git.py hands it on to git, without the variables that would lead git to another repository; the tour to
# commands.
ENVIRONMENT_READERS = {
    "config/home.py", "config/load.py", "output/terminal.py", "ctx/repository/git.py", "deps/update/repository.py",
    "demo/stage.py",
}  # fmt: skip
DRIVERS = {"psycopg2", "pycurl", "hiredis"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    """A module of the package, parsed and walked once for all rules."""

    name: str
    text: str
    tree: ast.Module
    nodes: list[ast.AST]

    @property
    def documented(self) -> list[tuple[str, ast.AST]]:
        """The module, its public classes and functions, each with where it is."""
        return [(self.name, self.tree), *((f"{self.name}: {name}", node) for name, node in public(self.tree))]

    @property
    def imported(self) -> set[str]:
        """The packages that it imports."""
        names = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
        return {name.partition(".")[0] for name in names}


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    """Every module; parsing them takes a second, and a test of each module by itself would take ten."""
    return [read(path) for path in sorted(ROOT.rglob("*.py"))]


def read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    return Module(path.relative_to(ROOT).as_posix(), text, tree, list(ast.walk(tree)))


def public(node: ast.AST, prefix: str = "") -> list[tuple[str, ast.AST]]:
    """Give the public classes and functions below a module or class, with their names."""
    definitions: list[tuple[str, ast.AST]] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ClassDef, *FUNCTIONS)) and not child.name.startswith("_"):
            definitions.append((prefix + child.name, child))
            if isinstance(child, ast.ClassDef):
                definitions += public(child, f"{prefix}{child.name}.")
    return definitions


def docstring(node: ast.AST) -> str:
    return ast.get_docstring(node) or ""  # type: ignore[arg-type]


def test_every_module_is_read(modules: list[Module]) -> None:
    known = {"__init__.py", "errors.py", "cli/main.py", "deps/manifest/languages/go.py"}
    assert known <= {module.name for module in modules}


def test_modules_and_their_public_parts_have_docstrings(modules: list[Module]) -> None:
    assert [place for module in modules for place, node in module.documented if not docstring(node)] == []


def test_docstrings_begin_with_a_sentence(modules: list[Module]) -> None:
    firsts = {place: docstring(node).partition("\n")[0] for module in modules for place, node in module.documented}
    assert [place for place, first in firsts.items() if first and not first.endswith((".", "::", ":"))] == []


def test_init_holds_a_docstring_and_nothing_else(modules: list[Module]) -> None:
    bodies = {module.name: module.tree.body[1:] for module in modules if module.name.endswith("__init__.py")}
    assert [ast.unparse(node) for node in bodies.pop("__init__.py")] == [f"__version__ = {boombap.__version__!r}"]
    assert [name for name, body in bodies.items() if body] == []


def test_no_module_is_too_long(modules: list[Module]) -> None:
    sizes = {module.name: len(module.text.splitlines()) for module in modules}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


def test_no_function_is_too_long(modules: list[Module]) -> None:
    sizes = {
        f"{module.name}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in modules
        for node in module.nodes
        if isinstance(node, FUNCTIONS)
    }
    assert {place: size for place, size in sizes.items() if size > MOST_LINES_OF_A_FUNCTION} == {}


def test_only_the_loader_and_the_terminal_read_the_environment(modules: list[Module]) -> None:
    readers = {
        module.name
        for module in modules
        for node in module.nodes
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv")
    }
    assert readers <= ENVIRONMENT_READERS


def test_terminal_reads_no_more_than_it_must() -> None:
    asked = {
        node.args[0].value
        for node in read(ROOT / "output" / "terminal.py").nodes
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "os.environ.get"
        and isinstance(node.args[0], ast.Constant)
    }
    assert asked == {"NO_COLOR", "TERM"}


def test_asyncio_is_not_used(modules: list[Module]) -> None:
    asynchronous = ast.AsyncFunctionDef | ast.Await
    assert [module.name for module in modules if "asyncio" in module.imported] == []
    assert [module.name for module in modules if any(isinstance(node, asynchronous) for node in module.nodes)] == []


def test_drivers_are_imported_by_clients_and_classic_engines_only(modules: list[Module]) -> None:
    users = {module.name for module in modules if module.imported & DRIVERS}
    assert users
    assert [name for name in users if not name.startswith("clients/") and not name.endswith("/classic.py")] == []


def test_every_package_is_one(modules: list[Module]) -> None:
    folders = {(ROOT / module.name).parent for module in modules}
    assert [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()] == []
