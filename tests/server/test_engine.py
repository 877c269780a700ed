"""Silent, slow and too many clients, and applications that fail: others are answered all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.server.engine import RESET
from boombap.server.limits import Limits
from server.wire import (
    CHUNKED,
    GET,
    LAST,
    LIMIT_S,
    PATIENT,
    POST,
    Echo,
    Gate,
    ask,
    big,
    clients,
    connect,
    end,
    head,
    healthy_within,
    read,
    rest,
    say,
    serving,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


@pytest.mark.parametrize(
    "begun",
    [b"", b"G", GET[:-2], GET + GET[:5], POST, POST + b"half", CHUNKED, CHUNKED + b"5\r\nab", CHUNKED + b"0\r\n"],
    ids=["idle", "one byte", "head", "second head", "no body", "body", "no chunk", "chunk", "trailer"],
)
def test_clients_that_stop_in_the_middle_hold_no_thread(begun: bytes):
    with serving(Echo(), PATIENT) as server, clients(server, 200, begun):
        assert healthy_within(server)


def test_clients_that_do_not_take_their_answers_hold_no_thread():
    with serving(big(8_000_000), PATIENT) as server, clients(server, 20, GET * 3, receive_bytes=4096) as silent:
        assert all(client.recv(1) == b"H" for client in silent)
        assert healthy_within(server)
        assert b"TTP/1.1 200 OK\r\n" in silent[7].recv(100)


def test_an_answer_that_is_taken_slowly_arrives_whole():
    with serving(big(8_000_000), PATIENT) as server, clients(server, 1, GET + LAST, receive_bytes=4096) as (client,):
        assert [len(read(client).body), len(read(client).body)] == [8_000_000, 8_000_000]
        assert rest(client) == b""


def test_a_client_that_takes_nothing_is_closed_after_the_limit():
    with serving(big(8_000_000)) as server, clients(server, 1, GET, receive_bytes=4096) as (client,):
        assert client.recv(1) == b"H"
        for _ in range(4):  # the system takes a little for the client, which begins the limit again
            with connect(server) as witness:  # is closed after as long
                assert rest(witness) == b""
        assert len(rest(client)) < 8_000_000


def test_answers_that_are_not_taken_have_a_limit_together():
    limits = Limits(request_s=LIMIT_S, threads=2, outbox_bytes=20_000_000)
    with serving(big(8_000_000), limits) as server, clients(server, 2, GET, receive_bytes=4096) as (finished, oldest):
        assert len(read(finished).body) == 8_000_000
        assert oldest.recv(1) == b"H"
        with clients(server, 8, GET, receive_bytes=4096) as others:
            assert all(client.recv(1) == b"H" for client in others)
            assert healthy_within(server)
            assert len(rest(oldest)) < 8_000_000
            assert len(ask(finished, GET).body) == 8_000_000
            assert len(end(others[-1])) > 8_000_000


def test_the_client_that_has_waited_longest_makes_room_for_a_new_one():
    limits = Limits(request_s=LIMIT_S, threads=2, connections=50)
    with serving(Echo(), limits) as server, clients(server, 1) as (oldest,), clients(server, 49) as others:
        with connect(server) as newest:
            assert ask(newest, GET).status == 200
            assert head(rest(oldest))[0] == 503
            assert ask(others[-1], GET).status == 200
        assert healthy_within(server)


def test_a_client_for_which_there_is_no_room_is_told_so():
    gate = Gate()
    with serving(gate, Limits(threads=2, connections=2)) as server, clients(server, 2, GET) as working:
        assert gate.entered.acquire(timeout=LIMIT_S)
        assert gate.entered.acquire(timeout=LIMIT_S)
        with connect(server) as third:
            assert head(rest(third))[0] == 503
        gate.opened.set()
        assert [read(client).body for client in working] == [b"at last"] * 2


def raising(_: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    raise ValueError("the secret of the house")


def raising_late(_: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
    start("200 OK", [("Content-Length", "9")])
    raise ValueError("the secret of the house")
    yield b""


def ending(_: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    raise SystemExit("the secret of the house")


@pytest.mark.parametrize("app", [raising, raising_late, ending])
def test_an_application_that_fails_is_answered_500_and_only_the_log_says_why(
    app: WSGIApplication, server_log: pytest.LogCaptureFixture
):
    with serving(app, PATIENT) as server:
        for _ in range(5):  # more than there are threads
            answer = say(server, GET)
            assert head(answer)[0] == 500
            assert b"secret" not in answer
            assert b"Traceback" not in answer
        assert healthy_within(server)
    assert server_log.text.count("Traceback") >= 5
    assert "the secret of the house" in server_log.text


def test_an_application_that_fails_in_the_middle_breaks_its_answer_off():
    def app(_: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        start("200 OK", [("Content-Length", "9")])
        yield b"half"
        raise ValueError("the secret of the house")

    with serving(app, PATIENT) as server:
        assert say(server, GET).endswith(b"\r\n\r\nhalf")
        assert healthy_within(server)


def test_no_header_tells_which_software_answers():
    with serving(Echo(), PATIENT) as server, connect(server) as client:
        assert ask(client, GET).headers["server"] == "boombap"


@pytest.mark.parametrize("fails", [True, False])
def test_an_application_may_reset_the_connection(fails: bool):
    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        start("200 OK", [("Content-Length", "8000000")])
        yield bytes(7_000_000)
        environ[RESET]()
        if fails:
            raise ConnectionResetError

    with serving(app, PATIENT) as server:
        with connect(server) as client:
            client.sendall(GET)
            with pytest.raises(ConnectionResetError):
                rest(client)
        assert healthy_within(server)
