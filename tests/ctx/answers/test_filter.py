"""Which files may answer: paths are read as the answers show them, from the working folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.answers.filter import Filter, in_tree
from boombap.errors import NotFound
from ctx.assistants import call_tool
from ctx.repositories import repository, run_in

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

FILES: dict[str, str | bytes] = {
    "pool.py": "def pool(): ...\n",
    "src/database/connection.py": "def pool(): ...\n",
    "src/database/old/connection.py": "def pool(): ...\n",
    "src/api/routes.py": "def pool(): ...\n",
    "src/api/query.sql": "SELECT 1 AS pool;\n",
    "config/.env": "POOL=1\n",
}


@pytest.fixture
def root(isolated: Path) -> Path:
    return repository(isolated, FILES)


@pytest.fixture
def found(root: Path) -> Callable[..., set[str]]:
    """Search for `pool` in src/database."""

    def search(*words: str) -> set[str]:
        done = run_in(root / "src" / "database", "search", "-l", *words, "pool")
        assert done.returncode in {0, 1}, done.stderr
        return set(done.stdout.split())

    return search


HERE = {"connection.py", "old/connection.py"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".", HERE),
        ("./", HERE),
        ("connection.py", {"connection.py"}),
        ("./old", {"old/connection.py"}),
        ("../api", {"../api/routes.py", "../api/query.sql"}),
        ("../api/*.py", {"../api/routes.py"}),
        ("**/connection.py", HERE),
        ("../..", HERE | {"../api/routes.py", "../api/query.sql", "../../pool.py"}),
        # Not here, but below the root, as JSON answers name it.
        ("src/database/old", {"old/connection.py"}),
        ("src/**/routes.py", {"../api/routes.py"}),
        # A pattern without a folder is for every folder.
        ("*.sql", {"../api/query.sql"}),
    ],
)
def test_a_path_is_read_from_the_working_folder(found: Callable[..., set[str]], path: str, expected: set[str]) -> None:
    assert found("--path", path) == expected


def test_an_absolute_path_is_read_too(found: Callable[..., set[str]], root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    for top in (root, tmp_path / "link"):
        assert found("--path", str(top / "src" / "api")) == {"../api/routes.py", "../api/query.sql"}


def test_excluded_paths_do_not_answer(found: Callable[..., set[str]]) -> None:
    everywhere = HERE | {"../api/routes.py", "../api/query.sql", "../../pool.py"}
    assert found("--exclude", "old") == everywhere - {"old/connection.py"}
    assert found("--exclude", "*.py") == {"../api/query.sql"}
    assert found("--exclude", "../api", "--exclude", "../../pool.py", "--path", "../..") == HERE


def test_recent_leaves_out_what_is_excluded(root: Path, boombap: Run) -> None:
    for query in ((), ("pool",)):
        done = boombap("ctx", "recent", "-l", "--since", "3650 days", "--exclude", "src", *query)
        assert done.stdout.split() == ["pool.py"]


def test_recent_says_which_word_it_corrected(root: Path) -> None:
    done = run_in(root, "recent", "--json", "--since", "3650 days", "databse")
    assert json.loads(done.stdout)["corrections"]


def test_a_file_of_the_working_folder_comes_first(root: Path) -> None:
    (root / "src" / "pool.py").write_text("import api.routes\n")
    done = run_in(root / "src", "related", "--file", "pool.py", "--json")
    assert "imported by it" in json.loads(done.stdout)["files"][0]["why"]


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("src/datbase", "no indexed file matches src/datbase"),
        ("config/.env", "no indexed file matches config/.env: holds secrets"),
        ("*.rs", "no indexed file matches *.rs"),
    ],
)
def test_a_path_without_files_is_named(root: Path, boombap: Run, path: str, note: str) -> None:
    done = boombap("ctx", "search", "--path", path, "pool")
    assert (done.returncode, note in done.stderr.splitlines()) == (1, True), done.stderr


@pytest.mark.parametrize("path", ["..", "/", "/nowhere", "../*.py"])
def test_a_path_outside_the_tree_is_an_error(root: Path, boombap: Run, path: str) -> None:
    done = boombap("ctx", "search", "--path", path, "pool")
    assert done.returncode == 3
    assert f"{path} is not in " in done.stderr


def test_an_assistant_names_paths_from_the_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "src")
    for path in ("src/api", "./src/api", str(root / "src" / "api")):
        hits = call_tool(root, "search", {"query": "pool", "path": path})["answer"]["hits"]
        assert {hit["path"] for hit in hits} == {"src/api/routes.py", "src/api/query.sql"}


part = st.sampled_from(["a", "b", "..", ".", "*", "**", ""])


@given(st.lists(part, min_size=1, max_size=5).map("/".join))
def test_whatever_is_written_is_in_the_tree_or_refused(name: str) -> None:
    try:
        path = in_tree(name, "/nowhere/tree", "/nowhere/tree/sub")
    except NotFound:
        return
    assert not path.startswith(("/", "../"))
    Filter(paths=[path]).has("a/b", "python", 0)
