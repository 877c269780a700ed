"""Answers in pages: bounded, complete, and honest about what changed in between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.mcp.pages import Page, cut, read_page, to_text
from boombap.errors import UsageError
from ctx.assistants import call_tool
from ctx.repositories import repository, write

if TYPE_CHECKING:
    from pathlib import Path

rows = st.lists(st.fixed_dictionaries({"path": st.text(max_size=60), "snippet": st.text(max_size=4_000)}), max_size=40)


def pages(answer: dict[str, Any], arguments: dict[str, object]) -> list[dict[str, Any]]:
    """Return every page of an answer."""
    page, _ = read_page("search", arguments)
    found = [cut(answer, "hits", page, "7")]
    while "next_cursor" in found[-1]:
        page, _ = read_page("search", arguments | {"cursor": found[-1]["next_cursor"]})
        found.append(cut(answer, "hits", page, "7"))
    return found


@given(rows, st.text(max_size=3_000), st.integers(1_000, 20_000))
def test_pages_are_bounded_and_hold_every_row_once(hits: list[Any], query: str, max_bytes: int) -> None:
    answer = {"schema": "x/1", "notes": [], "query": query, "hits": hits}
    found = pages(answer, {"query": query, "max_bytes": max_bytes})
    assert all(len(to_text(page).encode()) <= max_bytes for page in found)
    shown = [row for page in found for row in page["hits"]]
    assert len(shown) == len(hits)
    for before, after in zip(hits, shown, strict=True):
        assert after == before or "… (cut)" in to_text(after)
    assert [page.get("left", 0) for page in found] == [
        len(hits) - sum(len(page["hits"]) for page in found[: number + 1]) for number in range(len(found))
    ]


def test_a_row_that_fits_is_never_cut() -> None:
    hits = [{"snippet": "x" * 7_000}, {"snippet": "y" * 7_000}]
    found = pages({"notes": [], "hits": hits}, {})
    assert [page["hits"] for page in found] == [[hits[0]], [hits[1]]]


parts = st.lists(st.fixed_dictionaries({"name": st.text(max_size=40), "signature": st.text(max_size=160)}), max_size=60)
files = st.lists(
    st.fixed_dictionaries({"path": st.text(max_size=60), "left_out": st.integers(0, 99), "definitions": parts}),
    max_size=8,
)


@given(files, st.integers(1_000, 20_000))
def test_a_row_that_is_too_long_counts_the_parts_that_it_loses(rows: list[Any], max_bytes: int) -> None:
    answer, start = {"notes": [], "files": rows}, 0
    while True:
        page = cut(answer, "files", Page(start, max_bytes, "0" * 8, ""), "7", "definitions")
        assert len(to_text(page).encode()) <= max_bytes
        for before, after in zip(rows[start:], page["files"], strict=False):
            count = len(after["definitions"])
            assert count or not before["definitions"]
            assert after["left_out"] == before["left_out"] + len(before["definitions"]) - count
            if count > 1 and "… (cut)" not in to_text(after):
                assert after["definitions"] == before["definitions"][:count]
        start += len(page["files"])
        if "next_cursor" not in page:
            break
    assert start == len(rows)


@pytest.mark.parametrize(
    "cursor", ["", "7", "1-2-3", "-1-00000000-00000000", "1-00000000-00000000", "x" * 5_000, "١-0-0"]
)
def test_a_cursor_of_nobody_is_an_error(cursor: str) -> None:
    with pytest.raises(UsageError, match="does not belong to this call"):
        read_page("search", {"query": "pool", "cursor": cursor})


@pytest.fixture
def root(isolated: Path) -> Path:
    return repository(isolated, {f"m{number}.py": f"def pool_{number}(): ...\n" for number in range(9)})


def test_a_cursor_belongs_to_the_arguments_of_its_call(root: Path) -> None:
    """Rows of another question from a place in the middle would read as its best answers."""
    first = call_tool(root, "search", {"query": "pool", "max_bytes": 1_000})["answer"]
    cursor = first["next_cursor"]
    assert first["left"] == 9 - len(first["hits"])
    assert "hits" in call_tool(root, "search", {"query": "pool", "cursor": cursor})["answer"]
    failed = call_tool(root, "search", {"query": "pool_1", "cursor": cursor})["failed"]
    assert "repeat the arguments" in failed
    assert "failed" in call_tool(root, "recent", {"cursor": cursor})


def test_a_page_after_a_change_says_so(root: Path) -> None:
    arguments: dict[str, object] = {"query": "pool", "max_bytes": 1_000}
    cursor = call_tool(root, "search", arguments)["answer"]["next_cursor"]
    again = call_tool(root, "search", arguments | {"cursor": cursor})["answer"]
    assert again["notes"] == []
    write(root, {"later.py": "def pool_later(): ...\n"})
    changed = call_tool(root, "search", arguments | {"cursor": cursor})["answer"]
    assert changed["notes"][0].startswith("files changed since the page before")
    assert json.dumps(changed)
