from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.http.exchange import Request
from boombap.clients.http.multi import Client
from boombap.deps.osv_server import application, protected
from boombap.errors import ConfigError
from boombap.interrupt import Interrupt
from boombap.server.serve import running
from deps.osv import TRUTH, YESTERDAY, database, record
from server.wire import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    folder = database(tmp_path, [*TRUTH, record("PYSEC-7", "fastapi", {"introduced": "0"})])
    with running(application(folder)) as server, Client(Interrupt()) as client:

        def send(path: str, body: object = None, method: str = "") -> tuple[int, Any]:
            content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
            request = Request(method or ("POST" if content is not None else "GET"), server.url + path, body=content)
            response = client.fetch(request)
            return response.status, json.loads(response.body)

        yield send


def query(name: str, version: str = "", ecosystem: str = "PyPI") -> dict[str, object]:
    return {"package": {"name": name, "ecosystem": ecosystem}, **({"version": version} if version else {})}


def test_a_query_gives_whole_records(ask: Ask):
    status, found = ask("/v1/query", query("FastAPI", "0.104.1"))
    assert (status, [one["id"] for one in found["vulns"]]) == (200, ["PYSEC-2024-38", "PYSEC-7"])
    assert found["vulns"][0] == TRUTH[0]


def test_a_query_without_version_gives_all_and_one_without_answer_nothing(ask: Ask):
    assert len(ask("/v1/query", query("fastapi"))[1]["vulns"]) == 2
    assert ask("/v1/query", query("redis", "5.3.1")) == (200, {})


def test_a_purl_names_a_package_too(ask: Ask):
    whole = {"package": {"purl": "pkg:pypi/fastapi@0.104.1?x=y"}}
    parted = {"package": {"purl": "pkg:pypi/fastapi"}, "version": "0.109.1"}
    assert [len(ask("/v1/query", one)[1]["vulns"]) for one in (whole, parted)] == [2, 1]


@pytest.mark.parametrize("name", ["@babel/traverse", "%40babel/traverse", "%40babel%2Ftraverse"])
def test_the_scope_of_a_purl_is_not_a_version(name: str, tmp_path: Path):
    records = [record("GHSA-1", "@babel/traverse", {"introduced": "0"}, {"fixed": "7.23.2"}, ecosystem="npm")]
    with running(application(database(tmp_path, records, "npm"))) as server, Client(Interrupt()) as client:
        for purl, version in ((f"pkg:npm/{name}", "7.0.0"), (f"pkg:npm/{name}@7.0.0", "")):
            body = json.dumps({"package": {"purl": purl}, "version": version}).encode()
            response = client.fetch(Request("POST", f"{server.url}/v1/query", body=body))
            assert [one["id"] for one in json.loads(response.body)["vulns"]] == ["GHSA-1"]


def test_a_batch_gives_ids_in_the_order_of_the_questions(ask: Ask):
    asked = {"queries": [query("redis", "5.3.1"), query("black", "23.12.1")]}
    status, found = ask("/v1/querybatch", asked)
    expected = [{}, {"vulns": [{"id": "PYSEC-2024-48", "modified": YESTERDAY}]}]
    assert (status, found["results"]) == (200, expected)


def test_without_databases_nothing_is_called_unknown(tmp_path: Path):
    with running(application(str(tmp_path / "none"))) as server, Client(Interrupt()) as client:
        for path, body in (
            ("/v1/vulns/PYSEC-7", None),
            ("/v1/query", query("fastapi")),
            ("/v1/querybatch", {"queries": []}),
        ):
            content = None if body is None else json.dumps(body).encode()
            response = client.fetch(Request("GET" if content is None else "POST", server.url + path, body=content))
            assert (response.status, json.loads(response.body)["code"]) == (503, 14)
            assert "run `boombap deps sync`" in json.loads(response.body)["message"]


def test_a_record_by_its_id(ask: Ask):
    assert ask("/v1/vulns/PYSEC-2023-45") == (200, TRUTH[2])
    assert ask("/v1/vulns/PYSEC-1999-1")[0] == 404
    assert ask("/v1/vulns/..%2f..%2fetc")[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/query", {}, 400),
        ("/v1/query", [], 400),
        ("/v1/query", b"{", 400),
        ("/v1/query", b"[" * 5000, 400),
        ("/v1/query", {"commit": "abc"}, 400),
        ("/v1/query", {"package": {"name": 3, "ecosystem": "PyPI"}}, 400),
        ("/v1/query", query("left-pad", "1.0.0", "npm"), 400),
        ("/v1/query", query("x", "1", "../../PyPI"), 400),
        ("/v1/query", {"package": {"purl": "pkg:deb/x@1"}}, 400),
        ("/v1/querybatch", {"queries": [{}] * 1001}, 400),
        ("/v1/querybatch", {"queries": "x"}, 400),
        ("/v1/query", query("fastapi", "^0.104"), 400),
        ("/v1/query", {"package": {"purl": "pkg:pypi/fastapi@^1"}}, 400),
        ("/v1/query", {"package": {"purl": "pkg:npm/@babel"}}, 400),
        ("/v1/querybatch", {"queries": [query("fastapi", "0.104.1"), query("fastapi", "1.*")]}, 400),
        ("/v2/query", {}, 404),
        ("/", None, 404),
    ],
)
def test_what_cannot_be_answered_says_so(path: str, body: object, status: int, ask: Ask):
    found = ask(path, body)
    assert found[0] == status
    assert found[1]["message"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("Bearer t0k3n-A", 200),
        ("bearer  t0k3n-A", 200),
        (None, 401),
        ("Bearer", 401),
        ("Bearer t0k3n-", 401),
        ("Bearer t0k3n-AB", 401),
        ("Basic t0k3n-A", 401),
        ("t0k3n-A", 401),
    ],
)
def test_a_client_needs_the_token(sent: str | None, status: int, tmp_path: Path):
    headers = (f"Authorization: {sent}",) if sent else ()
    app = protected(application(database(tmp_path, TRUTH)), "t0k3n-A")
    with running(app) as server, Client(Interrupt()) as client:
        response = client.fetch(Request("GET", f"{server.url}/v1/vulns/PYSEC-2023-45", headers=headers))
        assert response.status == status
        assert b"t0k3n" not in response.body
        assert client.fetch(Request("GET", f"{server.url}/healthz")).status == 200


def test_a_token_of_any_bytes_is_refused(tmp_path: Path):
    with running(protected(application(database(tmp_path, TRUTH)), "t0k3n")) as server:
        lines = (b"GET /v1/vulns/X HTTP/1.1", b"Host: x", b"Connection: close", b"Authorization: Bearer t0k3n\xe9\xff")
        assert say(server, b"\r\n".join((*lines, b"", b""))).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("token", ["a b", "\u00e9", "a\nb"])
def test_a_token_that_no_header_holds(token: str):
    with pytest.raises(ConfigError, match=r"deps\.serve_token"):
        protected(application("x"), token)
