"""A word that the index does not hold is replaced, and the message has words of people, never terms of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.search import search
from boombap.ctx.indexing.index import open_or_build
from ctx.repositories import paths, repository, run_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.ctx.indexing.index import Index

FILES: dict[str, str | bytes] = {
    "pool.py": "class ConnectionPool:\n    def acquire(self):\n        '''Tries its dependencies.'''\n",
    "chinese.py": "# 数据库连接池\ndef open_all(): ...\n",
    "japanese.py": "# ユーザー検索\ndef look_up(): ...\n",
    "korean.py": "# 사용자 조회\ndef ask(): ...\n",
    "mixed.py": "def getUser数据(): ...\n",
    "russian.py": "# Обработчик записей\ndef work(): ...\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = repository(tmp_path_factory.mktemp("words") / "r", FILES)
    made = open_or_build(root, root.parent / "cache")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("数据库", "chinese.py"),
        ("连接池", "chinese.py"),
        ("検索", "japanese.py"),
        ("ユーザー検索", "japanese.py"),
        ("사용자", "korean.py"),
        ("getUser", "mixed.py"),
        ("user 数据", "mixed.py"),
    ],
)
def test_characters_are_found_in_pairs_without_a_correction(index: Index, query: str, path: str) -> None:
    told: dict[str, str] = {}
    assert paths(search(index, query, on_correction=told.__setitem__))[0] == path
    assert told == {}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("aquire", {"aquire": "acquire"}),
        ("Aquires", {"Aquires": "acquire"}),
        ("dependancies", {"dependancies": "dependencies"}),
        ("ConectionPool", {"ConectionPool": "ConnectionPool"}),
        ("ConectionFactory pool", {"Conection": "Connection"}),
        ("обработчыки", {"обработчыки": "Обработчик"}),
    ],
)
def test_a_correction_is_told_in_words(index: Index, query: str, told: dict[str, str]) -> None:
    found: dict[str, str] = {}
    search(index, query, on_correction=found.__setitem__)
    assert found == told


def test_the_note_has_the_words(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = repository(tmp_path_factory.mktemp("note") / "r", FILES)
    assert "no match for 'Aquires'; showing results for 'acquire'" in run_in(root, "search", "Aquires").stderr
    assert "no match" not in run_in(root, "search", "数据库").stderr
