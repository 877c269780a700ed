"""Answers that are next to each other in a file are one, and take one place of the list."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.answers.joining import joined
from boombap.ctx.model import Hit
from ctx.repositories import ask, repository

if TYPE_CHECKING:
    from pathlib import Path

BODY = "".join(f"    anchor_{number} = chain + {number} * 100  # of the windlass\n" for number in range(20))


def hit(path: str, start: int, end: int, score: float = 1.0) -> Hit:
    return Hit(path, start, end, f"s{start}", "function", score, (("text", score),), "snippet", start)


def places(hits: list[Hit]) -> list[tuple[str, int, int]]:
    return [(answer.path, answer.start_line, answer.end_line) for answer in hits]


def lines(hits: list[Hit]) -> set[tuple[str, int]]:
    return {(hit.path, line) for hit in hits for line in range(hit.start_line, hit.end_line + 1)}


@pytest.mark.parametrize(
    ("following", "expected"),
    [
        (hit("a", 21, 30), [("a", 10, 30)]),
        (hit("a", 24, 30), [("a", 10, 30)]),
        (hit("a", 1, 6), [("a", 1, 20)]),
        (hit("a", 25, 30), [("a", 10, 20), ("a", 25, 30)]),
        (hit("a", 21, 89), [("a", 10, 89)]),
        (hit("a", 21, 90), [("a", 10, 20), ("a", 21, 90)]),
        (hit("b", 21, 30), [("a", 10, 20), ("b", 21, 30)]),
    ],
)
def test_at_most_three_lines_between_and_eighty_in_all(following: Hit, expected: list[tuple[str, int, int]]) -> None:
    assert places(joined([hit("a", 10, 20), following], 10)) == expected


def test_what_was_best_gives_name_score_and_snippet() -> None:
    best = hit("a", 10, 20, 2.0)
    assert joined([best, hit("a", 1, 9)], 1) == [best.replace(start_line=1)]


def test_only_as_much_is_read_as_the_limit_needs() -> None:
    hits = iter([hit("a", 1, 9), hit("a", 10, 20), hit("b", 1, 9), hit("c", 1, 9)])
    assert places(joined(hits, 1)) == [("a", 1, 20)]
    assert next(hits).path == "c"


SPANS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 200), st.integers(0, 100)), max_size=20)


@given(SPANS, st.integers(1, 9))
def test_every_line_stays_in_the_order_of_the_best(spans: list[tuple[str, int, int]], limit: int) -> None:
    hits = [hit(path, start, start + length, float(-at)) for at, (path, start, length) in enumerate(spans)]
    answers = joined(hits, limit)
    assert len(answers) <= limit
    assert all(better.score > worse.score for better, worse in pairwise(answers))
    assert all(answer.snippet_line >= answer.start_line for answer in answers)
    if len(answers) < limit:
        held = {(answer.path, line) for answer in answers for line in range(answer.start_line, answer.end_line + 1)}
        assert held >= {
            (answer.path, line) for answer in hits for line in range(answer.start_line, answer.end_line + 1)
        }


def test_two_functions_side_by_side_are_one_answer(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "deck.py": f"def drop_anchor(chain):\n{BODY}\n\ndef lift_anchor(chain):\n{BODY}",
        "log.py": "def note(anchor, chain):\n    return anchor, chain\n",
    }
    hits = ask(repository(tmp_path / "r", files), "anchor chain of the windlass", limit=2)
    assert places(hits) == [("deck.py", 1, 44), ("log.py", 1, 2)]
