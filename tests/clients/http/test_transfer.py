"""Guards that stand behind another one: each holds alone, for a libcurl that is older or a check that is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.clients.http.driver import pycurl
from boombap.clients.http.exchange import Request
from boombap.clients.http.transfer import Transfer
from boombap.errors import ExternalError
from fakes.http_peer import always, response, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boombap.clients.http.multi import Client

UNSUPPORTED_PROTOCOL, WRITE_FAILED = 1, 23
EVERY_PROTOCOL = -1


@pytest.fixture
def transfer() -> Iterator[Transfer]:
    made = Transfer(http="1.1", ca_file=None, connect_s=5.0, stall_s=5.0, least_bytes_s=1)
    yield made
    made.close()


def outcome(transfer: Transfer) -> int:
    """Return libcurl's number for how the transfer ended, 0 for well."""
    try:
        transfer.easy.perform()
    except pycurl.error as error:
        return int(error.args[0])
    return 0


def test_the_size_is_counted_here_too(transfer: Transfer):
    """Older versions of libcurl compare the announced size only, not what comes and not what it unpacks to."""
    with serving(always(response(bytes(1001)))) as peer:
        transfer.begin(Request("GET", peer.url, max_bytes=1000))
        transfer.easy.setopt(pycurl.MAXFILESIZE_LARGE, 0)
        assert outcome(transfer) == WRITE_FAILED
        assert transfer.is_too_large


def test_a_limit_of_no_bytes_lets_none_through(client: Client):
    """To libcurl 0 means no limit."""
    with serving(always(response(b"x"))) as peer, pytest.raises(ExternalError, match="above the limit of 0"):
        client.fetch(Request("GET", peer.url, max_bytes=0))


def test_a_handle_opens_no_file_whatever_its_address_is(transfer: Transfer, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    transfer.begin(Request("GET", "http://127.0.0.1:9/"))
    transfer.easy.setopt(pycurl.URL, f"file://{secret}")
    assert outcome(transfer) == UNSUPPORTED_PROTOCOL
    assert transfer.received_bytes == 0


@pytest.mark.parametrize("scheme", ["file", "ftp"])
def test_a_handle_follows_no_redirect_to_another_protocol_even_if_it_could_speak_it(
    scheme: str, transfer: Transfer, tmp_path: Path
):
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    with serving(always(b"")) as victim:
        place = f"file://{secret}" if scheme == "file" else f"ftp://127.0.0.1:{victim.port}/x"
        with serving(always(response(b"", f"Location: {place}", status="302 Found"))) as peer:
            transfer.begin(Request("GET", peer.url, max_redirects=1))
            transfer.easy.setopt(pycurl.PROTOCOLS, EVERY_PROTOCOL)
            assert outcome(transfer) == UNSUPPORTED_PROTOCOL
        assert victim.connections == 0
    assert transfer.received_bytes == 0
