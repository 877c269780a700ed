"""`ctx mcp` started where there is nothing to search: the client names the folder."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ctx.repositories import repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Session:
    """`ctx mcp` as a process, started where there is nothing to search."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child

    def send(self, **message: object) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.child.stdin.flush()

    def hear(self) -> Any:
        assert self.child.stdout is not None
        return json.loads(self.child.stdout.readline())

    def start(self, **capabilities: object) -> None:
        params = {"protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": {"name": "t"}}
        self.send(id=1, method="initialize", params=params)
        assert self.hear()["result"]["serverInfo"]["name"] == "boombap-ctx"
        self.send(method="notifications/initialized")

    def call(self, identity: int) -> None:
        self.send(id=identity, method="tools/call", params={"name": "search", "arguments": {"query": "pool"}})


@pytest.fixture
def session(isolated: Path) -> Iterator[Session]:
    command = [sys.executable, "-m", "boombap", "ctx", "mcp"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd="/", stdin=pipe, stdout=pipe, text=True) as child:
        yield Session(child)
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(20) == 0


def test_mcp_without_a_project_says_what_to_do(session: Session) -> None:
    session.start()
    session.call(2)
    answer = session.hear()
    assert answer["id"] == 2
    assert answer["result"]["isError"] is True
    assert "ctx mcp --root FOLDER" in answer["result"]["content"][0]["text"]


def test_mcp_works_as_soon_as_the_client_names_a_root(session: Session, tmp_path: Path) -> None:
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
def test_mcp_takes_no_root_that_is_not_a_project(session: Session, uri: object) -> None:
    session.start(roots={})
    asked = session.hear()
    session.send(id=asked["id"], result={"roots": [{"uri": uri}]})
    session.call(2)
    assert session.hear()["result"]["isError"] is True


def test_mcp_takes_a_root_that_is_named_later(session: Session, tmp_path: Path) -> None:
    root = repository(tmp_path / "later", {"pool.py": "def pool(): ...\n"})
    session.start(roots={"listChanged": True})
    session.send(id=session.hear()["id"], error={"code": -32601, "message": "not now"})
    session.call(2)
    assert session.hear()["result"]["isError"] is True
    session.send(method="notifications/roots/list_changed")
    session.send(id=session.hear()["id"], result={"roots": [{"uri": root.as_uri()}]})
    session.call(3)
    assert session.hear()["result"]["isError"] is False
