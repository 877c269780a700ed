"""Where a redirect may lead, and what may go along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.clients.http.exchange import Request
from boombap.errors import ExternalError
from fakes.http_peer import always, response, serving

if TYPE_CHECKING:
    from pathlib import Path

    from boombap.clients.http.multi import Client
    from fakes.http_peer import Answer, Guest

SECRETS = ("Authorization: Bearer hunter2", "Cookie: session=hunter2")
STATUSES = ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect")


def to(place: str, status: str = "302 Found") -> Answer:
    return always(response(b"", f"Location: {place}", status=status))


def follow(client: Client, url: str, redirects: int = 3) -> bytes:
    return client.fetch(Request("GET", url, SECRETS, max_redirects=redirects)).body


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_credentials_do_not_follow_a_redirect_to_another_server(host: str, status: str, client: Client):
    """Another port of the same host is another server, too."""
    with serving(always(response(b"landed"))) as target:
        with serving(to(f"http://{host}:{target.port}/there", status)) as first:
            assert follow(client, f"{first.url}/here") == b"landed"
        assert b"hunter2" in first.requests[0]
        assert len(target.requests) == 1
        assert b"hunter2" not in target.requests[0]
        assert b"authorization" not in target.requests[0].lower()
        assert b"cookie" not in target.requests[0].lower()


def test_the_password_in_an_address_does_not_follow_a_redirect(client: Client):
    with serving(always(response(b"landed"))) as target:
        with serving(to(f"{target.url}/there")) as first:
            url = first.url.replace("://", "://dj:hunter2@")
            client.fetch(Request("GET", url, max_redirects=1))
        assert b"authorization: basic" in first.requests[0].lower()
        assert b"authorization" not in target.requests[0].lower()


def test_credentials_do_not_come_back_after_a_detour(client: Client):
    """The first server, reached again by way of another one, gets what it had before, the other one nothing."""
    with serving(always(response(b"landed"))) as target:
        with serving(to(f"{target.url}/end")) as middle, serving(to(f"{middle.url}/middle")) as first:
            assert follow(client, first.url) == b"landed"
        assert all(b"hunter2" not in peer.requests[0] for peer in (middle, target))


def test_credentials_follow_a_redirect_on_the_same_server(client: Client):
    def answer(guest: Guest, request: bytes) -> None:
        guest.send(response(b"landed") if b"/there" in request else response(b"", "Location: /there", status="302 F"))

    with serving(answer) as peer:
        assert follow(client, f"{peer.url}/here") == b"landed"
    assert [b"hunter2" in request for request in peer.requests] == [True, True]


@pytest.mark.parametrize(
    "scheme", ["file", "ftp", "ftps", "gopher", "dict", "scp", "sftp", "smb", "ldap", "telnet", "ws"]
)
def test_a_redirect_to_another_protocol_is_refused(scheme: str, client: Client, tmp_path: Path):
    """A server must not make us read our own files, or speak to other services of the network."""
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    with serving(always(b"hunter2")) as victim:
        place = f"file://{secret}" if scheme == "file" else f"{scheme}://127.0.0.1:{victim.port}/x"
        with serving(to(place)) as peer, pytest.raises(ExternalError) as caught:
            follow(client, peer.url)
        assert victim.connections == 0
    assert str(caught.value).startswith(f"{peer.url} does not answer in HTTP, or redirects to another protocol")


def test_a_redirect_is_not_followed_unless_the_request_allows_it(client: Client):
    with serving(always(response(b"landed"))) as target, serving(to(target.url)) as peer:
        answer = client.fetch(Request("GET", peer.url, SECRETS))
        assert (answer.status, answer.headers["location"], target.connections) == (302, target.url, 0)


def test_a_circle_of_redirects_ends(client: Client):
    with serving(to("/again")) as peer:
        with pytest.raises(ExternalError, match="redirects more than 3 times"):
            follow(client, peer.url)
        assert len(peer.requests) == 4


@pytest.mark.parametrize("redirects", [-1, 11])
def test_a_request_cannot_allow_any_number_of_redirects(redirects: int, client: Client):
    with pytest.raises(ValueError, match="from 0 to 10"):
        follow(client, "http://127.0.0.1:9/", redirects)
