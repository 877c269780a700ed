"""The how-to as a newcomer copies it: each configuration starts a server that answers."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from boombap.ctx.mcp.tools import TOOLS
from ctx.repositories import repository

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/howto/give-an-assistant-code-search.md").read_text(encoding="utf-8")
CONFIGURATIONS = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def server(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the one server that a configuration names, in whatever form."""
    ((_, servers),) = configuration.items()
    ((_, found),) = servers.items()
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_configuration_works_when_copied(isolated: Path, configuration: dict[str, Any]) -> None:
    """Started in `/`, as desktop applications do it, with only the folder of the project put in."""
    root = repository(isolated, {"pool.py": "class ConnectionPool: ...\n"})
    settings = server(configuration)
    words = [re.sub(r"^(\$\{workspaceFolder\}|/path/to/project)$", str(root), word) for word in settings["args"]]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))

    async def searched() -> Any:
        parameters = StdioServerParameters(
            command=settings["command"], args=words, cwd="/", env={**os.environ, "PATH": path}
        )
        async with Client(parameters) as client:
            return await client.call_tool("search", {"query": "ConnectionPool"})

    assert json.loads(anyio.run(searched).content[0].text)["hits"][0]["path"] == "pool.py"


def test_there_is_a_configuration_for_code_and_one_for_others() -> None:
    assert [list(configuration) for configuration in CONFIGURATIONS] == [["servers"], ["mcpServers"]]


@pytest.mark.parametrize("page", ["howto/give-an-assistant-code-search.md", "reference/ctx.md"])
def test_every_tool_is_named(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [tool.name for tool in TOOLS]


def test_the_help_names_every_tool() -> None:
    from boombap.ctx.cli import TOOL

    (action,) = (action for action in TOOL.actions if action.name == "mcp")
    assert [tool.name for tool in TOOLS if not re.search(rf"\b{tool.name}\b", action.summary)] == []
