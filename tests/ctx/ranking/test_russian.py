"""A Russian question finds English code; a Russian word that the tree holds stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.search import search
from boombap.ctx.indexing.index import open_or_build
from boombap.ctx.ranking import russian
from ctx.repositories import paths, repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.ctx.indexing.index import Index

FILES: dict[str, str | bytes] = {
    "jobs/queue.py": "class TaskQueue:\n    def push(self, job): ...\n",
    "net/pool.py": "class ConnectionPool:\n    def acquire(self): ...\n",
    "net/retry.py": "def backoff(request):\n    return request.attempt * 2\n",
    "store/cache.py": "# Журнал обращений\ndef evict(key): ...\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = repository(tmp_path_factory.mktemp("russian") / "r", FILES)
    made = open_or_build(root, root.parent / "cache")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "path", "told"),
    [
        ("очередь задач", "jobs/queue.py", {"очередь": "queue", "задач": "Task jobs"}),
        ("пул соединений", "net/pool.py", {"пул": "pool", "соединений": "Connection"}),
        ("кэширование ключей", "store/cache.py", {"кэширование": "cache", "ключей": "key"}),
        ("повтор запроса", "net/retry.py", {"повтор": "retry", "запроса": "request"}),
        ("журнал", "store/cache.py", {}),
    ],
)
def test_a_russian_question_finds_english_code(index: Index, query: str, path: str, told: dict[str, str]) -> None:
    corrections: dict[str, str] = {}
    assert paths(search(index, query, on_correction=corrections.__setitem__))[0] == path
    assert corrections == told


def test_the_table_has_stems_of_both_languages() -> None:
    table = russian.table()
    assert len(table) >= 300
    assert all(russian.is_russian(term) for term in table)
    assert all(others and not any(map(russian.is_russian, others)) for others in table.values())
