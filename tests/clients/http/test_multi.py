"""Connections that are kept, requests in flight, and answers that come out as soon as they are there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from boombap.clients.http.exchange import Failure, Request, Response
from boombap.clients.http.multi import MAX_IN_FLIGHT, Client
from boombap.errors import Disconnected, ExternalError, Unreachable
from boombap.interrupt import Interrupt
from fakes.certificates import make_signed
from fakes.http2_peer import serving_http2
from fakes.http_peer import always, response, serving, silent

if TYPE_CHECKING:
    from pathlib import Path

    from boombap.clients.http.multi import Answer
    from fakes.certificates import Pair
    from fakes.http_peer import Guest

OK = response(b"ok")


class Closing:
    """Answers the first request, hangs up on the second one, answers the others."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, guest: Guest, _: bytes) -> None:
        self.number += 1
        if self.number == 2:
            guest.close()
        else:
            guest.send(OK)


def all_answers(client: Client, limit_s: float = 10.0) -> list[Answer]:
    answers: list[Answer] = []
    deadline_s = time.monotonic() + limit_s
    while client.in_flight and time.monotonic() < deadline_s:
        answers += client.poll(deadline_s - time.monotonic())
    return answers + client.poll(0)


def test_a_connection_is_used_again(client: Client):
    with serving(always(OK)) as peer:
        for _ in range(5):
            client.fetch(Request("GET", peer.url))
        assert (peer.connections, len(peer.requests)) == (1, 5)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_a_kept_connection_that_the_server_closed_is_replaced(method: str, client: Client):
    """The server closed it while it was idle; that is nobody's fault, and the request may be worked on twice."""
    with serving(Closing()) as peer:
        client.fetch(Request("GET", peer.url))
        assert client.fetch(Request(method, peer.url)).status == 200
        assert peer.connections == 2


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("body", [None, b"", b"amount=1"])
def test_a_request_that_must_not_be_worked_on_twice_is_not_sent_twice(method: str, body: bytes | None, client: Client):
    """The server may have worked on it before it hung up."""
    with serving(Closing()) as peer:
        client.fetch(Request("GET", peer.url))
        with pytest.raises(Disconnected):
            client.fetch(Request(method, peer.url, body=body))
        assert [request.split()[0].decode() for request in peer.requests] == ["GET", method]
        assert client.fetch(Request("GET", peer.url)).status == 200


def test_a_server_that_always_hangs_up_is_tried_twice_at_most(client: Client):
    def answer(guest: Guest, _: bytes) -> None:
        if len(peer.requests) == 1:
            guest.send(OK)
        else:
            guest.close()

    with serving(answer) as peer:
        client.fetch(Request("GET", peer.url))
        with pytest.raises(Disconnected):
            client.fetch(Request("GET", peer.url))
        assert len(peer.requests) == 3


def test_a_handle_keeps_nothing_of_the_request_before(client: Client):
    secret = ("Authorization: Bearer hunter2",)
    with serving(always(OK)) as peer:
        client.fetch(Request("POST", f"{peer.url}/a", secret, b"hunter2"))
        client.fetch(Request("GET", f"{peer.url}/b"))
        client.fetch(Request("HEAD", f"{peer.url}/c", secret))
        client.fetch(Request("DELETE", f"{peer.url}/d"))
        client.fetch(Request("GET", f"{peer.url}/e"))
        starts = [request.split(b" HTTP")[0].decode() for request in peer.requests]
        assert starts == ["POST /a", "GET /b", "HEAD /c", "DELETE /d", "GET /e"]
        assert [b"hunter2" in request for request in peer.requests] == [True, False, True, False, False]
        assert b"content-length" not in peer.requests[1].lower()


def test_a_post_does_not_wait_for_leave_to_send_its_body(client: Client):
    """Servers that ignore Expect: 100-continue would cost a second each."""
    with serving(always(OK)) as peer:
        client.fetch(Request("POST", peer.url, body=b"x" * 2_000_000))
        assert b"expect" not in peer.requests[0][:1000].lower()


