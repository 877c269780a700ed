"""A command whose libraries are not installed says so in one line; `boombap doctor` says what each tool lacks."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

import boombap
from boombap.cli import extras
from boombap.cli.commands import COMMANDS, EXTRAS

SOURCE = Path(boombap.__file__).parent
# Hidden from the import system, as if pip had never put them there.
HIDING = """
import sys
hidden = set(sys.argv.pop(1).split(","))
class Hiding:
    def __init__(self, finder):
        self._finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name in hidden else self._finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self._finder, name)
sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
from boombap.cli.main import main, main_of
"""
EVERYTHING = ",".join(sorted({name for names in extras.MODULES.values() for name in names}))
UNREACHABLE = {"DATABASE_URL": "postgresql://dj@127.0.0.1:1/rap", "REDIS_URL": "redis://127.0.0.1:1"}
# Read while a command runs, wherever its imports stand.
NEEDS = [
    ("psycopg2", ["db"]),
    ("psycopg2", ["spotify", "plan"]),
    ("rapidfuzz", ["spotify", "batch"]),
    ("anyascii", ["spotify", "batch"]),
    ("orjson", ["spotify", "batch"]),
    ("pycurl", ["spotify", "batch"]),
    ("cheroot", ["spotify", "emulate"]),
    ("pathspec", ["ctx", "search", "rhyme"]),
    ("yaml", ["deps", "audit", "pnpm-lock.yaml"]),
    ("defusedxml", ["deps", "audit", "pom.xml"]),
    ("hiredis", ["redis"]),
    ("psycopg2", ["demo", "sample"]),
]


def run(hidden: str, *argv: str, code: str = "sys.exit(main(sys.argv[1:]))") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", HIDING + code, hidden, *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(autouse=True)
def project(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that nobody can reach, and files of two package managers."""
    for name, value in UNREACHABLE.items():
        monkeypatch.setenv(name, value)
    Path("pnpm-lock.yaml").write_text("lockfileVersion: '9.0'\npackages:\n  left@1.0.0: {}\n")
    Path("pom.xml").write_text("<project/>")
    Path("flow.py").write_text("def rhyme():\n    return 16\n")


@pytest.mark.parametrize(("module", "words"), NEEDS, ids=[f"{' '.join(words)}: {name}" for name, words in NEEDS])
def test_a_missing_library_is_one_line(module: str, words: list[str]) -> None:
    done = run(module, *words)
    line = f"boombap {words[0]}: {module} is not installed; pip install 'boombap[{EXTRAS[words[0]]}]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_a_repository_without_tree_sitter_is_not_read_by_line_rules() -> None:
    subprocess.run(["git", "init", "--quiet"], check=True)
    done = run("tree_sitter", "ctx", "search", "rhyme")
    assert (done.returncode, done.stderr) == (
        2,
        "boombap ctx: tree_sitter is not installed; pip install 'boombap[ctx]'\n",
    )


def test_a_program_of_one_tool_names_itself() -> None:
    done = run("psycopg2", code="sys.exit(main_of('db', 'database-diagnostics'))")
    assert done.stderr == "database-diagnostics: psycopg2 is not installed; pip install 'boombap[db]'\n"


def test_a_classic_engine_without_its_driver_names_the_extra() -> None:
    code = """
from boombap.cli.run import run
def load():
    import boombap.redis.classic
sys.exit(run(load, [], prog="boombap redis", extra="redis"))
"""
    done = run("redis", code=code)
    assert (done.returncode, done.stderr) == (
        2,
        "boombap redis: redis is not installed; pip install 'boombap[classic]'\n",
    )


@pytest.mark.parametrize("name", ["boombap.db.collect", "psycopg2.extensions", "graphlib"])
def test_any_other_module_that_is_missing_is_a_bug(name: str) -> None:
    """One of ours, a part of a broken installation, or a module that nothing here needs."""
    code = f"""
from boombap.cli.run import run
def load():
    import {name}
sys.exit(run(load, [], prog="boombap probe", extra="db"))
"""
    done = run(name, code=code)
    assert done.returncode == 70
    assert re.search(r"a bug in boombap \((ModuleNotFound|Import)Error\)", done.stderr)


