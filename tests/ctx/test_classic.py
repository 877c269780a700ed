"""The plain search, beside the index on the same repository: it finds less, and shows no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boombap.ctx.classic import search
from boombap.ctx.model import Skipped
from boombap.errors import NotFound
from ctx.repositories import ask, git, paths, repository, write

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
FILES: dict[str, str | bytes] = {
    "pool.py": "class ConnectionPool:\n    def acquire(self):\n        '''Wait for a free connection.'''\n",
    "router.go": "package p\n\n// RouterGroup groups handlers.\ntype RouterGroup struct{}\n",
    "tests/test_pool.py": "def test_acquire():\n    ConnectionPool().acquire()\n",
    "кеш.py": "# Обработчик устаревших записей кеша\ndef expire(): ...\n",
    "keys.py": f"password = 'hunter2hunter'\nTOKEN = '{TOKEN}'\n",
    "settings.yaml": "auth:\n  password: kalamari\n  timeout: 30\n",
    "long.py": "".join(f"line_{number} = {number}\n" for number in range(40)) + "def rhyme_scheme():\n    return 16\n",
    "README.md": "# Pool\n\nThe connection pool.\n",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("classic") / "r", FILES)


@pytest.mark.parametrize(
    "query", ["ConnectionPool", "RouterGroup", "записей кеша", "rhyme_scheme", '"Wait for a free connection"']
)
def test_a_word_as_written_leads_both_engines_to_the_same_file(root: Path, query: str) -> None:
    (best, *_), native = search(str(root), query), ask(root, query)
    assert best.path in paths(native[:2])
    assert set(paths(search(str(root), query))) <= set(paths(native))


@pytest.mark.parametrize("query", ["connection pool", "conection", "обработчики"])
def test_what_only_the_index_knows(root: Path, query: str) -> None:
    """Parts of a name, misspelt words and word forms: the definition is not among the plain answers."""
    assert set(paths(ask(root, query))) - set(paths(search(str(root), query)))


def test_a_file_is_one_answer(root: Path) -> None:
    (hit,) = search(str(root), "rhyme_scheme")
    assert (hit.path, hit.start_line, hit.end_line, hit.symbol, hit.kind) == ("long.py", 1, 42, "", "text")
    assert hit.snippet.splitlines()[-1] == "def rhyme_scheme():"
    assert (hit.snippet_line, len(hit.snippet.splitlines())) == (30, 12)
    assert hit.why == (("tf_idf", hit.score),)
    assert 0 < hit.score <= 1


@pytest.mark.parametrize("query", ["password", "TOKEN", "timeout", '"password"'])
def test_secrets_are_masked(root: Path, query: str) -> None:
    hits = search(str(root), query)
    assert hits
    shown = "\n".join(hit.snippet for hit in hits)
    assert not any(secret in shown for secret in ("hunter2", "ghp_", "kalamari"))
    assert "***" in shown


@pytest.mark.parametrize("query", ["hunter2hunter", TOKEN, "kalamari", '"hunter2hunter"', f"{TOKEN} zebra"])
def test_a_secret_is_not_found_by_guessing_it(root: Path, query: str) -> None:
    assert search(str(root), query) == []


def test_what_git_ignores_or_holds_secrets_is_no_answer(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {".gitignore": "local.py\n"})
    (tmp_path / "outside.py").write_text("zebra\n", encoding="utf-8")
    write(root, dict.fromkeys((".env", "secrets.yaml", "local.py", "id_rsa"), "zebra = 1\n"))
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    assert search(str(root), "zebra") == []


def test_a_folder_without_git_is_searched(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    write(root, {"a.py": "zebra\n", ".gitignore": "b.py\n", "b.py": "zebra\n"})
    assert paths(search(str(root), "zebra")) == ["a.py"]


def test_a_bare_repository_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "bare"
    root.mkdir()
    git(root, "init", "-q", "--bare")
    with pytest.raises(NotFound, match="bare repository"):
        search(str(root), "zebra")


def test_a_binary_file_is_named(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"a.py": "zebra\n", "b.py": b"zebra\0zebra"})
    told: list[Skipped] = []
    assert paths(search(str(root), "zebra", on_skipped=told.append)) == ["a.py"]
    assert told == [Skipped("b.py", "binary")]


def test_equal_files_are_sorted_by_path_and_limited(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", dict.fromkeys(("c.py", "a.py", "b.py"), "zebra\n"))
    assert paths(search(str(root), "zebra", 2)) == ["a.py", "b.py"]


def test_a_rare_word_counts_more(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {f"{n}.py": "common\n" for n in range(5)} | {"rare.py": "zebra common\n"})
    assert paths(search(str(root), "common zebra", 1)) == ["rare.py"]


@settings(max_examples=25)
@given(query=st.text(max_size=60))
def test_any_text_is_a_query(root: Path, query: str) -> None:
    assert len(search(str(root), query, 3)) <= 3
