"""How good the answers are: questions over a made-up port in ten languages, each with the files that answer it.

`relevance/corpus.txt` holds the files, one after the other, so that nobody takes them for ours; tests, examples, notes,
stubs and a copy in an older version say more about a question than the code that answers it. `relevance/questions.tsv`
holds a question and its files a line. The score is NDCG@10 (Järvelin and Kekäläinen, "Cumulated gain-based evaluation
of IR techniques"), the mean over the questions: 1 when every right file comes first.
"""

from __future__ import annotations

from functools import partial
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.search import search
from boombap.ctx.indexing import postings
from boombap.ctx.indexing.index import open_or_build
from boombap.ctx.ranking.score import WEIGHTS
from ctx.repositories import paths, repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.ctx.indexing.index import Index

FOLDER = Path(__file__).parent / "relevance"
# Reached by words alone: 0.9787. Each weight below costs more than the difference when it is switched off.
FLOOR = 0.977
# With the table 0.9652: it costs a little here, where questions use the words of the code, and gains elsewhere.
FLOOR_WITH_TABLE = 0.96
# The table of term vectors makes up for part of what another weight does, so that each is looked at without it.
WORDS_ALONE = {"related": 0.0, "related_file": 0.0}
ANSWERS = 10
# 0 switches a part of the sum off, 1 a factor.
OFF = {
    "stem": 0.0, "folder": 0.0, "rare_names": 0.0, "file": 0.0, "defined": 0.0,
    "mentioned": 0.0, "all_parts": 0.0, "stem_is_symbol": 1.0, "is_type": 1.0, "tests": 1.0, "examples": 1.0,
    "text": 1.0, "configuration": 1.0, "respelt": 1.0, "reexports": 1.0, "stubs": 1.0, "versions": 1.0, "private": 1.0,
    "generated": 1.0, "decay": 1.0,
}  # fmt: skip


def corpus() -> dict[str, str | bytes]:
    parts = (FOLDER / "corpus.txt").read_text(encoding="utf-8").split("=== ")[1:]
    return {path: text for path, _, text in (part.partition("\n") for part in parts)}


def questions() -> list[tuple[str, list[str]]]:
    lines = (FOLDER / "questions.tsv").read_text(encoding="utf-8").splitlines()
    return [(question, files.split()) for question, _, files in (line.partition("\t") for line in lines)]


def ndcg(answers: list[str], right: list[str]) -> float:
    gains = [1 / log2(answers.index(path) + 2) for path in right if path in answers]
    return sum(gains) / sum(1 / log2(at + 2) for at in range(len(right)))


@pytest.fixture(scope="module")
def score(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., float]]:
    """Return the function that asks all questions, with the weights of today or with some of them changed."""
    root = repository(tmp_path_factory.mktemp("relevance") / "port", corpus())
    index = open_or_build(root, root.parent / "cache")
    yield partial(_mean, index)
    index.close()


def _mean(index: Index, **changes: float) -> float:
    weights = WEIGHTS.replace(**changes)
    scores = [
        ndcg(paths(search(index, question, limit=ANSWERS, weights=weights)), right) for question, right in questions()
    ]
    return sum(scores) / len(scores)


def test_the_questions_are_about_files_that_are_there() -> None:
    assert {path for _, right in questions() for path in right} <= corpus().keys()
    assert len({question for question, _ in questions()}) == len(questions()) >= 40


def test_the_answers_are_as_good_as_they_were(score: Callable[..., float]) -> None:
    assert score() >= FLOOR_WITH_TABLE
    assert score(**WORDS_ALONE) >= FLOOR


@pytest.mark.parametrize("weight", OFF)
def test_no_weight_can_be_left_out_unseen(score: Callable[..., float], weight: str) -> None:
    """The floor would not protect a weight on which no question depends."""
    assert score(**WORDS_ALONE, **{weight: OFF[weight]}) < FLOOR


@pytest.mark.parametrize("field", ["path", "symbol"])
def test_no_field_can_be_left_out_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    """What a word counts in a field of names is part of the index."""
    monkeypatch.setitem(postings.NAMES, field, 0)
    index = open_or_build(repository(tmp_path / "port", corpus()), tmp_path / "cache")
    assert _mean(index, **WORDS_ALONE) < FLOOR
    index.close()
