"""A whole system or home folder is never read: exit 2 at once, and a walk ends at its limit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.model import Limits
from boombap.ctx.repository import files
from boombap.ctx.repository.roots import root_of
from boombap.errors import UsageError
from ctx.repositories import indexed, repository, write

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

ACTIONS = (["search", "foo"], ["search", "-e", "foo"], ["index"], ["recent"], ["related", "--file", "x"], ["status"])


@pytest.fixture
def home(isolated: Path) -> Path:
    home = isolated.parent / "home"
    home.mkdir()
    write(home, {"notes.txt": "pool\n", "work/pool.py": "def pool(): ...\n"})
    return home


@pytest.mark.parametrize("words", ACTIONS, ids=" ".join)
def test_every_action_refuses_the_root_of_the_system(boombap: Run, words: list[str]) -> None:
    """Protects a machine whose `ctx` is started with `/` as its working folder, as in a container."""
    done = boombap("ctx", *words, "--root", "/")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--root FOLDER" in done.stderr


@pytest.mark.parametrize(
    "name", ["/", "//", "/..", "/tmp/..", "{home}", "{home}/", "{home}/../home", "{link}", "{above}"]
)
def test_too_wide_folders_under_any_name(home: Path, name: str) -> None:
    link = home.parent / "link"
    link.symlink_to(home)
    with pytest.raises(UsageError, match="is not a project"):
        root_of(name.format(home=home, link=link, above=home.parent.parent))


def test_the_working_folder_counts_too(home: Path, boombap: Run) -> None:
    for folder in (Path("/"), home, home.parent):
        command = [sys.executable, "-m", "boombap", "ctx", "search", "foo"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 2, folder
        assert "change into a project" in done.stderr


def test_folders_below_the_home_folder_are_projects(home: Path) -> None:
    assert root_of(str(home / "work")) == str(home / "work")
    repository(home / "repository", {"a/b.py": "x\n"})
    assert root_of(str(home / "repository" / "a")) == str(home / "repository")


def test_a_home_folder_of_dotfiles_is_a_project_of_what_git_tracks(home: Path) -> None:
    """Untracked files of a home folder are everything that a user has."""
    repository(home, {".bashrc": "alias pool=x\n"})
    write(home, {"letter.txt": "untracked\n"})
    assert root_of(str(home)) == str(home)
    assert files.listing(str(home)).paths == (".bashrc", "notes.txt", "work/pool.py")


def test_an_empty_git_folder_does_not_make_the_home_folder_a_project(home: Path) -> None:
    (home / ".git").mkdir()
    with pytest.raises(UsageError):
        root_of(str(home))
    assert root_of(str(home / "work")) == str(home / "work")


@pytest.mark.parametrize("value", [None, "", "/", "/nowhere"])
def test_home_may_be_unset_or_odd(isolated: Path, value: str | None) -> None:
    repository(isolated, {"pool.py": "def pool(): ...\n"})
    environ = {name: text for name, text in os.environ.items() if name != "HOME"}
    environ |= {} if value is None else {"HOME": value}
    for root, code in ((str(isolated), 0), ("/", 2)):
        command = [sys.executable, "-m", "boombap", "ctx", "search", "pool", "--root", root]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == code, done.stderr


def test_a_walk_ends_at_the_most_files(tmp_path: Path) -> None:
    """Files are counted while walking: what is beyond the limit is neither listed nor looked at."""
    root = tmp_path / "plain"
    write(root, {f"d{number}/deep/f.py": "x\n" for number in range(30)} | {f"{n}.py": "x\n" for n in range(5)})
    found = files.listing(str(root), 10)
    assert len(found.paths) == 10
    assert {path for path in found.paths if "/" not in path} == {f"{number}.py" for number in range(5)}
    assert "ctx.max_files" in found.note
    index = indexed(root, tmp_path / "cache", limits=Limits(10))
    assert index.database.execute("SELECT count(*) FROM files").fetchone() == (10,)
    assert "ctx.max_files" in index.fact("notes")
    assert not indexed(root, tmp_path / "cache", limits=Limits(10)).built


def test_what_is_beyond_the_limit_is_not_asked_for(tmp_path: Path) -> None:
    """Memory and time of a walk are bounded by the limit, not by the tree."""
    write(tmp_path, {f"{number}.py": "x\n" for number in range(9)})
    names = iter([f"{number}.py" for number in range(9)])
    assert len(files._sorted_out(str(tmp_path), names, "", 3).paths) == 3
    assert next(names) == "3.py"


def test_a_walk_of_folders_without_files_ends_too(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / "wide" / str(number)).mkdir(parents=True)
    (tmp_path / "wide" / "1999" / "a.py").touch()
    assert list(files._walk(str(tmp_path / "wide"), 50)) == []
