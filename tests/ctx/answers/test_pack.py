from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.pack import Pack, header, pack
from boombap.ctx.budget import count_tokens
from boombap.errors import UsageError
from ctx.repositories import indexed, repository

if TYPE_CHECKING:
    from pathlib import Path

FILES: dict[str, str | bytes] = {
    f"decks/{name}.py": "\n\n".join(
        f"def rewind_{number}(tape):\n" + "".join(f"    {name}_{line} = tape.rewind({line})\n" for line in range(20))
        for number in range(6)
    )
    for name in ("left", "right", "middle")
}


def packed(root: Path, query: str, budget: int = 2_000) -> Pack:
    return pack(indexed(root), query, budget)


def test_parts_are_whole_lines_with_their_place(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FILES)
    made = packed(root, "rewind tape")
    assert made.parts
    for part in made.parts:
        lines = (root / part.path).read_text().split("\n")
        assert part.text == "\n".join(lines[part.start_line - 1 : part.end_line])
        assert header(part).startswith(f"{part.path}:{part.start_line}-{part.end_line}  rewind_")


@pytest.mark.parametrize("budget", [500, 700, 1_300, 2_000, 10_000])
def test_what_is_printed_fits_into_the_budget(tmp_path: Path, budget: int) -> None:
    made = packed(repository(tmp_path / "r", FILES), "rewind tape", budget)
    printed = "".join(f"{header(part)}\n{part.text}\n\n" for part in made.parts)
    assert len(printed.encode()) / 4 <= made.tokens == sum(part.tokens for part in made.parts) <= budget
    assert made.left_out or len(made.parts) == 3


def test_the_best_chunk_of_each_file_comes_before_a_second_of_one(tmp_path: Path) -> None:
    other = "def other(tape):\n" + "".join(f"    turn_{number} = {number}\n" for number in range(25))
    files = {"rewind_tape.py": FILES["decks/left.py"], "tests/other.py": other}
    made = packed(repository(tmp_path / "r", files), "rewind tape", 500)
    assert {part.path for part in made.parts} == set(files)


def test_neighbours_are_one_part_and_no_line_comes_twice(tmp_path: Path) -> None:
    made = packed(repository(tmp_path / "r", FILES), "rewind tape", 100_000)
    assert [part.path for part in made.parts].count("decks/left.py") == 1
    lines = [(part.path, line) for part in made.parts for line in range(part.start_line, part.end_line + 1)]
    assert len(lines) == len(set(lines))
    assert made.left_out == 0


def test_the_same_question_gives_the_same_pack(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FILES)
    assert packed(root, "rewind tape") == packed(root, "rewind tape")


def test_secrets_are_masked(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"keys.py": "def connect():\n    password = 'hunter2hunter'\n"})
    (part,) = packed(root, "connect password").parts
    assert part.text == "def connect():\n    password = '***'"


def test_nothing_found_is_an_empty_pack(tmp_path: Path) -> None:
    assert packed(repository(tmp_path / "r", FILES), '"nothing like this"').parts == ()


def test_a_budget_below_the_best_chunk_says_how_much_is_needed(tmp_path: Path) -> None:
    wide = "rewind = '" + "wow flutter " * 300 + "'\n"
    root = repository(tmp_path / "r", {"tape.py": wide})
    with pytest.raises(UsageError, match=r"no answer fits into 500 tokens; the best one needs a budget of 9\d\d"):
        packed(root, "rewind", 500)
    assert packed(root, "rewind", 1_000).parts


def test_letters_of_several_bytes_count_more() -> None:
    assert count_tokens("перемотка кассеты") > count_tokens("rewind a cassette")
