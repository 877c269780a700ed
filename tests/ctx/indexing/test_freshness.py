"""Large trees: each search continues the check where the last one stopped, `ctx index` looks at every file."""

from __future__ import annotations

import json
import os
from math import inf
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.indexing.freshness import state
from boombap.ctx.indexing.store import place
from boombap.ctx.model import Limits
from ctx.assistants import call_tool
from ctx.repositories import indexed, repository, run_in, write

if TYPE_CHECKING:
    from pathlib import Path

    from boombap.ctx.indexing.index import Index

FILES = 400
OLD_S, FUTURE_S = 1_000_000_000, 4_000_000_000


@pytest.fixture
def root(isolated: Path) -> Path:
    names = {f"m{number:03}.py": f"def number_{number}(): ...\n" for number in range(FILES)}
    return repository(isolated, dict(names))


def check(index: Index, root: Path) -> str:
    """Check as if the time were over after each 64 files."""
    path = place(str(root.parent / "cache"), str(root))
    return state(index.database, str(root), path, Limits(), at_once=10, within_s=0.0)


def set_times(root: Path, seconds: int) -> None:
    for number in range(FILES):
        os.utime(root / f"m{number:03}.py", (seconds, seconds))


def checks_until_stale(index: Index, root: Path) -> int:
    """Return how many checks say that not all was looked at, before one finds the change."""
    for number in range(FILES):
        found = check(index, root)
        if found == "stale":
            return number
        assert found == "unknown"
    raise AssertionError("the change was not found")


def test_each_check_continues_where_the_last_one_stopped(root: Path) -> None:
    set_times(root, OLD_S)
    index = indexed(root)
    write(root, {f"m{FILES - 1}.py": "def changed(): ...\n"})
    assert 0 < checks_until_stale(index, root) <= FILES // 64


def test_bytes_are_compared_in_turn_too(root: Path) -> None:
    """Files as new as their index may have changed within the same size and time: only their bytes tell."""
    set_times(root, FUTURE_S)
    index = indexed(root)
    name = "m100.py"
    write(root, {name: "def number_999(): ...\n"})
    os.utime(root / name, (FUTURE_S, FUTURE_S))
    assert 0 < checks_until_stale(index, root) <= 101


def test_a_check_without_a_limit_looks_at_every_file(root: Path) -> None:
    set_times(root, OLD_S)
    index = indexed(root)
    write(root, {f"m{FILES - 1}.py": "def changed(): ...\n"})
    path = place(str(root.parent / "cache"), str(root))
    assert state(index.database, str(root), path, Limits(), at_once=10, within_s=inf) == "stale"
    assert indexed(root, is_thorough=True).built


def test_the_answer_says_what_was_left_out(root: Path) -> None:
    """Protects text, JSON and MCP from a silent "nothing found" in a tree over the limits."""
    index = indexed(root, limits=Limits(files=FILES - 3))
    assert index.all_notes == [f"3 files left out: beyond ctx.max_files ({FILES - 3})"]
    answer = call_tool(root, "search", {"query": "number"}, limits=Limits(files=FILES - 3))["answer"]
    assert "3 files left out" in answer["notes"][0]


@pytest.mark.parametrize(("at_once", "is_partial"), [(10, True), (FILES, False)])
def test_an_index_says_whether_all_files_were_looked_at(root: Path, at_once: int, is_partial: bool) -> None:
    indexed(root)
    index = indexed(root, at_once=at_once, within_s=0.0)
    assert index.is_partial is is_partial
    assert bool(index.all_notes) is is_partial


@pytest.mark.parametrize(
    "words",
    [("search", '"gone"'), ("search", "-e", "gone"), ("search", "--json", '"gone"'), ("recent", "--since", "1 s")],
)
def test_nothing_found_where_files_were_left_out_is_not_a_verdict(
    root: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    assert run_in(root, *words).returncode == 1
    monkeypatch.setenv("BOOMBAP_CTX_MAX_FILES", str(FILES - 3))
    shown = run_in(root, *words)
    assert shown.returncode == 4
    assert "3 files left out" in shown.stderr
    assert run_in(root, "search", "number_1").returncode == 0


def test_the_command_says_what_was_left_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOMBAP_CTX_MAX_FILES", str(FILES - 3))
    shown = run_in(root, "search", "number_1")
    assert "3 files left out" in shown.stderr
    assert "3 files left out" in json.loads(run_in(root, "search", "--json", "number_1").stdout)["notes"][0]
