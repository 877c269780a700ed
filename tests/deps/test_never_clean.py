"""No project in which something was not looked at ends with 0 or is said to have no known vulnerabilities."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.cli import sections
from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.deps.sample.load import sample_database
from boombap.interrupt import Interrupt
from deps.gaps import GAPS, LOCKED_FOLDER, Files, place
from deps.osv import HIGH, database, record, scored, set_facts

if TYPE_CHECKING:
    from collections.abc import Callable

    Done = tuple[int, str, str]

CLEAN = "no known vulnerabilities"
ECOSYSTEMS = ("PyPI", "npm", "Go", "crates.io", "RubyGems", "Packagist", "Maven")
PROJECTS = [
    pytest.param(files, id=f"{kind}: {name}") for kind, projects in GAPS.items() for name, files in projects.items()
]


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fresh databases of every ecosystem, about none of the packages of the projects."""
    base = tmp_path_factory.mktemp("osv")
    for ecosystem in ECOSYSTEMS:
        ranges = ({"introduced": "0"}, {"fixed": "2"})
        known = [record(f"X-{ecosystem}", "a:a" if ecosystem == "Maven" else "aaa", *ranges, ecosystem=ecosystem)]
        folder = database(base, known, ecosystem)
    return folder


@pytest.fixture
def deps(databases: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", databases)
    place(Path(), {"sound/requirements.txt": "idna==3.7\n"})

    def run(*words: str) -> Done:
        code = run_tool(TOOL, words, prog="deps", interrupt=Interrupt(), scope=sections.names)
        return (code, *capsys.readouterr())

    return run


def test_a_sound_project_is_clean(deps):
    code, out, _ = deps("check")
    assert (code, out.splitlines()[-1]) == (0, f"{CLEAN} in 1 package")


def test_there_are_projects_of_twenty_kinds():
    assert len(GAPS) >= 20
    assert all(len(projects) >= 3 for projects in GAPS.values())


@pytest.mark.parametrize("files", PROJECTS)
def test_what_was_not_looked_at_is_no_verdict(files: Files, deps):
    if LOCKED_FOLDER in files.values() and os.geteuid() == 0:
        pytest.skip("root may read everything")
    place(Path(), files)
    for action in ("audit", "check", "report"):
        code, out, _ = deps(action, "--format", "table")
        assert code == 4, out
        assert CLEAN not in out
        assert next(iter(files)) in out
    code, out, _ = deps("check", "--format", "json")
    assert (code, json.loads(out)["verdict"]) == (4, "unknown")


MONTH_S = 30 * 86_400
DATABASES: dict[str, Callable[[Path], str]] = {}


def made(make: Callable[[Path], str]) -> Callable[[Path], str]:
    DATABASES[make.__name__.replace("_", " ")] = make
    return make


@made
def none_at_all(base: Path) -> str:
    return str(base / "gone")


@made
def one_of_another_ecosystem(base: Path) -> str:
    return database(base, [record("X-1", "a", {"introduced": "0"}, ecosystem="npm")], "npm")


@made
def one_that_was_not_synced_for_long(base: Path) -> str:
    folder = database(base, [record("X-1", "a", {"introduced": "0"})])
    set_facts(folder, checked_at_s=int(time.time()) - MONTH_S)
    return folder


@made
def one_of_a_mirror_that_stopped(base: Path) -> str:
    return database(base, [record("X-1", "a", {"introduced": "0"}, modified="2019-01-01T00:00:00Z")])


@made
def one_that_is_made_up(base: Path) -> str:
    sample_database(base / "db")
    return str(base / "db")


@pytest.mark.parametrize("name", DATABASES)
def test_a_database_that_says_little_gives_no_verdict(name: str, tmp_path: Path, deps, monkeypatch):
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", DATABASES[name](tmp_path))
    for action in ("audit", "check", "report"):
        code, out, _ = deps(action, "--format", "table")
        assert (code, CLEAN in out) == (4, False)


def test_an_advisory_without_versions_is_not_clean(tmp_path: Path, deps, monkeypatch):
    known = record("X-GIT", "idna")
    known["affected"][0]["ranges"] = [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}]
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, [known]))
    for action in ("audit", "check"):
        code, out, _ = deps(action)
        assert (code, CLEAN in out, "X-GIT" in out) == (1, False, True)


def test_a_floor_hides_no_finding_from_the_answer(tmp_path: Path, deps, monkeypatch):
    known = record("X-1", "idna", {"introduced": "0"}, severity=scored(HIGH))
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, [known]))
    _, out, _ = deps("audit", "--severity", "critical")
    assert CLEAN not in out
    assert "1 below critical" in out
