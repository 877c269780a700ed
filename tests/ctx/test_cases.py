"""Odd trees and odd machines: each still gets the best answer possible, or a line that says what is wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.grep import grep
from boombap.ctx.answers.search import search
from boombap.ctx.indexing.index import open_or_build
from boombap.ctx.model import Skipped
from boombap.ctx.repository import files, texts
from ctx.repositories import ask, commit, git, indexed, paths, repository, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

POOL = "class ConnectionPool:\n    def acquire(self): ...\n"
NOBODY = 65_534


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "r", {"pool.py": POOL})


@contextmanager
def powerless(place: Path) -> Iterator[None]:
    """Permissions mean nothing to root: what stands in the block runs as another user, who may walk to `place`."""
    if os.geteuid() != 0:
        yield
        return
    for folder in (place, *place.parents):
        if folder.stat().st_uid == 0 and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def history(root: Path) -> list[tuple[str, int]]:
    return indexed(root).database.execute("SELECT path, commits FROM files ORDER BY path").fetchall()


def test_an_unreadable_file_is_named(root: Path) -> None:
    write(root, {"closed.py": "def closed(): ...\n"})
    (root / "closed.py").chmod(0)
    with powerless(root):
        assert texts.read(str(root), "closed.py") == Skipped("closed.py", "unreadable: Permission denied")


def test_an_unreadable_file_makes_an_answer_incomplete(root: Path) -> None:
    write(root, {"closed.py": "def closed(): ...\n"})
    (root / "closed.py").chmod(0)
    (root.parent / "cache").mkdir(mode=0o777)
    (root.parent / "cache").chmod(0o777)
    with powerless(root):
        index = open_or_build(root, root.parent / "cache")
    assert index.is_partial
    assert "1 file left out: unreadable: Permission denied" in " ".join(index.all_notes)


@pytest.mark.parametrize("has_git", [True, False])
def test_a_folder_that_cannot_be_read_is_named(root: Path, has_git: bool) -> None:
    if has_git:
        commit(root, {"closed/a.py": "def closed(): ...\n"})
    else:
        write(root, {"closed/a.py": "def closed(): ...\n"})
        shutil.rmtree(root / ".git")
    (root / "closed").chmod(0)
    with powerless(root):
        skipped = files.listing(str(root)).skipped
    (root / "closed").chmod(0o755)
    assert [file.reason for file in skipped if file.path.startswith("closed")] == ["unreadable: Permission denied"]


def test_a_pattern_is_not_looked_for_in_a_file_that_became_unreadable(root: Path) -> None:
    index = indexed(root)
    (root / "pool.py").unlink()
    (root / "pool.py").mkdir()
    reader = index.reader()
    assert grep(index, "acquire", reader=reader) == []
    assert reader.notes == ["pool.py (not a regular file) cannot be read"]


def test_a_tree_and_a_cache_that_are_read_only(root: Path) -> None:
    indexed(root).close()  # what is imported here needs no right later
    closed = root.parent / "closed"
    closed.mkdir()
    for folder in (closed, root):
        folder.chmod(0o555)
    with powerless(closed.parent):
        index = open_or_build(root, closed / "cache")
    for folder in (closed, root):
        folder.chmod(0o755)
    assert "in memory" in " ".join(index.notes)
    assert paths(search(index, "acquire")) == ["pool.py"]


def test_a_submodule_is_left_out_and_said(root: Path) -> None:
    other = repository(root.parent / "other", {"inner.py": "def inner(): ...\n"})
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    skipped = indexed(root).database.execute("SELECT path, reason FROM skipped").fetchall()
    assert skipped == [("sub", "submodule or nested repository")]
    assert ask(root, '"def inner"') == []


def test_a_shallow_clone(root: Path) -> None:
    commit(root, {"pool.py": POOL + "\n"})
    shallow = root.parent / "shallow"
    git(root.parent, "clone", "-q", "--depth", "1", f"file://{root}", str(shallow))
    assert history(shallow) == [("pool.py", 1)]
    assert paths(ask(shallow, "acquire")) == ["pool.py"]


def test_a_detached_head(root: Path) -> None:
    git(root, "checkout", "-q", "--detach")
    commit(root, {"pool.py": POOL + "\n"})
    assert history(root) == [("pool.py", 2)]
    assert not indexed(root).built


def test_no_commit_yet(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "fresh")
    write(tmp_path / "fresh", {"pool.py": POOL})
    assert paths(ask(tmp_path / "fresh", "acquire")) == ["pool.py"]


def test_dates_in_the_future_do_not_lift_a_file(root: Path, boombap: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_COMMIT_DATE", "2090-01-01T00:00:00Z")
    commit(root, {"later.py": POOL})
    os.utime(root / "later.py", (4_000_000_000, 4_000_000_000))
    scores = {hit.path: hit.score for hit in ask(root, "acquire")}
    assert scores["later.py"] <= 1.25 * scores["pool.py"]
    assert "in the future" in boombap("ctx", "recent", "--root", str(root)).stdout


def test_a_huge_commit_relates_nothing(root: Path) -> None:
    """100,000 names in one commit: their history is read in one pass, and says nothing about any two of them."""
    who = "committer dj <dj@example.com> 1700000000 +0000"
    names = "".join(f"M 100644 inline d{number // 500}/f{number}.py\ndata 0\n\n" for number in range(100_000))
    stream = f"commit refs/heads/huge\n{who}\ndata 4\nhuge\nfrom refs/heads/main\n{names}"
    subprocess.run(["git", "-C", str(root), "fast-import", "--quiet"], input=stream.encode(), check=True)
    git(root, "symbolic-ref", "HEAD", "refs/heads/huge")
    index = indexed(root)
    assert index.database.execute("SELECT max(files) FROM commits").fetchone() == (100_000,)
    assert history(root) == [("pool.py", 1)]


def test_a_reader_that_leaves_early(root: Path) -> None:
    indexed(root)
    command = [sys.executable, "-m", "boombap", "ctx", "search", "acquire", "--root", str(root)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("environment", "is_coloured"), [({"TERM": "xterm"}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_terminals_that_want_it(root: Path, environment: dict[str, str], *, is_coloured: bool) -> None:
    indexed(root)
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "boombap", "ctx", "search", "acquire", "--root", str(root)]
    subprocess.run(command, stdout=theirs, env=os.environ | environment, timeout=30, check=True)
    os.close(theirs)
    assert (b"\x1b[" in os.read(ours, 4_096)) is is_coloured
    os.close(ours)


def test_a_moved_repository_is_indexed_anew(root: Path) -> None:
    indexed(root)
    moved = root.rename(root.parent / "moved")
    assert indexed(moved).built
    assert paths(ask(moved, "acquire")) == ["pool.py"]
