from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from ctx.repositories import repository, run_in

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

FILES: dict[str, str | bytes] = {"pool.py": "class ConnectionPool:\n    def acquire(self): ...\n"}


@pytest.fixture
def work(isolated: Path) -> Path:
    return repository(isolated, FILES)


def test_a_search_as_a_newcomer_types_it(work: Path, boombap: Run) -> None:
    done = boombap("ctx", "search", "conection pool")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "pool.py:1-2  ConnectionPool class")
    assert "no match for 'conection'; showing results for 'Connection'" in done.stderr


def test_json_is_stable(work: Path, boombap: Run) -> None:
    found = json.loads(boombap("ctx", "search", "--json", "ConnectionPool").stdout)
    assert list(found) == ["schema", "root", "is_complete", "notes", "engine", "query", "corrections", "hits"]
    assert list(found["hits"][0]) == [
        "path", "start_line", "end_line", "symbol", "kind", "score", "why", "snippet", "snippet_line",
    ]  # fmt: skip


@pytest.mark.parametrize("words", [["search", "lease"], ["pack", "lease"], ["map"], ["related", "--file", "a.md"]])
def test_files_with_unreadable_names_are_no_verdict(isolated: Path, boombap: Run, words: list[str]) -> None:
    """Nothing was found, and the file that has it was only named by `status`."""
    root = repository(isolated, {"a.md": "text\n"})
    (root / os.fsdecode(b"lease\xff.py")).write_text("def lease(): ...\n")
    done = boombap("ctx", *words)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("1 file left out: name is not UTF-8\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["search", "acquire"], 0),
        (["search", "-l", "--explain", "-n", "1", "acquire"], 0),
        (["search", "-e", "def acq.*"], 0),
        (["search", "-e", "nothing like this"], 1),
        (["search", '"nothing like this"'], 1),
        (["search", "-e", "("], 2),
        (["search"], 2),
        (["search", "x", "--lang", "klingon"], 2),
        (["recent", "--since", "5000 days"], 2),
        (["recent", "--since", "2 fortnights"], 2),
        (["recent", "--since", "1 s"], 1),
        (["related", "--file", "gone.py"], 3),
        (["related"], 2),
        (["index", "--rebuild"], 0),
        (["index"], 0),
        (["status"], 0),
        (["search", "x", "--root", "/nowhere/at/all"], 3),
    ],
)
def test_exit_codes(work: Path, boombap: Run, words: list[str], code: int) -> None:
    done = boombap("ctx", *words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("options", [[], ["--json"], ["--rebuild"]])
def test_an_index_that_was_not_saved_is_not_done(
    work: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """A job that prepares the cache must hear that nothing is in it; a search still answers."""
    (work.parent / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(work.parent / "file"))
    done = run_in(work, "index", *options)
    assert done.returncode == 3
    assert "cannot be written: Not a directory" in done.stderr
    assert done.stdout.startswith("{" if options == ["--json"] else "not saved: 1 file, ")
    assert run_in(work, "search", "acquire").returncode == 0


def test_status_counts_lines_as_editors_do(work: Path, boombap: Run) -> None:
    shown = boombap("ctx", "status").stdout.splitlines()
    assert shown[2] == "holds      1 file, 2 lines, 1 chunk, 0 imports, 1 commit"
    assert "% of the text" not in shown[1]  # an index without files is larger than this text


def test_recent_lists_the_latest_commit(work: Path, boombap: Run) -> None:
    done = boombap("ctx", "recent", "--since", "3650 days", "--json")
    assert [file["path"] for file in json.loads(done.stdout)["files"]] == ["pool.py"]


def test_a_search_loads_no_grammar_and_starts_nothing(work: Path, boombap: Run) -> None:
    boombap("ctx", "index")
    done = boombap("ctx", "search", "acquire", PYTHONPROFILEIMPORTTIME="1")
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {"tree_sitter", "subprocess", "json", "logging", "tomllib", "dataclasses", "pathspec"}
    assert "boombap.ctx.answers.search" in loaded
    assert not (heavy | {"boombap.ctx.indexing.build"}) & loaded


def test_a_file_name_cannot_steer_the_terminal(work: Path, boombap: Run) -> None:
    (work / "a\x1b[31m\nb.py").write_text("def steered(): ...\n")
    done = boombap("ctx", "search", "steered")
    assert "\x1b" not in done.stdout
    assert "\\x1b" in done.stdout


def test_searches_from_a_subfolder_show_paths_from_there(work: Path) -> None:
    (work / "sub").mkdir()
    done = run_in(work / "sub", "search", "-l", "acquire")
    assert (done.returncode, done.stdout) == (0, "../pool.py\n")