@pytest.mark.parametrize("words", [[], *([word] for word in COMMANDS)], ids=" ".join)
def test_every_help_needs_no_library(words: list[str]) -> None:
    done = run(EVERYTHING, *words, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: boombap" in done.stdout


@pytest.mark.parametrize("words", [["config", "show"], ["completion", "bash"]], ids=" ".join)
def test_commands_without_an_extra_need_no_library(words: list[str]) -> None:
    done = run(EVERYTHING, *words)
    assert (done.returncode, done.stderr) == (0, "")


def test_doctor_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL")
    done = run("psycopg2,rapidfuzz", "doctor", "--format", "json")
    given = {answer["subject"]: (answer["state"], answer["finding"]) for answer in json.loads(done.stdout)["answers"]}
    assert (done.returncode, done.stderr) == (0, "")
    assert given["tools"] == ("ok", "the libraries of ctx, deps, redis are installed")
    assert given["boombap db"] == ("note", "not installed: psycopg2; run pip install 'boombap[db]'")
    assert given["boombap spotify"] == (
        "note",
        "not installed: psycopg2, rapidfuzz; run pip install 'boombap[spotify]'",
    )
    assert given["PostgreSQL"] == ("note", "not checked, its driver is missing; run pip install 'boombap[db]'")


# `deps update` asks for uv, and an export for pyarrow, in a line of its own.
# `redis` asks `local` for Valkey's address only; classic engines are another extra.
# A tool behind a flag asks Redis only where `flags.redis` names one, and without hiredis says so and goes on.
FLAGS = {"hiredis"}
ELSEWHERE = {
    "deps": {"uv"}, "spotify": {"pyarrow"}, "redis": {"psycopg2", *extras.CLASSIC}, "metrics": {*extras.CLASSIC},
}  # fmt: skip


# --- the tables say what the code imports and what pyproject.toml installs


def declared() -> dict[str, list[str]]:
    """Give the names of the packages of each extra."""
    path = SOURCE.parents[1] / "pyproject.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    return {extra: [re.split(r"[\[<>=]", line)[0] for line in lines] for extra, lines in tables.items()}


def imported(folder: Path) -> set[str]:
    """Give the modules from elsewhere that the code of a folder imports when it runs."""
    return set().union(*(imported_by(path) for path in folder.rglob("*.py")))


def imported_by(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"boombap"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("boombap", include_external_packages=True, exclude_type_checking_imports=True)


@pytest.mark.parametrize("extra", extras.MODULES)
def test_an_extra_is_what_a_tool_imports_also_by_way_of_others(extra: str, graph: grimp.ImportGraph) -> None:
    names = {name.partition(".")[0] for name in graph.find_upstream_modules(f"boombap.{extra}", as_package=True)}
    outside = names - sys.stdlib_module_names - {"boombap"}
    assert outside - ELSEWHERE.get(extra, set()) - FLAGS == set(extras.MODULES[extra]) - FLAGS


@pytest.mark.parametrize("extra", extras.MODULES)
def test_an_extra_installs_what_its_modules_come_from(extra: str) -> None:
    packages = importlib.metadata.packages_distributions()
    wanted = {packages[module][0].lower() for module in extras.MODULES[extra]}
    names = {name.lower() for name in declared()[extra]}
    assert {name.replace("_", "-") for name in wanted} == {
        name for name in names if not name.startswith("tree-sitter-")
    }


def test_the_kernel_imports_nothing_that_no_tool_names() -> None:
    assert imported(SOURCE) - {"uv", "pyarrow", "openfeature", *extras.CLASSIC} == set(EVERYTHING.split(","))


def test_the_extra_of_the_classic_engines_is_what_they_import() -> None:
    engines = [(path, extras.MODULES[path.parent.name]) for path in SOURCE.glob("*/classic.py")]
    outside = set().union(*(imported_by(path) - set(own) for path, own in engines))
    assert len(engines) == len(extras.MODULES)
    assert outside == set(extras.CLASSIC)
    packages = importlib.metadata.packages_distributions()
    assert {packages[name][0].lower().replace("_", "-") for name in outside} <= set(declared()["classic"])


def test_every_extra_of_a_command_exists() -> None:
    assert {part for extra in EXTRAS.values() for part in extra.split(",")} <= set(declared())
    assert EXTRAS.keys() <= COMMANDS.keys()
