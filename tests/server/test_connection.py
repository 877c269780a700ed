"""What one client may say on the wire, and when: requests that drip, are too large, malformed or ambiguous."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

import pytest

from boombap.server.limits import Limits
from server.wire import (
    CHUNKED,
    GET,
    LAST,
    LIMIT_S,
    PATIENT,
    POST,
    SHORT,
    Echo,
    ask,
    connect,
    drip,
    end,
    head,
    healthy_within,
    read,
    rest,
    say,
    serving,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from boombap.server.serve import Server


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Server, Echo]]:
    echo = Echo()
    with serving(echo, PATIENT) as server:
        yield server, echo


@pytest.fixture
def echo(shared: tuple[Server, Echo]) -> Echo:
    """The application, which no request has reached yet."""
    shared[1].seen.clear()
    return shared[1]


@pytest.fixture
def server(shared: tuple[Server, Echo], echo: Echo) -> Server:
    """A server in front of `echo` that is as patient as a test."""
    return shared[0]


@pytest.mark.parametrize(
    ("begun", "then"),
    [(b"GET /a HTTP/1.1\r\nX: ", b"x"), (POST.replace(b"10", b"999"), b"x"), (CHUNKED, b"1\r\nx\r\n"), (b"", b"x")],
    ids=["head", "body", "chunks", "request line"],
)
def test_a_client_that_drips_is_answered_408_after_the_limit(begun: bytes, then: bytes):
    echo = Echo()
    with serving(echo) as server, connect(server) as client:
        began_s = time.monotonic()
        client.sendall(begun)
        assert head(drip(client, then))[0] == 408
        assert SHORT.request_s <= time.monotonic() - began_s < SHORT.request_s + 2
    assert echo.seen == []


def test_a_connection_that_is_kept_open_ends_without_a_word_after_the_limit():
    with serving(Echo()) as server, connect(server) as client:
        assert ask(client, GET).status == 200
        began_s = time.monotonic()
        assert rest(client) == b""
        assert SHORT.request_s - 0.1 <= time.monotonic() - began_s < SHORT.request_s + 2


def test_the_limit_is_for_each_request_of_a_connection():
    with serving(Echo()) as server, connect(server) as client:
        for _ in range(6):
            client.sendall(GET[:9])
            assert says_nothing(client, SHORT.request_s / 4)
            assert ask(client, GET[9:]).status == 200


def says_nothing(client: socket.socket, for_s: float) -> bool:
    """Tell whether the server neither says anything nor closes for so long."""
    return not select.select([client], [], [], for_s)[0]


def test_a_client_that_is_refused_and_goes_on_is_cut_off_soon(server: Server):
    with connect(server) as client:
        client.sendall(POST.replace(b"10\r", b"9999999\r"))
        assert head(rest(client))[0] == 413
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            drip_on(client, LIMIT_S / 2)


def drip_on(client: socket.socket, for_s: float) -> None:
    ends_s = time.monotonic() + for_s
    while time.monotonic() < ends_s:
        client.sendall(b"x")
        select.select([], [], [client], 0.05)


def test_a_connection_serves_request_after_request():
    with serving(Echo()) as server, connect(server) as client:
        for number in range(20):
            asked = b"POST /%d HTTP/1.1\r\nContent-Length: 2\r\n\r\nab" % number
            assert ask(client, asked).body == b"POST /%d ab" % number
        assert head(end(client, LAST))[1]["connection"] == "close"


def test_an_old_client_gets_its_answer_and_the_end(server: Server):
    assert say(server, b"GET /old HTTP/1.0\r\n\r\n").endswith(b"GET /old ")


@pytest.mark.parametrize("begun", [b"POST /a HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n", CHUNKED + b"1E8480\r\n"])
def test_a_body_over_the_limit_is_refused_while_it_is_still_sent(begun: bytes, server: Server, echo: Echo):
    assert head(say(server, begun))[0] == 413
    assert head(say(server, begun + bytes(2_000_000)))[0] == 413
    with connect(server) as client:
        assert ask(client, begun).status == 413
        for _ in range(3):
            client.sendall(bytes(100_000))  # a closed connection would be reset, and the answer may be lost by it
    assert echo.seen == []


def test_many_small_chunks_over_the_limit_are_refused():
    echo = Echo()
    with serving(echo, Limits(request_s=LIMIT_S, body_bytes=1000)) as server:
        assert head(say(server, CHUNKED + b"a\r\n0123456789\r\n" * 101))[0] == 413
        assert echo.seen == []
        whole = CHUNKED.replace(b"Host: x", b"Connection: close") + b"a\r\n0123456789\r\n" * 100 + b"0\r\n\r\n"
        assert head(say(server, whole))[0] == 200
    assert len(echo.seen[0][2]) == 1000


def test_a_body_of_just_the_limit_is_taken_and_one_byte_more_is_not():
    echo = Echo()
    with serving(echo, Limits(request_s=LIMIT_S, body_bytes=9)) as server, connect(server) as client:
        assert ask(client, POST.replace(b"10", b"9") + b"123456789").body == b"POST /a 123456789"
        assert ask(client, POST).status == 413
        assert rest(client) == b""


@pytest.mark.parametrize("end", [b"\r\n\r\n", b""], ids=["whole", "endless"])
@pytest.mark.parametrize("name", [b"X: ", b"Cookie: a=b\r\nX: "])
def test_a_head_over_the_limit_is_refused(name: bytes, end: bytes):
    echo = Echo()
    with serving(echo, Limits(request_s=LIMIT_S, header_bytes=4096)) as server:
        assert head(say(server, b"GET / HTTP/1.1\r\n" + name + b"x" * 4096 + end))[0] == 431
    assert echo.seen == []


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET", 400),
        (b"GET /", 400),
        (b"GET  / HTTP/1.1", 400),
        (b"get / HTTP/1.1", 400),
        (b"GET / HTTQ/1.1", 400),
        (b"GET / HTTP/x", 400),
        (b"GET nowhere HTTP/1.1", 400),
        (b"GET http://elsewhere/ HTTP/1.1", 400),
        (b"GET /#part HTTP/1.1", 400),
        (b"CONNECT x:1 HTTP/1.1", 405),
        (b"GET / HTTP/2.0", 505),
        (b"\x16\x03\x01\x02", 400),
        (b"\xff\xfe /\x00 HTTP/1.1", 400),
    ],
)
def test_a_malformed_request_line_is_refused_and_ends_the_connection(
    line: bytes, status: int, server: Server, echo: Echo
):
    assert head(say(server, line + b"\r\n\r\n"))[0] == status
    assert healthy_within(server)
    assert echo.seen == []


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4",
        b"Content-Length: 4\r\nContent-Length: 5",
        b"Content-Length: 4\r\ncontent-length: 4",
        b"Content-Length: 4, 4",
        b"Content-Length: +4",
        b"Content-Length: -4",
        b"Content-Length: 0x4",
        b"Content-Length: 4_0",
        b"Content-Length: \xb2",
        b"Content-Length:",
        b"Content-Length : 4",
        b"Transfer-Encoding : chunked",
        b" Transfer-Encoding: chunked",
        b"X: y\r\n Transfer-Encoding: chunked",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding: \x0bchunked",
        b"X: y\nContent-Length: 4",
        b"X: y\rContent-Length: 4",
        b"X: \x00",
        b"no colon",
        b"NoColon",
        b": no name",
    ],
)
def test_a_request_that_two_readers_would_frame_differently_is_refused(fields: bytes, server: Server, echo: Echo):
    answer = say(server, b"POST /a HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n\r\n0\r\n\r\n" + LAST)
    assert head(answer)[0] in {400, 501}
    assert answer.count(b"HTTP/1.1") == 1
    assert echo.seen == []


def test_chunks_of_an_old_client_are_refused(server: Server):
    asked = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert head(say(server, asked))[0] == 400


@pytest.mark.parametrize("line", [b"x", b"-1", b"+1", b"0x1", b" 1", b"1_0", b"", b"1 1", b"1" * 17, b"f" * 5000])
def test_a_malformed_chunk_is_refused(line: bytes, server: Server, echo: Echo):
    assert head(say(server, CHUNKED + line + b"\r\na\r\n0\r\n\r\n" + LAST))[0] == 400
    assert echo.seen == []


def test_a_chunk_longer_than_it_says_is_refused(server: Server):
    assert head(say(server, CHUNKED + b"1\r\nab\r\n0\r\n\r\n"))[0] == 400


def test_requests_that_come_together_are_answered_one_by_one_in_order(server: Server, echo: Echo):
    asked = POST + b"0123456789" + GET + CHUNKED + b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n" + b"\r\n" + LAST
    answer = say(server, asked)
    assert echo.seen == [
        ("POST", "/a", b"0123456789"),
        ("GET", "/a", b""),
        ("POST", "/a", b"abcde"),
        ("GET", "/last", b""),
    ]
    assert [answer.find(text) for text in (b"0123456789", b"GET /a ", b"abcde", b"/last")] == sorted(
        answer.find(text) for text in (b"0123456789", b"GET /a ", b"abcde", b"/last")
    )


def test_a_client_that_waits_for_leave_to_send_gets_it_once(server: Server):
    with connect(server) as client:
        client.sendall(POST.replace(b"Host: x", b"Expect: 100-continue"))
        assert read(client).status == 100
        assert ask(client, b"0123456789").body == b"POST /a 0123456789"
        assert ask(client, POST.replace(b"Host: x", b"Expect: 100-continue") + b"0123456789").status == 200
        too_large = POST.replace(b"Host: x", b"Expect: 100-continue").replace(b"10\r", b"9999999\r")
        assert ask(client, too_large).status == 413


def test_a_client_that_ends_in_the_middle_of_a_request_is_refused(server: Server, echo: Echo):
    with connect(server) as client:
        client.sendall(POST + b"half")
        assert head(end(client))[0] == 400
    assert echo.seen == []


def test_a_client_that_ends_after_its_request_gets_the_answer(server: Server):
    with connect(server) as client:
        client.sendall(GET)
        assert end(client).endswith(b"GET /a ")
