"""Revision 2026-07-28, message by message: each request says its revision and the capabilities of its client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from mcp_types import _v2026_07_28 as revision

from boombap.ctx.mcp.protocol import STATELESS_VERSIONS
from ctx.assistants import Assistant, assistant
from ctx.repositories import repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "io.modelcontextprotocol/"
META = {KEY + "protocolVersion": "2026-07-28", KEY + "clientCapabilities": {}}


@pytest.fixture
def root(isolated: Path) -> Path:
    return repository(isolated, {"pool.py": "def pool(): ...\n"})


@pytest.fixture
def client(root: Path) -> Iterator[Assistant]:
    with assistant(root) as started:
        yield started


def ask(client: Assistant, method: str, meta: object = None, **params: object) -> Any:
    client.send(id=1, method=method, params={"_meta": META if meta is None else meta, **params})
    answer = client.hear()
    assert answer["id"] == 1
    return answer


def test_each_result_is_of_the_revision(client: Assistant) -> None:
    discovered = ask(client, "server/discover")["result"]
    assert revision.DiscoverResult.model_validate(discovered).supported_versions[0] == STATELESS_VERSIONS[0]
    listed = revision.ListToolsResult.model_validate(ask(client, "tools/list")["result"])
    assert listed.cache_scope == "public"
    assert listed.ttl_ms > 0
    called = ask(client, "tools/call", name="search", arguments={"query": "pool"})["result"]
    assert revision.CallToolResult.model_validate(called).result_type == "complete"
    for result in (discovered, called):
        assert result["_meta"][KEY + "serverInfo"]["name"] == "boombap-ctx"


def test_a_client_that_knows_nothing_yet_may_discover(client: Assistant) -> None:
    """r16: a probe without an envelope tells a server of this revision from an older one."""
    client.send(id=1, method="server/discover")
    assert revision.DiscoverResult.model_validate(client.hear()["result"]).result_type == "complete"


def test_a_session_gets_nothing_of_the_revision(client: Assistant) -> None:
    client.start()
    client.send(id=2, method="tools/list")
    assert set(client.hear()["result"]) == {"tools"}
    client.call(3)
    assert "resultType" not in client.hear()["result"]


@pytest.mark.parametrize("version", ["2025-06-18", "2031-01-01", ""])
def test_another_version_is_an_error_that_names_those_spoken(client: Assistant, version: str) -> None:
    error = ask(client, "tools/list", META | {KEY + "protocolVersion": version})["error"]
    assert error["code"] == -32022
    assert error["data"]["requested"] == version
    assert {"2026-07-28", "2025-06-18"} <= set(error["data"]["supported"])


@pytest.mark.parametrize(
    "meta",
    [
        META | {KEY + "protocolVersion": 7},
        {KEY + "protocolVersion": "2026-07-28"},
        META | {KEY + "clientCapabilities": []},
    ],
)
def test_an_envelope_that_is_not_whole_is_an_error(client: Assistant, meta: dict[str, object]) -> None:
    assert ask(client, "tools/list", meta)["error"]["code"] == -32602


@pytest.mark.parametrize("method", ["ping", "logging/setLevel", "subscriptions/listen"])
def test_what_the_revision_or_the_server_lacks_is_an_error(client: Assistant, method: str) -> None:
    assert ask(client, method)["error"]["code"] == -32601


def test_initialize_opens_a_session_whatever_else_it_says(client: Assistant) -> None:
    result = ask(client, "initialize", protocolVersion="2025-06-18", capabilities={})["result"]
    assert result["protocolVersion"] == "2025-06-18"


def test_roots_are_asked_for_in_the_result_and_hold_for_one_call(root: Path) -> None:
    """The server keeps nothing of a client: a later call names its folder again."""
    meta = META | {KEY + "clientCapabilities": {"roots": {}}}
    call = {"name": "search", "arguments": {"query": "pool"}}
    with assistant("/") as client:
        asked = ask(client, "tools/call", meta, **call)["result"]
        revision.InputRequiredResult.model_validate(asked)
        assert asked["resultType"] == "input_required"
        assert asked["inputRequests"] == {"roots": {"method": "roots/list"}}
        roots = {"roots": {"roots": [{"uri": root.as_uri()}]}}
        answer = ask(client, "tools/call", meta, **call, inputResponses=roots)["result"]
        assert json.loads(answer["content"][0]["text"])["hits"][0]["path"] == "pool.py"
        assert ask(client, "tools/call", meta, **call)["result"]["resultType"] == "input_required"
        for useless in ({"roots": {"roots": [{"uri": "file:///"}]}}, {"roots": {"roots": []}}, {"roots": 7}):
            answer = ask(client, "tools/call", meta, **call, inputResponses=useless)["result"]
            assert answer["isError"] is True
            assert "--root FOLDER" in answer["content"][0]["text"]
