"""What each tool answers where something is missing: an assistant has no exit code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from boombap.ctx.indexing.index import open_or_build
from boombap.ctx.mcp.calls import map_, pack, search
from boombap.ctx.mcp.tools import TOOLS
from boombap.ctx.model import Limits
from ctx.assistants import call_tool
from ctx.repositories import repository, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARGUMENTS: dict[str, dict[str, object]] = {
    "search": {"query": "acquire"},
    "pack": {"query": "acquire"},
    "outline": {"file": "pool.py"},
    "map": {},
    "related": {"file": "pool.py"},
    "recent": {"since": "3650 days"},
    "status": {},
}
EVERY = [tool.name for tool in TOOLS]


@pytest.fixture
def root(isolated: Path) -> Path:
    return repository(
        isolated, {"pool.py": "class ConnectionPool:\n    def acquire(self): ...\n", "use.py": "import pool\n"}
    )


def answer(root: Path, name: str, limits: Limits | None = None, **arguments: object) -> dict[str, Any]:
    """Return the answer of a tool to a call with its usual arguments and others."""
    report = call_tool(root, name, ARGUMENTS[name] | arguments, limits=limits)
    assert "answer" in report, report
    found: dict[str, Any] = report["answer"]
    return found


@pytest.mark.parametrize("name", EVERY)
def test_an_answer_from_everything_is_complete(root: Path, name: str) -> None:
    found = answer(root, name)
    assert (found["is_complete"], found["notes"]) == (True, [])


@pytest.mark.parametrize("name", EVERY)
def test_files_over_the_limits_make_an_answer_incomplete(root: Path, name: str) -> None:
    found = answer(root, name, limits=Limits(files=1))
    assert found["is_complete"] is False
    assert found["notes"] == ["1 file left out: beyond ctx.max_files (1)"]


@pytest.mark.parametrize("name", EVERY)
def test_files_with_unreadable_names_make_an_answer_incomplete(root: Path, name: str) -> None:
    """Only `status` named them."""
    (root / os.fsdecode(b"lease\xff.py")).write_text("def acquire(): ...\n")
    found = answer(root, name)
    assert found["is_complete"] is False
    assert found["notes"] == ["1 file left out: name is not UTF-8"]


@pytest.mark.parametrize(
    ("name", "is_complete"), [(name, name not in {"recent", "related", "status"}) for name in EVERY]
)
def test_a_history_that_cannot_be_read_is_missing_where_it_counts(root: Path, name: str, is_complete: bool) -> None:
    for file in (root / ".git" / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(b"")
    found = answer(root, name)
    assert found["is_complete"] is is_complete
    assert found["notes"] == ["git could not read the history: no statistics"]


@pytest.mark.parametrize("name", ["search", "pack", "map"])
def test_a_path_without_files_is_named(root: Path, name: str) -> None:
    """An empty answer alone would read as "the code has none"."""
    write(root, {".env": "A=1\n"})
    assert answer(root, name, path="gone")["notes"] == ["no indexed file matches gone"]
    assert answer(root, name, path=".env")["notes"] == ["no indexed file matches .env: holds secrets"]
    assert answer(root, name, path="pool.py")["notes"] == []


@pytest.mark.parametrize("count", [1, 5])
def test_files_that_the_map_cannot_read_are_named(isolated: Path, count: int) -> None:
    root = repository(isolated, {f"m{number}.py": "def acquire(): ...\n" for number in range(count)})
    index = open_or_build(root, root.parent / "cache")
    for number in range(count):
        (root / f"m{number}.py").unlink()
    found = map_(index, {}, "")
    index.close()
    assert (found["is_complete"], found["files"]) == (False, [])
    assert found["notes"] == [
        "1 file cannot be read: `unread` names them"
        if count == 1
        else "5 files cannot be read: `unread` names the first"
    ]
    assert found["unread"][0] == {"path": "m0.py", "reason": "vanished"}
    assert len(found["unread"]) == min(count, 3)


@pytest.mark.parametrize("ask", [search, pack])
def test_files_that_a_search_cannot_read_are_named(isolated: Path, ask: Callable[..., dict[str, Any]]) -> None:
    """Their chunks were dropped without a word."""
    root = repository(isolated, {f"m{number}.py": "def acquire(): ...\n" for number in range(3)})
    index = open_or_build(root, root.parent / "cache")
    (root / "m0.py").unlink()
    assert ask(index, {"query": "acquire"}, "")["is_complete"] is True
    (root / "m1.py").unlink()
    os.mkfifo(root / "m1.py")
    found = ask(index, {"query": "acquire"}, "")
    assert (found["is_complete"], found["notes"]) == (False, ["m1.py (not a regular file) cannot be read"])
    (root / "m2.py").unlink()
    os.mkfifo(root / "m2.py")
    (note,) = ask(index, {"query": "acquire"}, "")["notes"]
    index.close()
    assert note.startswith("2 files cannot be read: m")


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("outline", {"file": "gone.py"}, "gone.py is not a file of "),
        ("outline", {"file": "uv.lock"}, "uv.lock is not indexed: lock file"),
        ("outline", {"file": "/etc/hosts"}, "/etc/hosts is not in "),
        ("pack", {"query": " "}, "pack needs something to search for"),
        (
            "pack",
            {"query": "rewind", "budget": 500},
            "no answer fits into 500 tokens; the best one needs a budget of 9",
        ),
        ("pack", {"query": "acquire", "language": "cobol"}, "'cobol' is not a language here; one of "),
        ("map", {"language": "cobol"}, "'cobol' is not a language here; one of "),
        ("map", {"path": "../elsewhere"}, "../elsewhere is not in "),
    ],
)
def test_what_cannot_be_answered_says_why(root: Path, name: str, arguments: dict[str, object], reason: str) -> None:
    write(root, {"uv.lock": "x\n", "tape.py": "rewind = '" + "wow flutter " * 300 + "'\n"})
    assert call_tool(root, name, arguments)["failed"].startswith(reason)


def test_an_answer_is_that_of_the_command_line(root: Path) -> None:
    assert [(entry["name"], entry["depth"]) for entry in answer(root, "outline")["definitions"]] == [
        ("ConnectionPool", 0),
        ("acquire", 1),
    ]
    assert [file["path"] for file in answer(root, "map", budget=100)["files"]] == ["pool.py"]
    (part,) = answer(root, "pack")["parts"]
    assert part["text"] == "class ConnectionPool:\n    def acquire(self): ..."
