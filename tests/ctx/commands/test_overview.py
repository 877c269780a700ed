from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.repo_map import MappedFile, RepositoryMap
from boombap.ctx.commands.overview import exit_of_map
from boombap.ctx.model import Skipped
from ctx.repositories import indexed, repository

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

FILES: dict[str, str | bytes] = {
    "pool.py": "class ConnectionPool:\n    def acquire(self, timeout_s=1): ...\n",
    "app/use.py": "from pool import ConnectionPool\n\n\ndef main(): ...\n",
    "app/empty.py": "import os\n",
    "blob.bin": b"\0\1\2",
}


@pytest.fixture
def work(isolated: Path) -> Path:
    return repository(isolated, FILES)


def test_the_outline_of_a_file(work: Path, boombap: Run) -> None:
    done = boombap("ctx", "outline", "pool.py")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "pool.py  python, 2 lines",
        "  1-2  class ConnectionPool",
        "    2  method def acquire(self, timeout_s=1)",
    ]


def test_an_outline_names_a_kind_once(isolated: Path, boombap: Run) -> None:
    """A signature of many languages begins with the word for its kind."""
    repository(isolated, {"a.js": "function Route() {\n}\nconst LIMIT = 3;\n", "b.lua": "function Route()\nend\n"})
    assert boombap("ctx", "outline", "a.js").stdout.splitlines()[1:] == [
        "  1-2  function Route()",
        "  3  constant const LIMIT = 3;",
    ]
    assert boombap("ctx", "outline", "b.lua").stdout.splitlines()[1:] == ["  1-2  function Route()"]


@pytest.mark.parametrize("name", ["a.js", "a.ts"])
def test_a_name_that_an_import_binds_is_not_in_the_outline(isolated: Path, boombap: Run, name: str) -> None:
    """Protects the map and the outline of plain JavaScript, whose imports are assignments."""
    text = (
        "var pool = require('./pool')\nconst { take } = require('./take'), LIMIT = 3\nlet log = require('log')('app')\n"
        "const late = await import('./late')\nvar old = __importDefault(require('old'))\n"
        "const required = requirePool()\n"
    )
    repository(isolated, {name: text})
    answer = json.loads(boombap("ctx", "outline", name, "--json").stdout)
    assert [entry["name"] for entry in answer["definitions"]] == ["LIMIT", "required"]


def test_the_last_section_ends_with_the_file(isolated: Path, boombap: Run) -> None:
    repository(isolated, {"a.md": "# Songs\n\nText\n\n## Beats\nText\n"})
    assert boombap("ctx", "outline", "a.md").stdout.splitlines() == [
        "a.md  markdown, 6 lines, read by line rules",
        "  1-6  section # Songs",
        "    5-6  section ## Beats",
    ]


@pytest.mark.parametrize(
    ("file", "code", "message"),
    [
        ("app/empty.py", 1, "app/empty.py has no definitions: 1 line of python"),
        ("gone.py", 3, "gone.py is not a file of "),
        ("blob.bin", 3, "blob.bin is not indexed: binary"),
        ("/etc/hostname", 3, "/etc/hostname is not in "),
        ("app", 3, "app is not a file of "),
        ("", 3, ". is not a file of "),
    ],
)
def test_a_file_without_an_outline_is_a_sentence(work: Path, boombap: Run, file: str, code: int, message: str) -> None:
    done = boombap("ctx", "outline", file)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_map_is_the_same_each_time_and_says_what_it_left_out(work: Path, boombap: Run) -> None:
    first, second = boombap("ctx", "map"), boombap("ctx", "map")
    assert first.stdout == second.stdout
    assert first.stdout.splitlines() == [
        "pool.py", "  1-2  class ConnectionPool", "    2  def acquire(self, timeout_s=1)", "app/use.py",
        "  4  def main()",
    ]  # fmt: skip
    assert first.stderr == "26 of 2,000 tokens (estimated: 4 bytes each); 2 files shown, 0 left out\n"


def test_an_edit_is_in_the_next_map(work: Path, boombap: Run) -> None:
    boombap("ctx", "map")
    (work / "pool.py").write_text("class ConnectionPool:\n    def release(self): ...\n")
    assert "def release(self)" in boombap("ctx", "map").stdout


def test_a_budget_below_the_minimum_is_an_error(work: Path, boombap: Run) -> None:
    done = boombap("ctx", "map", "--budget", "99")
    assert done.returncode == 2
    assert "'99' is not a whole number from 100 to 1000000" in done.stderr


def test_a_map_of_nothing_says_so(work: Path, boombap: Run) -> None:
    done = boombap("ctx", "map", "--path", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "no indexed file matches nowhere",
        "nothing to map: no code that is indexed defines anything",
    ]


def test_a_file_that_cannot_be_read_is_3(work: Path) -> None:
    index = indexed(work)
    shown, unread = MappedFile("a.py", 0.0, 2, 0, ()), Skipped("b.py", "unreadable: Permission denied")
    assert exit_of_map(index, RepositoryMap(100, 2, 0, (unread,), (shown,))) == 3
    assert exit_of_map(index, RepositoryMap(100, 2, 0, (), (shown,))) == 0
    assert exit_of_map(index, RepositoryMap(100, 0, 0, (), ())) == 1


def test_json_has_the_same(work: Path, boombap: Run) -> None:
    answer = json.loads(boombap("ctx", "map", "--json").stdout)
    assert [file["path"] for file in answer["files"]] == ["pool.py", "app/use.py"]
    assert (answer["budget"], answer["tokens"], answer["token_bytes"], answer["left_out"]) == (2000, 26, 4, 0)
