"""Lines by a regular expression: `-e`, with `-i` and `-C`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.grep import grep
from boombap.ctx.answers.search import search
from boombap.errors import UsageError
from ctx.repositories import commit, indexed, paths, repository, run_in

if TYPE_CHECKING:
    from boombap.ctx.indexing.index import Index

DRUMS = """KICK = 1
Snare = 2


def play():
    return KICK + Snare  # the Kick first
"""


@pytest.fixture
def root(isolated: Path) -> Path:
    return repository(isolated, {"drums.py": DRUMS, "lines.py": "".join(f"row_{at} = {at}\n" for at in range(1, 40))})


@pytest.fixture
def index(root: Path) -> Index:
    return indexed(root)


def lines(index: Index, pattern: str, **options: bool) -> list[int]:
    return [hit.start_line for hit in grep(index, pattern, **options)]


@pytest.mark.parametrize("name", ["json.py", "boombap/__init__.py"])
def test_code_of_the_searched_folder_does_not_run(root: Path, name: str) -> None:
    """Python looks for modules in the working folder first: a repository could run its own code in the search."""
    commit(root, {name: "raise SystemExit('this ran')\n"})
    assert lines(indexed(root), "KICK")


def test_case_counts_unless_it_is_ignored(index: Index) -> None:
    assert lines(index, "Kick") == [6]
    assert lines(index, "kick", ignore_case=True) == [1, 6]


def test_a_quoted_text_in_any_case(index: Index) -> None:
    for query in ('"return kick + snare"', 'play "return kick + snare"', '"+ SNARE  # THE"'):
        assert paths(search(index, query)) == []
        assert paths(search(index, query, ignore_case=True)) == ["drums.py"]


def test_the_command_ignores_case(root: Path) -> None:
    assert run_in(root, "search", "-e", "snare", "-l").returncode == 1
    for words in (["-i", "-e", "SNARE ="], ["-i", '"SNARE = 2"']):
        done = run_in(root, "search", "-l", *words)
        assert (done.returncode, done.stdout) == (0, "drums.py\n")


@pytest.mark.parametrize(
    ("line", "around", "first", "last"), [(1, 2, 1, 3), (20, 2, 18, 22), (39, 2, 37, 39), (5, 50, 1, 39), (7, 0, 7, 7)]
)
def test_lines_around_a_match(index: Index, line: int, around: int, first: int, last: int) -> None:
    (hit,) = grep(index, rf"row_{line}\b", around=around)
    assert (hit.start_line, hit.end_line, hit.snippet_line) == (line, line, first)
    assert hit.snippet.split("\n") == [f"row_{at} = {at}" for at in range(first, last + 1)]


def test_the_command_numbers_the_lines_around_a_match(root: Path) -> None:
    done = run_in(root, "search", "-e", "return", "-C", "1")
    assert done.stdout.splitlines() == [
        "drums.py:6  play line",
        "    5- def play():",
        "    6:     return KICK + Snare  # the Kick first",
    ]
    assert len(run_in(root, "search", "-e", "row_20", "-C", "9").stdout.splitlines()) == 1 + 19


def test_lines_around_are_of_a_regular_expression_only(root: Path) -> None:
    done = run_in(root, "search", "-C", "2", "kick")
    assert (done.returncode, "-C needs -e" in done.stderr) == (2, True)


def test_json_tells_where_a_snippet_begins(root: Path) -> None:
    body = "".join(f"    step_{at}()\n" for at in range(40))
    repository(root, {"long.py": f"def produce():\n{body}"})
    (hit, *_) = json.loads(run_in(root, "search", "--json", "step_30").stdout)["hits"]
    assert hit["path"] == "long.py"
    written = (root / "long.py").read_text().split("\n")
    snippet = hit["snippet"].split("\n")
    assert written[hit["snippet_line"] - 1 :][: len(snippet)] == snippet
    assert "    step_30()" in snippet


ENDLESS = "(a+)+$"


@pytest.fixture
def slow(isolated: Path) -> Path:
    return repository(isolated, {"slow.py": "a" * 40 + "!\n"})


@pytest.mark.parametrize("pattern", [ENDLESS, "(?:a|aa)+$", "(a*)*b", r"(\w+\s*)+:"])
def test_a_pattern_that_takes_too_long_is_ended(slow: Path, pattern: str) -> None:
    begun = time.monotonic()
    with pytest.raises(UsageError, match=r"takes more than 1 s on slow\.py"):
        grep(indexed(slow), pattern, patience_s=1.0)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_pattern_and_its_process(slow: Path, signum: int) -> None:
    indexed(slow).close()
    command = [sys.executable, "-m", "boombap", "ctx", "search", "-e", ENDLESS]
    with subprocess.Popen(command, cwd=slow, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        children = _children(process.pid)
        process.send_signal(signum)
        begun = time.monotonic()
        assert process.wait(10) == 128 + signum
        assert time.monotonic() - begun < 1
    assert not [child for child in children if _is_running(child)]


def _children(pid: int) -> list[int]:
    """Wait until a process has one of its own, and return it."""
    for _ in range(500):
        found = [
            child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
        ]
        if found:
            return [int(child) for child in found]
        time.sleep(0.01)
    raise AssertionError("it started no process")


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
