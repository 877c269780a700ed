from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boombap.server.answer import JSON, answer
from boombap.server.guard import guard
from server.wire import GET, LAST, PATIENT, Echo, ask, connect, end, head, say, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

HEAD = GET.replace(b"GET", b"HEAD")


def test_the_server_says_by_itself_that_it_is_healthy():
    echo = Echo()
    with serving(echo, PATIENT) as server, connect(server) as client:
        assert ask(client, GET.replace(b"/a", b"/healthz"))[::2] == (200, b"ok\n")
        assert ask(client, GET.replace(b"/a", b"/healthz?x=y")).body == b"ok\n"
        assert echo.seen == []
        assert ask(client, GET.replace(b"/a", b"/healthz/x")).body == b"GET /healthz/x "


def test_head_has_the_headers_of_get_and_no_body():
    with serving(Echo(), PATIENT) as server, connect(server) as client:
        of_get = ask(client, GET.replace(b"/a", b"/healthz")).headers
        client.sendall(HEAD.replace(b"/a", b"/healthz") + LAST)
        received = end(client)
    status, of_head = head(received)
    assert (status, of_head) == (200, of_get | {"date": of_head["date"]})
    assert of_head["content-length"] == "3"
    assert received.split(b"\r\n\r\n")[1].startswith(b"HTTP/1.1 200 OK\r\n")


class Pieces:
    """An answer whose end is noticed."""

    def __init__(self, body: Iterator[bytes]) -> None:
        self._body = body
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self._body

    def close(self) -> None:
        self.is_closed = True


def test_head_of_a_generator_has_its_headers_and_closes_it():
    given: list[Pieces] = []

    def body(environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        yield from answer(start, 404, b'{"a": 1}', JSON, [("X-Of", environ["PATH_INFO"])])

    def app(environ: WSGIEnvironment, start: StartResponse) -> Pieces:
        given.append(Pieces(body(environ, start)))
        return given[-1]

    with serving(app, PATIENT) as server:
        received = say(server, HEAD.replace(b"Host: x", b"Connection: close"))
        assert say(server, LAST).endswith(b'{"a": 1}')
    status, headers = head(received)
    assert (status, headers["content-length"], headers["x-of"]) == (404, "8", "/a")
    assert received.endswith(b"\r\n\r\n")
    assert [pieces.is_closed for pieces in given] == [True, True]


def test_the_access_log_has_a_line_for_each_request_without_query_and_control_characters():
    notes: list[str] = []
    with serving(guard(Echo(), notes.append), PATIENT) as server, connect(server) as client:
        ask(client, GET.replace(b"/a", b"/a%0a%1b[31m?key=secret"))
        ask(client, GET.replace(b"GET", b"PUT"))
    assert [re.sub(r"[\d.]+ ms$", "N ms", note) for note in notes] == [
        r"127.0.0.1 GET '/a\n\x1b[31m' 200 N ms",
        "127.0.0.1 PUT '/a' 200 N ms",
    ]
