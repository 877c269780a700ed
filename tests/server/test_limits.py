"""The limits that hold where a command sets none."""

from __future__ import annotations

import pytest

from boombap.server.limits import Limits
from server.wire import POST, Echo, ask, connect, head, healthy_within, say, serving

USUAL_DESCRIPTORS = 1024


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 64 * 1024, 431),
        (POST.replace(b"10\r", b"%d\r" % (1024 * 1024 + 1)), 413),
    ],
    ids=["head", "body"],
)
def test_a_request_has_a_limit(text: bytes, status: int):
    with serving(Echo(), Limits()) as server:
        assert head(say(server, text))[0] == status
        assert healthy_within(server)


def test_a_body_of_a_mebibyte_is_taken():
    with serving(Echo(), Limits()) as server, connect(server) as client:
        size = 1024 * 1024
        assert len(ask(client, POST.replace(b"10\r", b"%d\r" % size) + bytes(size)).body) == len("POST /a ") + size


def test_clients_cannot_take_every_descriptor_nor_stay_for_long():
    limits = Limits()
    assert limits.connections <= USUAL_DESCRIPTORS * 3 / 4
    assert 5 <= limits.request_s <= 30
    assert limits.threads >= 2
    assert limits.outbox_bytes <= 128 * 1024 * 1024
