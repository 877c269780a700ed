"""Lines by a regular expression: `-e`, with `-i` and `-C`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.grep import grep
from boombap.ctx.answers.search import search
from ctx.repositories import indexed, paths, repository, run_in

if TYPE_CHECKING:
    from pathlib import Path

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
        "drums.py:6-6  play line",
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
