from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from boombap.ctx.answers.related import relatives
from boombap.ctx.answers.search import search
from boombap.ctx.indexing import store
from boombap.ctx.model import Limits
from ctx.assistants import call_tool
from ctx.repositories import ask, commit, git, indexed, paths, repository, run_in, write

ONE = {"a.py": "def alpha(): ...\n", "b.py": "import a\n\n\ndef beta(): ...\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "r", dict(ONE))


def place(root: Path) -> str:
    return store.place(str(root.parent / "cache"), str(root))


def test_the_second_opening_does_nothing(root: Path) -> None:
    assert indexed(root).built
    assert not indexed(root).built


def test_the_index_is_private(root: Path) -> None:
    indexed(root)
    assert Path(place(root)).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("has_git", [True, False])
def test_changes_are_seen(tmp_path: Path, *, has_git: bool) -> None:
    root = tmp_path / "r"
    if has_git:
        repository(root, {})
    write(root, dict(ONE))
    assert paths(ask(root, "alpha"))[0] == "a.py"
    write(root, {"a.py": "def gamma(): ...\n", "new/c.py": "def delta(): ...\n"})
    assert paths(ask(root, '"def gamma"')) == ["a.py"]
    assert paths(ask(root, '"def delta"')) == ["new/c.py"]
    (root / "a.py").unlink()
    assert ask(root, '"def gamma"') == []
    assert "a.py" not in paths(ask(root, "alpha"))


def test_same_size_and_time_is_seen_by_the_bytes(root: Path) -> None:
    indexed(root)
    before = (root / "a.py").stat()
    write(root, {"a.py": "def alpho(): ...\n"})
    os.utime(root / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert paths(ask(root, '"alpho"')) == ["a.py"]


def test_a_new_ignore_rule_is_seen(root: Path) -> None:
    indexed(root)
    write(root, {"c.py": "def gamma(): ...\n"})
    assert paths(ask(root, '"gamma"')) == ["c.py"]
    write(root, {".gitignore": "c.py\n"})
    assert ask(root, '"gamma"') == []


@pytest.mark.parametrize("damage", [b"", b"not a database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_index_is_built_anew(root: Path, damage: bytes) -> None:
    indexed(root).close()
    Path(place(root)).write_bytes(damage)
    assert paths(ask(root, "alpha"))[0] == "a.py"


@pytest.mark.parametrize("action", ["search alpha", "status", "index", "recent --since 1500d", "related --file b.py"])
def test_damage_anywhere_is_rebuilt_at_once(root: Path, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    """Protects every answer from bytes that changed on the disk: no bug, no index in memory, no second time."""
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(root.parent / name))
    run_in(root, "index")
    (index,) = (root.parent / "XDG_CACHE_HOME").rglob("*.db")
    size = index.stat().st_size
    for start in range(0, size - 600, size // 8):
        good = index.read_bytes()
        index.write_bytes(good[:start] + bytes(byte ^ 0xFF for byte in good[start : start + 600]) + good[start + 600 :])
        shown = [run_in(root, *words) for words in (action.split(), action.split(), ["index"], ["index"])]
        assert [done.returncode for done in shown] == [0, 0, 0, 0], shown
        assert sum("the index was damaged and is rebuilt" in done.stderr for done in shown) == 1, shown
        assert "already up to date" in shown[-1].stdout


@pytest.mark.parametrize(
    ("table", "name", "action"),
    [
        ("sqlite_autoindex_files_1", b"a.py", "outline a.py"),
        ("sqlite_autoindex_files_1", b"a.py", "related --file a.py"),
        ("words", b"alpha", "search alpha --lang python"),
        ("files", b"b.py", "search beta --path b.py"),
    ],
)
def test_a_damaged_index_denies_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, table: str, name: bytes, action: str
) -> None:
    """Protects from "nothing found" and "not a file" where one changed letter is all that hides it."""
    for variable in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(root.parent / variable))
    run_in(root, "index")
    (index,) = (root.parent / "XDG_CACHE_HOME").rglob("*.db")
    _overwrite(index, table, name, b"~" * len(name))
    done = run_in(root, *action.split())
    assert (done.returncode, "the index was damaged and is rebuilt" in done.stderr) == (0, True), done
    assert "no indexed file matches" not in done.stderr
    assert ".py" in done.stdout


@pytest.mark.parametrize(
    ("has_git", "loss", "action"),
    [
        (False, "DELETE FROM edges", "related --file b.py"),  # git's history relates files as well
        (True, "DELETE FROM touched", "recent --since 3000d"),
    ],
)
def test_a_damaged_index_that_lacks_rows_denies_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_git: bool, loss: str, action: str
) -> None:
    files: dict[str, str | bytes] = {"one/a.py": ONE["a.py"], "b.py": "import one.a\n"}
    root = tmp_path / "r"
    if has_git:
        repository(root, files)
    write(root, files)
    for variable in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    run_in(root, "index")
    (index,) = (tmp_path / "XDG_CACHE_HOME").rglob("*.db")
    with sqlite3.connect(index) as database:
        database.execute(loss)
    database.close()
    done = run_in(root, *action.split())
    assert (done.returncode, "one/a.py" in done.stdout) == (0, True), done
    assert "the index was damaged and is rebuilt" in done.stderr


@pytest.mark.parametrize(
    ("loss", "action", "line"),
    [
        ("DELETE FROM edges WHERE source = (SELECT id FROM files WHERE path = 'c.py')", "related --file a.py", "c.py"),
        ("DELETE FROM touched WHERE file = (SELECT id FROM files WHERE path = 'c.py')", "recent --since 3000d", "c.py"),
        ("DELETE FROM files WHERE path = 'c.py'", "search -e import", "c.py"),
        ("DELETE FROM files WHERE path = 'c.py'", "map --budget 2000", "c.py"),
    ],
)
def test_a_damaged_index_shortens_no_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str, action: str, line: str
) -> None:
    """Protects lists that have other entries: what is left of them reads like all there is."""
    imports = "import a\n\n\ndef {}(): ...\n"
    files: dict[str, str | bytes] = {**ONE, "b.py": imports.format("b"), "c.py": imports.format("c")}
    root = repository(tmp_path / "r", files)
    for variable in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    run_in(root, "index")
    (index,) = (tmp_path / "XDG_CACHE_HOME").rglob("*.db")
    with sqlite3.connect(index) as database:
        assert database.execute(loss).rowcount == 1
    database.close()
    done = run_in(root, *action.split())
    assert (done.returncode, line in done.stdout, "b.py" in done.stdout) == (0, True, True), done
    assert "the index was damaged and is rebuilt" in done.stderr


def test_a_damaged_index_denies_nothing_to_an_assistant(root: Path) -> None:
    indexed(root).close()
    with sqlite3.connect(place(root)) as database:
        database.execute("DELETE FROM touched")
    database.close()
    answer = call_tool(root, "recent", {"since": "3000 days"})["answer"]
    assert {file["path"] for file in answer["files"]} == set(ONE)


def _overwrite(index: Path, table: str, before: bytes, after: bytes) -> None:
    """Replace bytes on the first page of a table or of an index of one."""
    database = sqlite3.connect(index)
    (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    (size,) = database.execute("PRAGMA page_size").fetchone()
    database.close()
    content = index.read_bytes()
    start = content.index(before, (page - 1) * size, page * size)
    index.write_bytes(content[:start] + after + content[start + len(before) :])


def test_an_assistant_gets_an_answer_from_a_damaged_index(root: Path) -> None:
    indexed(root).close()
    path = Path(place(root))
    good = path.read_bytes()
    middle = good.index(b"a.py")
    path.write_bytes(
        good[: middle - 200] + bytes(byte ^ 0xFF for byte in good[middle - 200 : middle + 200]) + good[middle + 200 :]
    )
    assert call_tool(root, "search", {"query": "alpha"})["answer"]["hits"][0]["path"] == "a.py"


def test_an_older_index_is_built_anew(root: Path) -> None:
    indexed(root).close()
    database = sqlite3.connect(place(root))
    database.execute("PRAGMA user_version = 1")
    database.close()
    assert indexed(root).built


def test_what_a_killed_writer_left_is_no_obstacle(root: Path) -> None:
    indexed(root).close()
    program = (
        "import sys, os, signal\n"
        "from boombap.ctx.indexing import build, index\n"
        "fill = build.fill\n"
        "def die(*args):\n    fill(*args)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "build.fill = die\n"
        "index.open_or_build(sys.argv[1], sys.argv[2], is_rebuilt=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(root), str(root.parent / "cache")], check=False)
    assert done.returncode == -signal.SIGKILL
    assert Path(place(root) + ".new").exists()
    assert not indexed(root).built
    write(root, {"c.py": "def gamma(): ...\n"})
    assert paths(ask(root, '"gamma"')) == ["c.py"]
    assert not Path(place(root) + ".new").exists()


def test_two_writers_and_a_reader(root: Path) -> None:
    program = (
        "import sys\n"
        "from boombap.ctx.indexing.index import open_or_build\n"
        "open_or_build(sys.argv[1], sys.argv[2], is_rebuilt=True)"
    )
    command = [sys.executable, "-c", program, str(root), str(root.parent / "cache")]
    reader = indexed(root)
    writers = [subprocess.Popen(command) for _ in range(2)]
    assert paths(search(reader, "alpha"))[0] == "a.py"
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert paths(search(reader, "alpha"))[0] == "a.py"
    assert not indexed(root).built


def test_a_cache_that_cannot_be_written(root: Path) -> None:
    blocked = root.parent / "cache"
    blocked.write_text("a file stands where the folder should")
    index = indexed(root, blocked)
    assert "in memory" in index.notes[0]
    assert paths(search(index, "alpha"))[0] == "a.py"


def test_limits_say_what_they_drop(root: Path) -> None:
    index = indexed(root, limits=Limits(files=1))
    assert index.database.execute("SELECT path, reason FROM skipped").fetchall() == [
        ("b.py", "beyond ctx.max_files (1)")
    ]


def test_a_subfolder_is_its_repository(root: Path) -> None:
    (root / "sub").mkdir()
    assert indexed(root / "sub", root.parent / "cache").root == str(root)


def test_history_counts_only_what_exists(root: Path) -> None:
    commit(root, {"a.py": "def alpha(): return 1\n", "gone.py": "x = 1\n"})
    (root / "gone.py").unlink()
    rows = indexed(root).database.execute("SELECT path, commits FROM files ORDER BY path").fetchall()
    assert rows == [("a.py", 2), ("b.py", 1)]
    commit(root, {"b.py": "import a\n"})
    rows = indexed(root).database.execute("SELECT path, commits FROM files ORDER BY path").fetchall()
    assert rows == [("a.py", 2), ("b.py", 2)]


def test_rewritten_history_is_read_anew(root: Path) -> None:
    commit(root, {"a.py": "def alpha(): return 1\n"})
    indexed(root).close()
    git(root, "reset", "-q", "--soft", "HEAD~1")
    git(root, "commit", "-q", "--amend", "-m", "one")
    rows = indexed(root).database.execute("SELECT path, commits FROM files ORDER BY path").fetchall()
    assert rows == [("a.py", 1), ("b.py", 1)]


def test_a_corrupt_history_costs_the_statistics_only(root: Path) -> None:
    commit(root, {"a.py": "def alpha(): return 1\n"})
    first = git(root, "rev-parse", "HEAD~1").strip()
    (root / ".git" / "objects" / first[:2] / first[2:]).unlink()
    for name in ("a.py", "b.py"):
        os.utime(root / name, (1_000_000_000, 1_000_000_000))
    index = indexed(root)
    assert "history" in index.fact("notes")
    assert paths(search(index, "alpha"))[0] == "a.py"
    for query in ((), ("alpha",)):
        assert run_in(root, "recent", "--since", "3650 days", *query).returncode == 4
    assert run_in(root, "search", '"gone"').returncode == 1


def test_a_worktree_has_its_own_index(root: Path) -> None:
    other = root.parent / "other"
    git(root, "worktree", "add", "-q", str(other))
    write(other, {"c.py": "def gamma(): ...\n"})
    assert paths(ask(other, '"gamma"')) == ["c.py"]
    assert ask(root, '"gamma"') == []
    assert not indexed(other).built


@pytest.mark.parametrize(("small", "large"), [(Limits(files=1), Limits()), (Limits(size_mb=0), Limits())])
def test_a_changed_limit_is_applied_at_the_next_question(root: Path, small: Limits, large: Limits) -> None:
    write(root, {"b.py": "def beta(): ...\n"})
    for limits, is_all in ((small, False), (large, True), (small, False)):
        index = indexed(root, limits=limits)
        assert index.built
        assert (index.database.execute("SELECT count(*) FROM files").fetchone()[0] == 2) is is_all
        assert bool(index.fact("notes")) is not is_all
        assert not indexed(root, limits=limits).built


def test_related_files(root: Path) -> None:
    commit(root, {"test_pool.py": "import pool\n", "pool.py": "import a\n"})
    found = {one.path: dict(one.why) for one in relatives(indexed(root), "pool.py", 10)}
    assert "imported by it" in found["a.py"]
    assert {"tests", "imports it", "changes with it"} <= found["test_pool.py"].keys()
