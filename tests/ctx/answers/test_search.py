from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.answers.filter import Filter
from boombap.ctx.answers.grep import grep
from boombap.ctx.answers.search import search
from boombap.ctx.answers.status import status
from boombap.ctx.indexing.index import open_or_build
from boombap.ctx.ranking.fuzzy import distance
from boombap.errors import UsageError
from ctx.repositories import ask, indexed, paths, repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boombap.ctx.indexing.index import Index

FILES: dict[str, str | bytes] = {
    "pool.py": "class ConnectionPool:\n    def acquire(self):\n        '''Wait for a free connection.'''\n",
    "router.go": "package p\n\n// RouterGroup groups handlers.\ntype RouterGroup struct{}\n",
    "tests/test_pool.py": "def test_acquire():\n    ConnectionPool().acquire()\n",
    "кеш.py": "# Обработчик устаревших записей кеша\ndef expire(): ...\n",
    "cjk.py": "# 数据库连接池\ndef open_all(): ...\n",
    "keys.py": "password = 'hunter2hunter'\nTOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'\n",
    "README.md": "# Pool\n\nThe connection pool.\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = repository(tmp_path_factory.mktemp("search") / "r", FILES)
    made = open_or_build(root, root.parent / "cache")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("ConnectionPool", "pool.py"),
        ("connection pool", "pool.py"),
        ("router group", "router.go"),
        ("conection pool", "pool.py"),
        ("обработчики кеша", "кеш.py"),
        ("连接池", "cjk.py"),
        ("test acquire", "tests/test_pool.py"),
    ],
)
def test_the_answer_comes_first(index: Index, query: str, path: str) -> None:
    assert search(index, query)[0].path == path


def test_a_hit_says_where_and_why(index: Index) -> None:
    hit = search(index, "RouterGroup", limit=1)[0]
    assert (hit.start_line, hit.end_line, hit.symbol, hit.kind) == (1, 4, "RouterGroup", "type")
    assert dict(hit.why)["definition"] > 0
    assert "type RouterGroup struct" in hit.snippet


@pytest.mark.parametrize(
    "query",
    ["", " ", "the of", "AND", 'a" OR "b', "NEAR(a b)", "path:pool", "pool*", "^pool", "-pool", "(", '"',
     '""', "'", ";--",
     "\0", "pool\0", "🎧", "{path}:x", "a" * 10_000,
     "пул " * 3_000, '"' * 999],
)  # fmt: skip
def test_no_query_is_syntax(index: Index, query: str) -> None:
    assert isinstance(search(index, query), list)


@given(st.text(max_size=60))
def test_any_text_is_a_query(index: Index, query: str) -> None:
    assert len(search(index, query, limit=3)) <= 3


def test_a_question_is_cut_after_64_terms(index: Index) -> None:
    """The work of a question is bounded: what stands behind a long text of other words is not looked up."""
    others = " ".join(f"{first}zqx{second}wv" for first in "bcdfghjkl" for second in "bcdfghjk")
    assert paths(search(index, f"ConnectionPool {others}")) != []
    assert search(index, f"{others} ConnectionPool") == []


def test_a_column_filter_is_only_words(index: Index) -> None:
    assert paths(search(index, "symbol:ConnectionPool"))[0] == "pool.py"


def test_secrets_are_in_no_snippet_and_not_in_the_index(index: Index) -> None:
    hits = search(index, "password token", only=Filter(paths=["keys.py"]))
    assert hits
    assert all("hunter2" not in hit.snippet and "ghp_" not in hit.snippet for hit in hits)
    assert index.database.execute("SELECT 1 FROM words WHERE word LIKE '%hunter2%'").fetchone() is None


def test_quotes_mean_as_written(index: Index) -> None:
    assert paths(search(index, '"Wait for a free connection"')) == ["pool.py"]
    assert search(index, '"wait For a free connection"') == []
    assert search(index, '"conection"') == []


def test_filters(index: Index) -> None:
    assert set(paths(search(index, "pool", only=Filter(paths=["tests"])))) == {"tests/test_pool.py"}
    assert set(paths(search(index, "pool", only=Filter(languages=["markdown"])))) == {"README.md"}
    assert all(path.endswith(".py") for path in paths(search(index, "pool", only=Filter(paths=["*.py"]))))


def test_a_misspelt_word_is_told(index: Index) -> None:
    told = {}
    search(index, "aquire", on_correction=told.__setitem__)
    assert told == {"aquire": "acquire"}


def test_regular_expressions(index: Index) -> None:
    hits = grep(index, r"def \w+acquire")
    assert [(hit.path, hit.start_line) for hit in hits] == [("tests/test_pool.py", 1)]
    with pytest.raises(UsageError, match="regular expression"):
        grep(index, "(")


def test_the_same_question_has_the_same_answer(index: Index) -> None:
    assert search(index, "connection pool handler") == search(index, "connection pool handler")


def test_an_empty_repository_has_no_answer(tmp_path: Path) -> None:
    assert ask(repository(tmp_path / "r", {}), "anything") == []


@given(st.text(alphabet="abc", max_size=6), st.text(alphabet="abc", max_size=6))
def test_distance_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert distance(one, other, 2) == distance(other, one, 2)
    assert (distance(one, other, 2) == 0) == (one == other)


@pytest.mark.parametrize("query", ["ConectionPool", "ConnectionPol", "RouterGruop"])
def test_a_misspelt_name_finds_its_definition(index: Index, query: str) -> None:
    hit = search(index, query, limit=1)[0]
    assert hit.symbol in {"ConnectionPool", "RouterGroup"}
    assert dict(hit.why)["definition"] > 0


def test_one_long_line_does_not_hide_a_file(tmp_path: Path) -> None:
    """Its first part is found too, and no part of a secret that the cut goes through."""
    key = "ghp_" + "a1B2c3D4e5" * 4
    line = "data = 'first_words " + "filler " * 710 + key + "'"
    assert len(line.partition(key)[0]) < 5000 < len(line)
    root = repository(tmp_path / "r", {"table.py": f"def wanted_function(): ...\n\n\n{line}\n"})
    assert paths(ask(root, "wanted_function")) == paths(ask(root, "first_words")) == ["table.py"]
    assert not any(key[:12] in hit.snippet for hit in ask(root, "filler"))
    index = indexed(root)
    assert not any(key[4:12].lower() in word for (word,) in index.database.execute("SELECT word FROM words"))
    assert status(index, str(tmp_path))["cut_lines"] == ["table.py"]
