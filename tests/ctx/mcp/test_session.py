"""A session without a process around it: what each message leads to."""

from __future__ import annotations

import json
import select
from typing import TYPE_CHECKING, Any

import pytest

from boombap.ctx.mcp.protocol import HANDSHAKE_VERSIONS as VERSIONS
from boombap.ctx.mcp.session import Place, Session
from boombap.ctx.model import Limits
from ctx.assistants import call_tool
from ctx.repositories import commit, repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Ask = Callable[[object], Any]


@pytest.fixture
def root(isolated: Path) -> Path:
    return repository(isolated, {"pool.py": "class ConnectionPool:\n    def acquire(self): ...\n"})


@pytest.fixture
def ask(root: Path) -> Iterator[Ask]:
    """Return what the server sends for one line, None for nothing."""
    sent: list[object] = []
    session = Session(Place(str(root), str(root.parent / "cache"), Limits(), str(root.parent)), sent.append)

    def send(message: object) -> object:
        sent.clear()
        session.take(message if isinstance(message, bytes) else json.dumps(message).encode())
        session.work()
        while not session.is_idle:
            select.select(session.descriptors, [], [], 0.05)
            session.work()
        return json.loads(json.dumps(sent[-1])) if sent else None

    yield send
    session.abandon()


def call(method: str, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


def search(**arguments: object) -> dict[str, object]:
    return call("tools/call", name="search", arguments=arguments)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{not json", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"7", -32600),
        (b"[]", -32600),
        ({"jsonrpc": "2.0", "id": 1}, -32600),
        ({"jsonrpc": "2.0", "id": None, "method": "ping"}, -32600),
        ({"jsonrpc": "2.0", "id": True, "method": "ping"}, -32600),
        (call("no/such"), -32601),
        (call("tools/call", name="rm", arguments={}), -32602),
        (call("tools/call", name=["search"], arguments={}), -32602),
        (call("tools/call", name="search", arguments=[1]), -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}, -32602),
    ],
)
def test_refusals(ask: Ask, message: object, code: int) -> None:
    assert ask(message)["error"]["code"] == code


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "search needs query"),
        ({"query": 7}, "query must be a text"),
        ({"query": "x", "limit": 0}, "limit must be a whole number from 1 to 100"),
        ({"query": "x", "limit": True}, "limit must be a whole number"),
        ({"query": "x", "lang": "go"}, "search does not have the argument 'lang'; its arguments: query, limit"),
    ],
)
def test_wrong_arguments_are_an_answer_that_says_so(ask: Ask, arguments: dict[str, object], reason: str) -> None:
    result = ask(search(**arguments))["result"]
    assert result["isError"] is True
    assert result["content"][0]["text"].startswith(reason)


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("related", {"file": "pool\ud800.py"}, r"'pool\ud800.py' cannot be the path of an indexed file"),
        ("outline", {"file": "pool\udcff.py"}, r"'pool\udcff.py' cannot be the path of an indexed file"),
        ("outline", {"file": "pool\0.py"}, r"'pool\x00.py' cannot be the path of an indexed file"),
        ("search", {"query": "pool", "path": "po\0ol/*"}, r"'po\x00ol/*' cannot be the path of an indexed file"),
        ("search", {"query": "pool", "path": "*\ud800"}, r"'*\ud800' cannot be the path of an indexed file"),
        ("map", {"budget": 99}, "budget must be a whole number from 100 to 1000000"),
        ("pack", {"query": "x", "budget": 499}, "budget must be a whole number from 500 to 1000000"),
        ("pack", {"budget": 500}, "pack needs query"),
        ("outline", {}, "outline needs file"),
        ("outline", {"file": "pool.py", "budget": 100}, "outline does not have the argument 'budget'"),
    ],
)
def test_wrong_arguments_of_other_tools_too(ask: Ask, name: str, arguments: dict[str, object], reason: str) -> None:
    result = ask(call("tools/call", name=name, arguments=arguments))["result"]
    assert result["isError"] is True
    assert result["content"][0]["text"].startswith(reason)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"query": "acquire", "language": "cobol"}, "'cobol' is not a language here; one of "),
        ({"query": ""}, "search needs something to search for"),
        ({"query": " \n"}, "search needs something to search for"),
    ],
)
def test_a_search_that_cannot_find_anything_says_why(ask: Ask, arguments: dict[str, object], reason: str) -> None:
    """No hits would read as "the code has none"."""
    result = ask(search(**arguments))["result"]
    assert result["isError"] is True
    assert result["content"][0]["text"].startswith(reason)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("status", {}),
        ("pack", {"query": "acquire"}),
        ("outline", {"file": "pool.py"}),
        ("map", {}),
        ("recent", {"since": "3650 days"}),
        ("related", {"file": "pool.py"}),
        ("search", {"query": "acquire"}),
    ],
)
def test_every_tool_answers_json(ask: Ask, name: str, arguments: dict[str, object]) -> None:
    found = json.loads(ask(call("tools/call", name=name, arguments=arguments))["result"]["content"][0]["text"])
    assert found["schema"] == f"boombap.ctx.{name}/1"


@pytest.mark.parametrize("name", ["json.py", "boombap/__init__.py"])
def test_code_of_the_searched_folder_does_not_run(root: Path, ask: Ask, name: str) -> None:
    """Python looks for modules in the working folder first: a repository could run its own code in the server."""
    commit(root, {name: "raise SystemExit('this ran')\n"})
    assert ask(search(query="acquire"))["result"]["isError"] is False


def test_notifications_and_answers_get_none(ask: Ask) -> None:
    assert ask({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}) is None
    assert ask({"jsonrpc": "2.0", "id": 3, "result": {}}) is None
    assert ask(b"  ") is None


def test_a_batch_is_answered_in_one_line(ask: Ask) -> None:
    """Revision 2025-03-26 has batches; the call in it is answered by a process, the ping is not."""
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answers = ask([search(query="acquire"), note, call("ping") | {"id": 8}])
    assert {answer["id"] for answer in answers} == {7, 8}


@pytest.mark.parametrize(("asked", "given"), [(VERSIONS[1], VERSIONS[1]), ("1999-01-01", VERSIONS[0])])
def test_the_version_is_agreed(ask: Ask, asked: str, given: str) -> None:
    assert ask(call("initialize", protocolVersion=asked))["result"]["protocolVersion"] == given


def test_calls_that_are_cancelled_while_they_wait_never_start(root: Path) -> None:
    sent: list[Any] = []
    session = Session(Place(str(root), str(root.parent / "cache"), Limits(), str(root.parent)), sent.append)
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
    for message in (search(query="x"), [search(query="y"), call("ping") | {"id": 8}], cancel):
        session.take(json.dumps(message).encode())
    assert session.is_idle
    assert [[answer["id"] for answer in batch] for batch in sent] == [[8]]


def test_too_many_calls_are_refused(root: Path) -> None:
    sent: list[Any] = []
    session = Session(Place(str(root), str(root.parent / "cache"), Limits(), str(root.parent)), sent.append)
    for number in range(101):
        session.take(json.dumps(search(query="x") | {"id": number}).encode())
    assert [answer["id"] for answer in sent] == [100]
    assert "100 calls are waiting" in sent[0]["error"]["message"]


def test_a_bug_is_an_error_with_the_place_of_its_traceback(root: Path) -> None:
    report = call_tool(root, "related", {})
    assert report["bug"].startswith("a bug in boombap (KeyError); the traceback is in ")
    assert "KeyError" in (root.parent / "state" / "boombap.log").read_text()
