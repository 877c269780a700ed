"""Answers in other words than the question's: only the table of term vectors can tell which of two is meant.

Each question shares one word with the code that answers it and the same word with code that does not; words alone
prefer the wrong one, which is shorter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.search import search
from boombap.ctx.indexing.index import open_or_build
from boombap.ctx.ranking.score import WEIGHTS
from ctx.repositories import paths, repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boombap.ctx.indexing.index import Index

# Question, the word that it shares with both, the body that answers it, and a shorter one about something else.
CASES = [
    ("delete account", "account", "remove(account.rows); unlink(account); drop()", "paint(account.width)"),
    ("login user", "user", "authenticate(user.password); session(user); verify()", "scroll(user.height)"),
    ("sort record", "record", "ascending(record.key); compare(record); reverse()", "socket(record.port)"),
    ("download page", "page", "fetch(page.url); response(page); http()", "matrix(page.rows)"),
    ("compress block", "block", "deflate(block.bytes); gzip(block); zlib()", "click(block.mouse)"),
    ("concurrency job", "job", "thread(job.mutex); parallel(job); lock()", "font(job.italic)"),
    ("log message", "message", "logger(message.level); debug(message); warn()", "matrix(message.rows)"),
    ("encrypt note", "note", "cipher(note.key); aes(note); crypto()", "margin(note.left)"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    files: dict[str, str | bytes] = {}
    for at, (_, word, answer, other) in enumerate(CASES):
        files[f"lib/m{at}z.py"] = f"def f({word}):\n    " + answer.replace("; ", "\n    ") + "\n"
        files[f"lib/m{at}a.py"] = f"def f({word}):\n    {other}\n    return {word}\n"
    root: Path = repository(tmp_path_factory.mktemp("words") / "tree", files)
    opened = open_or_build(root, root.parent / "cache")
    yield opened
    opened.close()


def right(index: Index, **changes: float) -> int:
    """Count the questions whose answer comes first."""
    weights = WEIGHTS.replace(**changes)
    first = [paths(search(index, question, weights=weights))[0] for question, *_ in CASES]
    return sum(path == f"lib/m{at}z.py" for at, path in enumerate(first))


def test_related_words_bring_the_answer_first(index: Index) -> None:
    assert right(index) >= len(CASES) - 1


def test_without_the_table_words_alone_are_wrong(index: Index) -> None:
    assert right(index, related=0.0, related_file=0.0) <= len(CASES) // 2


@pytest.mark.parametrize("weight", ["related", "related_file"])
def test_both_parts_are_shown_and_can_be_switched_off(index: Index, weight: str) -> None:
    names = {"related": "related words", "related_file": "related words in file"}
    question = CASES[0][0]
    assert dict(search(index, question)[0].why)[names[weight]] > 0
    without = search(index, question, weights=WEIGHTS.replace(**{weight: 0.0}))
    assert all(names[weight] not in dict(hit.why) for hit in without)


def test_chunks_and_files_carry_vectors(index: Index) -> None:
    for table in ("chunks", "files"):
        sizes = index.database.execute(f"SELECT DISTINCT length(vector) FROM {table}").fetchall()
        assert sizes == [(48,)]


def test_two_builds_hold_the_same_vectors(index: Index, tmp_path: Path) -> None:
    again = open_or_build(index.root, tmp_path / "cache")
    query = "SELECT path, start, chunks.vector, files.vector FROM chunks JOIN files ON files.id = file ORDER BY 1, 2"
    assert again.database.execute(query).fetchall() == index.database.execute(query).fetchall()
    again.close()
