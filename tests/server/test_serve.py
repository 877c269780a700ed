"""Where a server listens, and how it ends."""

from __future__ import annotations

import resource
import signal
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import servers
from boombap.errors import ConfigError, ExternalError
from boombap.interrupt import Interrupt
from boombap.server.limits import Limits
from boombap.server.serve import Server, running, serve
from server.wire import (
    GET,
    LIMIT_S,
    PATIENT,
    POST,
    Echo,
    Gate,
    ask,
    big,
    clients,
    connect,
    head,
    healthy_within,
    read,
    say,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from wsgiref.types import WSGIApplication

    Start = Callable[..., subprocess.Popen[str]]

DRAINING = Limits(request_s=LIMIT_S, threads=2, drain_s=LIMIT_S)


@contextmanager
def interruptible(
    app: WSGIApplication, limits: Limits = DRAINING
) -> Iterator[tuple[Server, Interrupt, threading.Thread]]:
    """Serve as a command does, until the interrupt is set; in the end it must have come to its end by itself."""
    interrupt, ready, announced = Interrupt(), threading.Event(), []

    def on_ready(server: Server) -> None:
        announced.append(server)
        ready.set()

    thread = threading.Thread(target=serve, args=(app, interrupt, on_ready), kwargs={"limits": limits})
    thread.start()
    assert ready.wait(LIMIT_S)
    try:
        yield announced[0], interrupt, thread
    finally:
        interrupt.set(signal.SIGTERM)
        thread.join(LIMIT_S)
        assert not thread.is_alive()


def refuses_within(server: Server, limit_s: float) -> bool:
    """Tell whether new connections are refused in time."""
    ends_s = time.monotonic() + limit_s
    while time.monotonic() < ends_s:
        try:
            connect(server).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            continue
    return False


def test_a_server_that_ends_refuses_new_clients_and_answers_the_request_at_work():
    gate = Gate()
    with interruptible(gate) as (server, interrupt, _), connect(server) as client:
        client.sendall(GET)
        assert gate.entered.acquire(timeout=LIMIT_S)
        assert interrupt.grace_s > DRAINING.drain_s
        interrupt.set(signal.SIGTERM)
        assert refuses_within(server, 5)
        gate.opened.set()
        answer = read(client)
        assert (answer.status, answer.headers["connection"], answer.body) == (200, "close", b"at last")
        assert client.recv(1) == b""


def test_a_server_that_ends_finishes_the_answer_that_is_being_taken():
    with (
        interruptible(big(8_000_000)) as (server, interrupt, _),
        clients(server, 1, GET, receive_bytes=4096) as (client,),
    ):
        assert client.recv(1) == b"H"
        interrupt.set(signal.SIGTERM)
        assert refuses_within(server, 5)
        left = 8_000_000
        while piece := client.recv(65536):
            left -= len(piece)
        assert left < 0  # the headers come on top


@pytest.mark.parametrize("begun", [b"", GET[:9], POST + b"half"], ids=["idle", "head", "body"])
def test_silent_clients_do_not_hold_up_the_end(begun: bytes):
    with interruptible(Echo()) as (server, interrupt, thread), clients(server, 50, begun):
        assert healthy_within(server)
        interrupt.set(signal.SIGTERM)
        thread.join(2)
        assert not thread.is_alive()


def test_the_command_ends_with_143_after_the_answer(start_boombap: Start):
    child = start_boombap("spotify", "emulate", "--tracks", "10", "--latency-ms", "60000")
    server = printed(child)
    with connect(server) as client:
        client.sendall(b"GET /v1/tracks HTTP/1.1\r\n\r\n")
        assert healthy_within(server, LIMIT_S)
        child.send_signal(signal.SIGTERM)
        assert read(client).status == 401
    assert child.wait(LIMIT_S) == 143
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_clients_leave_descriptors_for_others(start_boombap: Start):
    child = start_boombap("spotify", "emulate", "--tracks", "10")
    server = printed(child)
    resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (128, 128))
    with clients(server, 200), connect(server) as client:
        assert ask(client, b"GET /healthz HTTP/1.1\r\n\r\n").status == 200
    child.send_signal(signal.SIGTERM)
    assert child.wait(LIMIT_S) == 143


def printed(child: subprocess.Popen[str]) -> Server:
    assert child.stdout
    url = child.stdout.readline().strip()
    return Server("127.0.0.1", int(url.rpartition(":")[2]), url)


def test_a_port_that_is_in_use_is_named():
    with running(Echo(), limits=PATIENT) as server:
        with (
            pytest.raises(ExternalError, match=rf"port {server.port} of 127\.0\.0\.1 is in use"),
            running(Echo(), port=server.port),
        ):
            pass
        assert healthy_within(server)


def test_a_port_is_free_again_after_the_end():
    with running(Echo(), limits=PATIENT, port=servers.free_port()) as server:
        say(server, GET.replace(b"Host: x", b"Connection: close"))
    with running(Echo(), limits=PATIENT, port=server.port) as again:
        assert again == server
        assert healthy_within(again)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("no host", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_is_not_of_this_machine_is_named(host: str, port: int):
    with (
        pytest.raises(ConfigError, match=f"cannot listen at {host}, port {port}"),
        running(Echo(), host=host, port=port),
    ):
        pass


@pytest.mark.skipif(not servers.has_ipv6(), reason="needs IPv6")
def test_an_address_of_ipv6_stands_in_brackets():
    with running(Echo(), host="::1", limits=PATIENT) as server:
        assert server.url == f"http://[::1]:{server.port}"
        with socket.create_connection(("::1", server.port), LIMIT_S) as client:
            assert head(ask_raw(client))[0] == 200


def ask_raw(client: socket.socket) -> bytes:
    client.sendall(GET)
    return client.recv(65536)
