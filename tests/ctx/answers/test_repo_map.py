from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.filter import Filter
from boombap.ctx.answers.repo_map import RepositoryMap, entry_line, left_out_line, repository_map
from ctx.repositories import indexed, repository

if TYPE_CHECKING:
    from pathlib import Path

METHODS = "".join(f"    def turn_{number}(self, speed):\n        angle = speed\n" for number in range(30))
FILES: dict[str, str | bytes] = {
    "zz/deck.py": f"SPEED = 33\n\n\nclass _Motor: ...\n\n\nclass Deck:\n{METHODS}",
    "zz/tape.py": "from zz.deck import Deck\n\n\ndef rewind(tape):\n    def inner(): ...\n",
    "app.py": "from zz.deck import Deck\nfrom zz.tape import rewind\n\n\ndef main(): ...\n",
    "a/tests/test_deck.py": "from zz.deck import Deck\n\n\ndef test_deck(): ...\n",
    "b/other.py": "def other(): ...\n",
    "b/imports.py": "import os\n",
    "README.md": "# Deck\n",
    "deploy.yaml": "deck: 1\n",
}


def mapped(root: Path, budget: int, only: Filter | None = None) -> RepositoryMap:
    return repository_map(indexed(root), budget, only or Filter())


def printed(made: RepositoryMap) -> str:
    lines = []
    for file in made.files:
        lines += [file.path, *map(entry_line, file.definitions)] + [left_out_line(file.left_out)] * bool(file.left_out)
    return "".join(f"{line}\n" for line in lines)


def test_files_come_by_pagerank_and_tests_last_among_equals(tmp_path: Path) -> None:
    made = mapped(repository(tmp_path / "r", FILES), 2_000)
    assert [file.path for file in made.files] == [
        "zz/deck.py", "zz/tape.py", "app.py", "b/other.py", "a/tests/test_deck.py",
    ]  # fmt: skip
    assert (made.files[0].rank, made.files[-1].rank, made.left_out, made.unread) == (1.0, 0.0, 0, ())


def test_a_file_shows_what_says_most_and_how_much_is_left_out(tmp_path: Path) -> None:
    first = mapped(repository(tmp_path / "r", FILES), 200).files[0]
    names = [entry.name for entry in first.definitions]
    assert names[:3] == ["Deck", "turn_0", "turn_1"]
    assert first.left_out == 33 - len(names)


def test_a_roomy_budget_shows_everything_outside_functions(tmp_path: Path) -> None:
    made = mapped(repository(tmp_path / "r", FILES), 10_000)
    assert [len(file.definitions) for file in made.files] == [33, 1, 1, 1, 1]
    assert "inner" not in printed(made)


@pytest.mark.parametrize("budget", [100, 150, 200, 500, 2_000])
def test_what_is_printed_fits_into_the_budget(tmp_path: Path, budget: int) -> None:
    made = mapped(repository(tmp_path / "r", FILES), budget)
    assert made.files
    assert made.files[0].definitions
    assert len(printed(made).encode()) / 4 <= made.tokens == sum(file.tokens for file in made.files) <= budget
    assert len(made.files) + made.left_out == 5


def test_the_same_files_give_the_same_map_in_whatever_order_they_were_indexed(tmp_path: Path) -> None:
    first = mapped(repository(tmp_path / "r", FILES), 500)
    second = mapped(repository(tmp_path / "s" / "r", dict(reversed(FILES.items()))), 500)
    assert printed(first) == printed(second)


def test_only_the_files_asked_for_are_shown(tmp_path: Path) -> None:
    made = mapped(repository(tmp_path / "r", FILES), 2_000, Filter(paths=["zz"]))
    assert [file.path for file in made.files] == ["zz/deck.py", "zz/tape.py"]


def test_a_repository_without_code_has_an_empty_map(tmp_path: Path) -> None:
    made = mapped(repository(tmp_path / "r", {"README.md": "# Deck\n"}), 2_000)
    assert (made.files, made.left_out, made.tokens) == ((), 0, 0)


def test_a_file_that_went_since_is_named(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FILES)
    index = indexed(root)
    (root / "zz/deck.py").unlink()
    made = repository_map(index, 2_000)
    assert [skipped.path for skipped in made.unread] == ["zz/deck.py"]
    assert len(made.files) == 4
