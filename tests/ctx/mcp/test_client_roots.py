"""`ctx mcp` started where there is nothing to search: the client names the folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ctx.assistants import Assistant, assistant
from ctx.repositories import repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def session(isolated: Path) -> Iterator[Assistant]:
    """Return a server that was started where there is nothing to search."""
    with assistant("/") as started:
        yield started
    assert started.child.returncode == 0


def test_mcp_without_a_project_says_what_to_do(session: Assistant) -> None:
    session.start()
    session.call(2)
    answer = session.hear()
    assert answer["id"] == 2
    assert answer["result"]["isError"] is True
    assert "ctx mcp --root FOLDER" in answer["result"]["content"][0]["text"]


def test_mcp_works_as_soon_as_the_client_names_a_root(session: Assistant, tmp_path: Path) -> None:
    """The question comes before the client's answer, as clients do: it waits for the root instead of failing."""
    root = repository(tmp_path / "a project", {"pool.py": "def pool(): ...\n"})
    session.start(roots={"listChanged": True})
    session.call(2)
    asked = session.hear()
    assert asked["method"] == "roots/list"
    session.send(id=asked["id"], result={"roots": [{"uri": "file:///"}, {"uri": root.as_uri()}]})
    answer = session.hear()
    assert answer["id"] == 2
    assert json.loads(answer["result"]["content"][0]["text"])["hits"][0]["path"] == "pool.py"


@pytest.mark.parametrize("uri", ["file:///", "https://example.com/x", "file:///nowhere/at/all", 7, "file:///%00"])
def test_mcp_takes_no_root_that_is_not_a_project(session: Assistant, uri: object) -> None:
    session.start(roots={})
    asked = session.hear()
    session.send(id=asked["id"], result={"roots": [{"uri": uri}]})
    session.call(2)
    assert session.hear()["result"]["isError"] is True


def test_mcp_takes_a_root_that_is_named_later(session: Assistant, tmp_path: Path) -> None:
    root = repository(tmp_path / "later", {"pool.py": "def pool(): ...\n"})
    session.start(roots={"listChanged": True})
    session.send(id=session.hear()["id"], error={"code": -32601, "message": "not now"})
    session.call(2)
    assert session.hear()["result"]["isError"] is True
    session.send(method="notifications/roots/list_changed")
    session.send(id=session.hear()["id"], result={"roots": [{"uri": root.as_uri()}]})
    session.call(3)
    assert session.hear()["result"]["isError"] is False
