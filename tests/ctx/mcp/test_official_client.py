"""The official SDK as the client, in the revisions that it speaks."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from jsonschema import Draft202012Validator
from mcp import Client, StdioServerParameters
from mcp_types import ListRootsResult, Root

from boombap.ctx.mcp.tools import TOOLS
from ctx.repositories import repository
from schemas.validation import closed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Talk = Callable[[Client], Awaitable[Any]]

STATELESS, HANDSHAKE = "2026-07-28", "legacy"


@pytest.fixture
def root(isolated: Path) -> Path:
    return repository(isolated, {"pool.py": "class ConnectionPool:\n    def acquire(self): ...\n"})


def talk(folder: Path | str, mode: str, say: Talk, **options: Any) -> Any:
    """Return what a client makes of the server in a folder."""

    async def connected() -> Any:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "boombap", "ctx", "mcp"], cwd=str(folder), env=dict(os.environ)
        )
        async with Client(server, mode=mode, **options) as client:
            return await say(client)

    return anyio.run(connected)


def hits(answer: Any) -> Any:
    assert not answer.is_error, answer
    return json.loads(answer.content[0].text)["hits"]


@pytest.mark.parametrize(
    ("mode", "version"), [(STATELESS, "2026-07-28"), ("auto", "2026-07-28"), (HANDSHAKE, "2025-11-25")]
)
def test_it_searches(root: Path, mode: str, version: str) -> None:
    """r16: the current revision was not known."""

    async def say(client: Client) -> Any:
        tools = await client.list_tools()
        answer = await client.call_tool("search", {"query": "ConnectionPool"})
        return client.protocol_version, [tool.name for tool in tools.tools], answer

    agreed, names, answer = talk(root, mode, say)
    assert agreed == version
    assert names == ["search", "pack", "outline", "map", "related", "recent", "status"]
    assert hits(answer)[0]["symbol"] == "ConnectionPool"


@pytest.mark.parametrize("mode", [STATELESS, HANDSHAKE])
def test_every_tool_says_what_it_answers_and_keeps_to_it(root: Path, mode: str) -> None:
    """The client checks each structured answer against the schema of its tool by itself; here no key may be unnamed."""
    arguments = {
        "search": {"query": "acquire conection"},
        "pack": {"query": "acquire conection", "language": "python"},
        "outline": {"file": "pool.py"},
        "map": {"budget": 500, "path": "*.py"},
        "related": {"file": "pool.py"},
        "recent": {"since": "3650 days"},
    }

    async def say(client: Client) -> Any:
        tools = (await client.list_tools()).tools
        return [(tool, await client.call_tool(tool.name, arguments.get(tool.name, {}))) for tool in tools]

    answered = talk(root, mode, say)
    assert len(answered) == len(TOOLS)
    for tool, answer in answered:
        assert not answer.is_error, answer
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.open_world_hint is False
        assert answer.structured_content == json.loads(answer.content[0].text)
        assert answer.structured_content["is_complete"] is True
        errors = Draft202012Validator(closed(tool.output_schema)).iter_errors(answer.structured_content)
        assert [error.message for error in errors] == [], tool.name
        Draft202012Validator.check_schema(tool.input_schema)
        assert Draft202012Validator(tool.input_schema).is_valid(arguments.get(tool.name, {}))


@pytest.mark.parametrize("mode", [STATELESS, HANDSHAKE])
def test_it_reads_all_pages(isolated: Path, mode: str) -> None:
    many = repository(isolated, {f"m{number:03}.py": f"def pool_{number}(): ...\n" for number in range(90)})

    async def say(client: Client) -> Any:
        arguments: dict[str, object] = {"query": "pool", "limit": 90}
        pages = [await client.call_tool("search", arguments)]
        while "next_cursor" in (content := pages[-1].structured_content):
            pages.append(await client.call_tool("search", arguments | {"cursor": content["next_cursor"]}))
        return pages

    pages = talk(many, mode, say)
    assert len(pages) > 2
    assert all(len(page.content[0].text.encode()) <= 8_000 for page in pages)
    paths = [hit["path"] for page in pages for hit in hits(page)]
    assert len(paths) == len(set(paths)) == 90


@pytest.mark.parametrize(
    ("name", "arguments", "rows"),
    [
        ("pack", {"query": "acquire", "budget": 4_000}, "parts"),
        ("outline", {"file": "m0.py"}, "definitions"),
        ("map", {"budget": 4_000}, "files"),
    ],
)
def test_what_is_longer_than_a_page_comes_in_several(
    isolated: Path, name: str, arguments: dict[str, object], rows: str
) -> None:
    pool = "".join(f"def acquire_{number}(first, second):\n    return first\n\n\n" for number in range(20))
    many = repository(isolated, {f"m{number}.py": pool for number in range(4)})

    async def say(client: Client) -> Any:
        (tool,) = [tool for tool in (await client.list_tools()).tools if tool.name == name]
        whole = await client.call_tool(name, arguments | {"max_bytes": 100_000})
        pages = [await client.call_tool(name, arguments | {"max_bytes": 1_000})]
        while "next_cursor" in (content := pages[-1].structured_content):
            more = {"max_bytes": 1_000, "cursor": content["next_cursor"]}
            pages.append(await client.call_tool(name, arguments | more))
        return tool, whole, pages

    tool, whole, pages = talk(many, "auto", say)
    for page in pages:
        assert len(page.content[0].text.encode()) <= 1_000
        errors = Draft202012Validator(closed(tool.output_schema)).iter_errors(page.structured_content)
        assert [error.message for error in errors] == []
    key = {"pack": "path", "outline": "name", "map": "path"}[name]
    shown = [row[key] for page in pages for row in page.structured_content[rows]]
    assert len(pages) > 2
    assert shown == [row[key] for row in whole.structured_content[rows]]


@pytest.mark.parametrize("mode", [STATELESS, HANDSHAKE])
def test_it_is_told_of_progress(root: Path, mode: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async def say(client: Client) -> Any:
        return await client.call_tool("search", {"query": "ConnectionPool"}, progress_callback=on_progress)

    assert hits(talk(root, mode, say))
    assert told[0] == (0, 1, "indexing: 0 of 1 files")


@pytest.mark.filterwarnings("ignore:The roots capability is deprecated")
@pytest.mark.parametrize("mode", [STATELESS, HANDSHAKE])
def test_it_names_the_project_of_a_server_without_one(root: Path, mode: str) -> None:
    async def list_roots(_: object) -> ListRootsResult:
        return ListRootsResult(roots=[Root(uri="file:///"), Root(uri=root.as_uri())])

    async def say(client: Client) -> Any:
        return [await client.call_tool("search", {"query": "ConnectionPool"}) for _ in range(2)]

    for answer in talk("/", mode, say, list_roots_callback=list_roots):
        assert hits(answer)[0]["path"] == "pool.py"


@pytest.mark.parametrize("mode", [STATELESS, HANDSHAKE])
def test_a_client_without_roots_is_told_what_to_do(root: Path, mode: str) -> None:
    async def say(client: Client) -> Any:
        return await client.call_tool("search", {"query": "ConnectionPool"})

    answer = talk("/", mode, say)
    assert answer.is_error
    assert "ctx mcp --root FOLDER" in answer.content[0].text
