from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.outline import Outline, outline
from boombap.errors import NotFound
from ctx.repositories import indexed, repository

if TYPE_CHECKING:
    from pathlib import Path

POOL = '''\
LIMIT = 10


class ConnectionPool(Base):
    """Connections that are kept."""

    @property
    def size(self) -> int:
        def count():
            return 1
        return count()

    async def acquire(
        self,
        timeout_s: float = 1.0,  # how long
    ) -> Connection: ...


def connect(password="hunter2hunter"): ...
'''
FILES: dict[str, str | bytes] = {
    "pool.py": POOL,
    "empty.py": "import os\n",
    "blob.bin": b"\0\1\2",
    "notes.md": "# Pool\n\n## Size\n\ntext\n",
    "broken.py": "def (((\nclass Kept:\n    def f(self): ...\n)))\n((\n",
}


def of(root: Path, path: str) -> Outline:
    return outline(indexed(root), path)


def test_each_definition_has_its_lines_kind_and_signature_and_its_place_in_others(tmp_path: Path) -> None:
    made = of(repository(tmp_path / "r", FILES), "pool.py")
    assert (made.language, made.parsed, made.lines) == ("python", "grammar", 19)
    assert [
        (entry.start_line, entry.end_line, entry.depth, entry.scope, entry.kind, entry.signature)
        for entry in made.definitions
    ] == [
        (1, 1, 0, "", "constant", "LIMIT = 10"),
        (4, 16, 0, "", "class", "class ConnectionPool(Base)"),
        (7, 11, 1, "ConnectionPool", "method", "def size(self) -> int"),
        (9, 10, 2, "ConnectionPool.size", "function", "def count()"),
        (13, 16, 1, "ConnectionPool", "method", "async def acquire(self, timeout_s: float = 1.0) -> Connection"),
        (19, 19, 0, "", "function", 'def connect(password="***")'),
    ]  # fmt: skip


def test_a_secret_in_a_signature_is_masked(tmp_path: Path) -> None:
    assert "hunter2" not in str(of(repository(tmp_path / "r", FILES), "pool.py"))


def test_headings_are_nested(tmp_path: Path) -> None:
    made = of(repository(tmp_path / "r", FILES), "notes.md")
    assert [(entry.depth, entry.signature) for entry in made.definitions] == [(0, "# Pool"), (1, "## Size")]


def test_a_file_that_does_not_parse_says_that_line_rules_read_it(tmp_path: Path) -> None:
    made = of(repository(tmp_path / "r", FILES), "broken.py")
    assert (made.parsed, [entry.name for entry in made.definitions]) == ("lines", ["Kept", "f"])


def test_a_file_without_definitions_has_none(tmp_path: Path) -> None:
    assert of(repository(tmp_path / "r", FILES), "empty.py").definitions == ()


@pytest.mark.parametrize(
    ("path", "message"), [("gone.py", "gone.py is not a file of "), ("blob.bin", "blob.bin is not indexed: binary")]
)
def test_a_file_that_is_not_indexed_is_refused_with_the_reason(tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(NotFound, match=message):
        of(repository(tmp_path / "r", FILES), path)


def test_a_file_that_went_since_is_refused_with_the_reason(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FILES)
    index = indexed(root)
    (root / "pool.py").unlink()
    with pytest.raises(NotFound, match=r"pool\.py cannot be read: "):
        outline(index, "pool.py")
