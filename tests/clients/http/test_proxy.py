"""When a proxy of the environment is asked: for every host but this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.clients.http.exchange import Request
from fakes.http_peer import always, response, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.http.multi import Client
    from fakes.http_peer import Peer


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with serving(always(response(b"of the proxy"))) as peer:
        monkeypatch.setenv("http_proxy", peer.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        yield peer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "dj:secret@127.0.0.1"])
def test_this_machine_is_asked_without_the_proxy(host: str, proxy: Peer, client: Client):
    """A proxy on another machine has a loopback of its own."""
    with serving(always(response(b"of the server"))) as peer:
        for place in ("", "/", "/path?q=a@b", "?q", "#top"):
            url = f"http://{host}:{peer.port}{place}"
            assert client.fetch(Request("GET", url)).body == b"of the server"
    assert proxy.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org/",
        "http://127.0.0.1.example.org/",
        "http://127.example.org",
        "http://localhost.example.org/",
        "http://localhost-2/",
        "http://127.0.0.1@example.org/",
        "http://example.org/@127.0.0.1",
        "http://example.org?@localhost",
    ],
)
def test_another_machine_is_asked_through_the_proxy_whatever_its_name_begins_with(
    url: str, proxy: Peer, client: Client
):
    assert client.fetch(Request("GET", url)).body == b"of the proxy"


def test_the_proxy_comes_back_after_a_request_to_this_machine(proxy: Peer, client: Client):
    with serving(always(response(b"of the server"))) as peer:
        far = Request("GET", "http://api.example.org/")
        bodies = [client.fetch(request).body for request in (far, Request("GET", peer.url), far)]
    assert bodies == [b"of the proxy", b"of the server", b"of the proxy"]
