from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from boombap.ctx.indexing.index import open_or_build
from boombap.ctx.mcp.server import VERSIONS, _Server
from ctx.repositories import repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def root(isolated: Path) -> Path:
    return repository(isolated, {"pool.py": "class ConnectionPool:\n    def acquire(self): ...\n"})


def test_the_official_client_searches(root: Path) -> None:
    async def talk() -> tuple[list[str], Any]:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "boombap", "ctx", "mcp"], cwd=str(root), env=dict(os.environ)
        )
        async with stdio_client(server) as streams, ClientSession(*streams) as session:
            await session.initialize()
            tools = await session.list_tools()
            answer = await session.call_tool("search", {"query": "ConnectionPool"})
            return [tool.name for tool in tools.tools], answer

    names, answer = anyio.run(talk)
    assert names == ["search", "related", "recent", "status"]
    assert json.loads(answer.content[0].text)["hits"][0]["symbol"] == "ConnectionPool"


@pytest.fixture
def ask(root: Path) -> Callable[[object], Any]:
    server = _Server(lambda: open_or_build(root, root.parent / "cache"), str(root.parent / "cache"))
    return lambda message: server.answer(message if isinstance(message, bytes) else json.dumps(message).encode())


def call(method: str, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{not json", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"7", -32600),
        ({"jsonrpc": "2.0", "id": 1}, -32600),
        (call("no/such"), -32601),
        (call("tools/call", name="rm", arguments={}), -32602),
        (call("tools/call", name="search", arguments=[1]), -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}, -32602),
    ],
)
def test_refusals(ask: Callable[[object], Any], message: object, code: int) -> None:
    assert ask(message)["error"]["code"] == code


@pytest.mark.parametrize("arguments", [{}, {"query": 7}, {"query": "x", "limit": 0}, {"query": "x", "limit": True}])
def test_wrong_arguments_are_an_answer_that_says_so(ask: Callable[[object], Any], arguments: dict[str, object]) -> None:
    assert ask(call("tools/call", name="search", arguments=arguments))["result"]["isError"] is True


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"query": "acquire", "language": "cobol"}, "'cobol' is not a language here; one of "),
        ({"query": ""}, "search needs something to search for"),
        ({"query": " \n"}, "search needs something to search for"),
    ],
)
def test_a_search_that_cannot_find_anything_says_why(
    ask: Callable[[object], Any], arguments: dict[str, object], reason: str
) -> None:
    """No hits would read as "the code has none"."""
    result = ask(call("tools/call", name="search", arguments=arguments))["result"]
    assert result["isError"] is True
    assert result["content"][0]["text"].startswith(reason)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("status", {}),
        ("recent", {"since": "3650 days"}),
        ("related", {"file": "pool.py"}),
        ("search", {"query": "acquire"}),
    ],
)
def test_every_tool_answers_json(ask: Callable[[object], Any], name: str, arguments: dict[str, object]) -> None:
    found = json.loads(ask(call("tools/call", name=name, arguments=arguments))["result"]["content"][0]["text"])
    assert found["schema"] == f"boombap.ctx.{name}/1"


def test_notifications_and_answers_get_none(ask: Callable[[object], Any]) -> None:
    assert ask({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}) is None
    assert ask({"jsonrpc": "2.0", "id": 3, "result": {}}) is None
    assert ask(b"  ") is None


@pytest.mark.parametrize(("asked", "given"), [(VERSIONS[1], VERSIONS[1]), ("1999-01-01", VERSIONS[0])])
def test_the_version_is_agreed(ask: Callable[[object], Any], asked: str, given: str) -> None:
    assert ask(call("initialize", protocolVersion=asked))["result"]["protocolVersion"] == given


def test_stdout_holds_messages_only(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "boombap", "ctx", "mcp"]
    text = '{"jsonrpc":"2.0","id":1,"method":"ping"}\nnoise\n'
    done = subprocess.run(command, cwd=root, input=text, capture_output=True, text=True, timeout=30, check=False)
    assert [json.loads(line).get("id") for line in done.stdout.splitlines()] == [1, None]
    assert done.returncode == 0


def test_a_cancelled_request_that_still_waits_gets_no_answer(root: Path) -> None:
    server = _Server(lambda: open_or_build(root, root.parent / "cache"), str(root.parent / "cache"))
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}}
    messages = [call("ping") | {"id": 1}, call("ping") | {"id": 2}, call("initialize") | {"id": 3}, cancel]
    cancel_first = cancel | {"params": {"requestId": 3}}
    lines = [json.dumps(message).encode() for message in [*messages, cancel_first]]
    assert [answer["id"] for answer in server.answers([*lines, b"noise notifications/cancelled"])] == [1, 3, None]  # type: ignore[index]


def test_lines_may_arrive_in_pieces(root: Path) -> None:
    command = [sys.executable, "-m", "boombap", "ctx", "mcp", "--root", str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for piece in (b'{"jsonrpc":"2.0","id":1,', b'"method":"ping"}', b"\n"):
            child.stdin.write(piece)
            child.stdin.flush()
        assert json.loads(child.stdout.readline())["id"] == 1
        child.stdin.write(b'{"jsonrpc":"2.0","id":2,"method":"ping"}')
        child.stdin.close()
        assert json.loads(child.stdout.readline())["id"] == 2
