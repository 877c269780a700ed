"""The installed command as an API server meets it: over TLS, while verdicts and certificates change."""

from __future__ import annotations

import json
import ssl
from http.client import HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deps.admission.reviews import ALLOWED, image, review
from deps.osv import TRUTH, database, record
from deps.verdicts.images import BAD, GOOD, NONE
from server.wire import self_signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOOK = "tok-1234567890"


class Webhook:
    """Asks a service that runs, each time over a new connection."""

    def __init__(self, port: int, chain: Path) -> None:
        self._port = port
        self.chain = chain

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        context = ssl.create_default_context(cafile=self.chain)
        client = HTTPSConnection("localhost", self._port, timeout=10, context=context)
        try:
            client.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = client.getresponse()
            return response.status, json.loads(response.read())
        finally:
            client.close()

    def allows(self, digest: str) -> bool:
        found: bool = self.ask("POST", "/admission", review(image(digest)))[1]["response"]["allowed"]
        return found


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    verdicts = str(tmp_path / "kept" / "verdicts.db")
    return {"BOOMBAP_DEPS_DATABASE": database(tmp_path, TRUTH), "BOOMBAP_DEPS_VERDICTS": verdicts}


@pytest.fixture
def deps(boombap: Callable[..., Any], environment: dict[str, str]) -> Callable[..., int]:
    Path("good.txt").write_text("fastapi==0.110.0\n")
    Path("bad.txt").write_text("fastapi==0.104.1\n")
    return lambda *words: boombap("deps", *words, **environment).returncode


@pytest.fixture
def webhook(start_boombap: Callable[..., Any], environment: dict[str, str], tmp_path: Path) -> Iterator[Webhook]:
    files = self_signed(tmp_path)
    words = ("deps", "serve", "--port", "0", "--cert", str(files.chain), "--key", str(files.key))
    child = start_boombap(*words, **environment, BOOMBAP_DEPS_HOOK_TOKEN=HOOK)
    yield Webhook(int(child.stderr.readline().rpartition(":")[2]), files.chain)
    child.terminate()
    assert child.wait(10) == 143
    assert HOOK not in child.stderr.read()


def test_a_verdict_counts_from_the_moment_on_at_which_it_is_recorded(deps: Callable[..., int], webhook: Webhook):
    assert not webhook.allows(GOOD)
    assert deps("verdict", "record", f"app@{GOOD}", "good.txt") == 0
    assert deps("verdict", "record", f"app@{BAD}", "bad.txt") == 1
    assert [webhook.allows(digest) for digest in (GOOD, BAD, NONE)] == [True, False, False]


def test_a_refresh_takes_effect_while_the_service_runs(deps: Callable[..., int], webhook: Webhook, tmp_path: Path):
    deps("verdict", "record", f"app@{GOOD}", "good.txt")
    assert webhook.allows(GOOD)
    database(tmp_path, [*TRUTH, record("MAL-2026-1", "fastapi", {"introduced": "0"})])
    assert deps("verdict", "refresh") == 1
    assert not webhook.allows(GOOD)
    status, found = webhook.ask("GET", f"/verdict/{GOOD}")
    assert (status, found["verdict"], found["findings"][0]["id"]) == (200, "fail", "MAL-2026-1")


def test_a_certificate_that_is_renewed_refuses_no_review(deps: Callable[..., int], webhook: Webhook, tmp_path: Path):
    deps("verdict", "record", f"app@{GOOD}", "good.txt")
    other = tmp_path / "other"
    other.mkdir()
    renewed = self_signed(other)
    both = tmp_path / "ca.pem"
    both.write_bytes(webhook.chain.read_bytes() + renewed.chain.read_bytes())
    in_use, webhook.chain = webhook.chain, both
    renewed.key.replace(in_use.with_name("key.pem"))
    assert webhook.allows(GOOD)
    renewed.chain.replace(in_use)
    webhook.chain = in_use
    assert webhook.allows(GOOD)


def test_the_hook_over_tls(deps: Callable[..., int], webhook: Webhook):
    deps("verdict", "record", f"app@{GOOD}", "good.txt")
    event = {"images": [f"app@{GOOD}"]}
    assert webhook.ask("POST", "/hooks/argocd", event)[0] == 401
    status, found = webhook.ask("POST", "/hooks/argocd", event, Authorization=f"Bearer {HOOK}")
    assert (status, found["allowed"]) == (200, True)
    assert webhook.ask("POST", "/admission", ALLOWED)[0] == 200
