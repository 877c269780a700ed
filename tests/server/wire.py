"""Clients that say exactly what a test wants on the wire, and applications that notice what reaches them."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from boombap.server.answer import TEXT, answer
from boombap.server.limits import Certificate, Limits
from boombap.server.serve import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from boombap.server.serve import Server

LIMIT_S = 20.0
"""No client of a test waits longer."""
GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
PATIENT = Limits(request_s=LIMIT_S, threads=2, drain_s=1.0)
"""A silent client keeps its connection for the whole test."""
SHORT = Limits(request_s=0.4, threads=2, drain_s=1.0)


class Answer(NamedTuple):
    """What a client has read."""

    status: int
    headers: dict[str, str]
    body: bytes


class Echo:
    """Answers with method, path and body; `seen` are the requests that reached it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, bytes]] = []

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        body = environ["wsgi.input"].read()
        self.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], body))
        return answer(start, 200, f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ".encode() + body, TEXT)


class Gate:
    """Answers once it is opened; `entered` counts the requests that wait."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        self.entered.release()
        assert self.opened.wait(LIMIT_S)
        return answer(start, 200, b"at last", TEXT)


def big(size: int) -> WSGIApplication:
    """Return an application whose answers are larger than any socket's buffers."""
    body = bytes(size)

    def app(_: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        return answer(start, 200, body, TEXT)

    return app


@contextmanager
def serving(app: WSGIApplication, limits: Limits = SHORT) -> Iterator[Server]:
    with running(app, limits=limits) as server:
        yield server


@contextmanager
def clients(server: Server, count: int, begun: bytes = b"", *, receive_bytes: int = 0) -> Iterator[list[socket.socket]]:
    """Open connections that have said `begun` and no more."""
    opened: list[socket.socket] = []
    try:
        for _ in range(count):
            opened.append(connect(server, receive_bytes))
            opened[-1].sendall(begun)
        yield opened
    finally:
        for client in opened:
            client.close()


def connect(server: Server, receive_bytes: int = 0) -> socket.socket:
    client = socket.socket()
    if receive_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(LIMIT_S)
    try:
        client.connect((server.host, server.port))
    except OSError:
        client.close()
        raise
    return client


def say(server: Server, text: bytes) -> bytes:
    """Send the text and return everything until the server closes the connection."""
    with connect(server) as client:
        client.sendall(text)
        return rest(client)


def ask(client: socket.socket, text: bytes) -> Answer:
    """Send the text and return one answer; the connection stays open."""
    client.sendall(text)
    return read(client)


def read(client: socket.socket) -> Answer:
    """Return one answer, whose body has a length."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = client.recv(1)
        assert piece, f"the server closed the connection after {text!r}"
        text += piece
    status, headers = head(text)
    body = b""
    length = int(headers.get("content-length", 0))
    while len(body) < length:
        piece = client.recv(min(65536, length - len(body)))
        assert piece, f"the server closed the connection after {len(body)} of {length} bytes"
        body += piece
    return Answer(status, headers, body)


def head(text: bytes) -> tuple[int, dict[str, str]]:
    lines = text.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    fields = (line.partition(": ") for line in lines[1:])
    return int(lines[0].split(" ")[1]), {name.lower(): value for name, _, value in fields}


def rest(client: socket.socket) -> bytes:
    """Return everything until the server closes the connection."""
    pieces = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def end(client: socket.socket, text: bytes = b"") -> bytes:
    """Send the text and nothing more; return everything until the server closes the connection."""
    client.sendall(text)
    client.shutdown(socket.SHUT_WR)
    return rest(client)


def healthy_within(server: Server, limit_s: float = 1.0) -> bool:
    """Tell whether /healthz answers a new client in time."""
    began_s = time.monotonic()
    status, _ = head(say(server, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"))
    return status == 200 and time.monotonic() - began_s < limit_s


def drip(client: socket.socket, text: bytes, pause_s: float = 0.05) -> bytes:
    """Send the text again and again, slowly, until the server answers or closes; return what it said."""
    client.settimeout(pause_s)
    ends_s = time.monotonic() + LIMIT_S
    while time.monotonic() < ends_s:
        client.sendall(text)
        try:
            return client.recv(65536)
        except TimeoutError:
            continue
    raise AssertionError("the server puts up with a client that never ends its request")


def self_signed(folder: Path) -> Certificate:
    """Write a certificate for localhost, with its key, into a folder."""
    chain, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", chain],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return Certificate(chain, key)