def test_one_failure_does_not_touch_the_other_requests():
    with serving(always(OK)) as good, serving(silent) as slow, Client(Interrupt()) as client:
        with serving(silent) as gone:
            pass
        client.submit(Request("GET", good.url, tag="good"))
        client.submit(Request("GET", slow.url, timeout_s=0.2, tag="slow"))
        client.submit(Request("GET", gone.url, tag="gone"))
        answers = {answer.request.tag: answer for answer in all_answers(client)}
        assert isinstance(answers["good"], Response)
        assert isinstance(answers["slow"], Failure)
        assert isinstance(answers["gone"], Failure)
        assert isinstance(answers["gone"].error, Unreachable)


def test_fetch_leaves_the_answers_of_others_for_the_next_poll():
    with serving(always(OK)) as peer, Client(Interrupt()) as client:
        for number in range(5):
            client.submit(Request("GET", peer.url, tag=number))
        assert client.fetch(Request("GET", peer.url, tag="mine")).request.tag == "mine"
        assert {answer.request.tag for answer in all_answers(client)} == set(range(5))


def test_more_requests_than_allowed_are_refused():
    with serving(silent) as peer, Client(Interrupt(), max_in_flight=2) as client:
        for _ in range(2):
            client.submit(Request("GET", peer.url))
        assert (client.in_flight, client.free_slots) == (2, 0)
        with pytest.raises(ValueError, match="2 requests are in flight already"):
            client.submit(Request("GET", peer.url))


@pytest.mark.parametrize("most", [0, MAX_IN_FLIGHT + 1])
def test_a_client_takes_no_more_requests_than_select_can_watch(most: int):
    with pytest.raises(ValueError, match="from 1 to 900"):
        Client(Interrupt(), max_in_flight=most)


def test_a_poll_ends_in_time_and_keeps_what_is_in_flight():
    with serving(silent) as peer, Client(Interrupt()) as client:
        assert client.poll(10.0) == []
        client.submit(Request("GET", peer.url))
        started_s = time.monotonic()
        assert client.poll(0.1) == []
        assert 0.1 <= time.monotonic() - started_s < 0.5
        assert client.in_flight == 1


def test_a_download_that_cannot_be_written_says_why(client: Client):
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    with serving(always(response(b"x" * 100_000))) as peer:
        with pytest.raises(ExternalError, match="cannot write the download: No space left on device"):
            client.download(Request("GET", peer.url), full)
        assert client.fetch(Request("GET", peer.url)).status == 200


def test_a_refusal_is_not_written_into_the_download(client: Client):
    parts: list[bytes] = []
    with serving(always(response(b"not here", status="404 Not Found"))) as peer:
        answer = client.download(Request("GET", peer.url), parts.append)
        assert (answer.status, answer.body, parts) == (404, b"not here", [])


def test_what_a_progress_raises_ends_the_download(client: Client):
    def stop(*_: object) -> None:
        raise KeyError

    with serving(silent) as peer, pytest.raises(KeyError):
        client.download(Request("GET", peer.url), lambda _: None, stop)
    assert client.in_flight == 0


def test_answers_that_come_together_over_http2_come_out_together(tmp_path: Path, authority: Pair):
    """Many streams share a socket: its bytes are read once, so waiting for the socket would wait for nothing."""
    context = make_signed(tmp_path, authority, "IP:127.0.0.1").context("h2")
    with (
        serving_http2(context, b"x" * 500, 1, 80) as peer,
        Client(Interrupt(), max_in_flight=80, ca_file=authority.certificate, http="2") as client,
    ):
        client.fetch(Request("GET", peer.url))
        for number in range(80):
            client.submit(Request("GET", f"{peer.url}/{number}"))
        started_s = time.monotonic()
        answers = all_answers(client)
        seconds = time.monotonic() - started_s
        assert [answer.status for answer in answers if isinstance(answer, Response)] == [200] * 80
        assert (peer.connections, peer.streams) == (1, 81)
        assert seconds < 0.5
