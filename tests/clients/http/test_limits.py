"""What a server may do to the client at most: bytes, memory, time; and what it says when a server lies or leaves."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.clients.http.exchange import Request
from boombap.clients.http.multi import Client
from boombap.errors import Disconnected, ExternalError, Interrupted, TimedOut, Unreachable
from boombap.interrupt import Interrupt
from fakes.http_peer import always, once, response, serving, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.http_peer import Answer, Guest

MIB = 1024 * 1024
LIMIT = MIB
BOMB_BYTES = 200 * 1000 * 1000
HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS_CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """200 MB of zeros in 200 kB."""
    packer = zlib.compressobj(9, wbits=31)
    part = bytes(MIB)
    return b"".join(packer.compress(part) for _ in range(BOMB_BYTES // MIB + 1)) + packer.flush()


def fetch(client: Client, answer: Answer, **limits: float) -> bytes:
    with serving(answer) as peer:
        options = {"timeout_s": 10.0, "max_bytes": LIMIT, **limits}
        return client.fetch(Request("GET", f"{peer.url}/big", **options)).body  # type: ignore[arg-type]


def failure(client: Client, answer: Answer, **limits: float) -> ExternalError:
    with pytest.raises(ExternalError) as caught:
        fetch(client, answer, **limits)
    return caught.value


def fresh_peak_bytes() -> int:
    """Return what the process takes now, and start a new peak from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def peak_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def sends_for_ever(head: bytes, part: bytes) -> Answer:
    def answer(guest: Guest, _: bytes) -> None:
        guest.send(head)
        while True:
            guest.send(part)

    return answer


def test_a_gzip_bomb_is_stopped_with_little_memory(bomb: bytes, client: Client):
    """200 kB on the wire become 200 MB: the limit holds for what comes out."""
    before = fresh_peak_bytes()
    error = failure(client, always(response(bomb, "Content-Encoding: gzip")))
    grown_bytes = peak_bytes() - before
    assert "sent an answer above the limit of 1.0 MiB" in str(error)
    assert not error.transient
    assert grown_bytes < 20 * MIB


def test_a_gzip_bomb_does_not_fill_the_disk(bomb: bytes, client: Client):
    written = 0

    def sink(chunk: bytes) -> None:
        nonlocal written
        written += len(chunk)

    with serving(always(response(bomb, "Content-Encoding: gzip"))) as peer, pytest.raises(ExternalError, match="above"):
        client.download(Request("GET", peer.url, max_bytes=LIMIT), sink)
    assert written <= LIMIT


def test_several_encodings_on_top_of_each_other_are_not_a_way_around_the_limit(bomb: bytes, client: Client):
    twice = gzip.compress(bomb)
    error = failure(client, always(response(twice, "Content-Encoding: gzip, gzip")))
    assert "above the limit" in str(error)


def test_an_encoding_that_nobody_knows_is_an_error(client: Client):
    error = failure(client, always(response(b"x", "Content-Encoding: rot13")))
    assert "cannot be decompressed" in str(error)


def test_a_body_that_announces_more_than_the_limit_is_refused_before_it_comes(client: Client):
    error = failure(client, always(HEAD + b"Content-Length: 999999999\r\n\r\n"))
    assert "above the limit of 1.0 MiB" in str(error)


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (HEAD + b"Connection: close\r\n\r\n", b"x" * 65_536),
        (ENDLESS_CHUNKS, b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
        (b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 65_536),
    ],
    ids=["until the end", "in chunks", "HTTP/1.0"],
)
def test_a_body_without_a_length_is_stopped_at_the_limit(head: bytes, part: bytes, client: Client):
    error = failure(client, sends_for_ever(head, part))
    assert "above the limit of 1.0 MiB" in str(error)


@pytest.mark.parametrize(("size", "is_taken"), [(LIMIT, True), (LIMIT + 1, False)])
@pytest.mark.parametrize("has_length", [True, False])
def test_the_limit_is_exact(size: int, is_taken: bool, has_length: bool, client: Client):
    body = bytes(size)
    answer = always(response(body)) if has_length else once(HEAD + b"\r\n" + body)
    if is_taken:
        assert fetch(client, answer) == body
    else:
        assert "above the limit" in str(failure(client, answer))


def test_the_next_request_on_the_same_handle_starts_with_a_fresh_count(client: Client):
    with serving(always(response(bytes(LIMIT)))) as peer:
        for _ in range(3):
            assert len(client.fetch(Request("GET", peer.url, max_bytes=LIMIT)).body) == LIMIT


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (HEAD, b"X-Filler: " + b"x" * 8000 + b"\r\n"),
        (HEAD, b"X: y\r\n"),
        (HEAD + b"X-Filler: ", b"x" * 65_536),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n"),
        (ENDLESS_CHUNKS + b"0\r\n", b"X-Trailer: " + b"x" * 8000 + b"\r\n"),
    ],
    ids=["long headers", "many headers", "one long header", "interim answers", "trailers"],
)
def test_headers_without_end_are_stopped(head: bytes, part: bytes, client: Client):
    started_s = time.monotonic()
    before = fresh_peak_bytes()
    error = failure(client, sends_for_ever(head, part), timeout_s=8.0)
    assert "sent more headers than" in str(error)
    assert not error.transient
    assert time.monotonic() - started_s < 5
    assert peak_bytes() - before < 20 * MIB


def test_a_server_that_does_not_answer_costs_the_time_limit_only(client: Client):
    started_s = time.monotonic()
    error = failure(client, silent, timeout_s=0.2)
    assert isinstance(error, TimedOut)
    assert "did not finish its answer within" in str(error)
    assert 0.2 <= time.monotonic() - started_s < 1


def test_a_time_limit_below_the_step_of_the_wait_holds(client: Client):
    """libcurl's own timer is heeded; the wait of 50 ms is the longest one, not the shortest."""
    durations_s = []
    for _ in range(5):
        started_s = time.monotonic()
        failure(client, silent, timeout_s=0.01)
        durations_s.append(time.monotonic() - started_s)
    assert min(durations_s) < 0.045


def test_a_server_that_drips_costs_the_time_limit_only(client: Client):
    """Each byte comes in time; the deadline is for the whole exchange."""
    left = threading.Event()

    def drip(guest: Guest, _: bytes) -> None:
        guest.send(HEAD + b"Content-Length: 100000\r\n\r\n")
        with suppress(OSError):
            while not left.wait(0.02):
                guest.send(b"x")

    started_s = time.monotonic()
    try:
        assert isinstance(failure(client, drip, timeout_s=0.3), TimedOut)
    finally:
        left.set()
    assert 0.3 <= time.monotonic() - started_s < 1.5


def test_an_exchange_in_which_nothing_moves_is_given_up_before_its_time_limit():
    def stall(guest: Guest, _: bytes) -> None:
        guest.send(HEAD + b"Content-Length: 100000\r\n\r\nx")
        guest.wait_until_left()

    started_s = time.monotonic()
    with Client(Interrupt(), stall_s=1.0) as client:
        assert isinstance(failure(client, stall, timeout_s=30.0), TimedOut)
    assert time.monotonic() - started_s < 6


def test_a_server_that_accepts_no_connection_costs_the_connection_limit_only():
    """A full queue of connections drops what comes, as a firewall does."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        client = stack.enter_context(Client(Interrupt(), connect_s=0.3))
        started_s = time.monotonic()
        with pytest.raises(Unreachable, match="did not accept a connection within"):
            client.fetch(Request("GET", f"http://127.0.0.1:{full.getsockname()[1]}/", timeout_s=30.0))
        assert time.monotonic() - started_s < 1.5


def test_a_port_that_nobody_listens_on_is_an_error_that_says_so(client: Client):
    with serving(silent) as peer:
        pass
    with pytest.raises(Unreachable, match=f"{peer.url} refused the connection"):
        client.fetch(Request("GET", peer.url))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (HEAD + b"Content-Length: 100\r\n\r\nabc", "broke off in the middle of an answer"),
        (ENDLESS_CHUNKS + b"5\r\nab", "broke off in the middle of an answer"),
        (ENDLESS_CHUNKS + b"5\r\nabcde\r\n", "broke off in the middle of an answer"),
        (b"", "closed the connection without an answer"),
    ],
    ids=["length", "in a chunk", "between chunks", "at once"],
)
def test_a_response_that_is_cut_off_is_never_taken_for_whole(data: bytes, reason: str, client: Client):
    error = failure(client, once(data))
    assert isinstance(error, Disconnected)
    assert reason in str(error)


def test_a_download_that_is_cut_off_is_an_error(client: Client):
    parts: list[bytes] = []
    with serving(once(HEAD + b"Content-Length: 100\r\n\r\nabc")) as peer, pytest.raises(Disconnected):
        client.download(Request("GET", peer.url), parts.append)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03" * 100,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"-ERR unknown command\r\n",
        b"ok\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 99 x\r\n\r\n",
        b"HTTP/1.1 1000 x\r\n\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: many\r\n\r\nabc",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        ENDLESS_CHUNKS + b"zz\r\nabc\r\n0\r\n\r\n",
        ENDLESS_CHUNKS + b"fffffffffffffffffff\r\nabc",
        HEAD + b"X: \x00y\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!",
    ],
)
def test_garbage_is_an_error_and_never_a_response(data: bytes, client: Client):
    error = failure(client, once(data))
    assert type(error) in (ExternalError, Disconnected)
    assert "libcurl error" not in str(error)


def seconds_to_end_after_ctrl_c() -> float:
    interrupt = Interrupt()
    pressed_s = 0.0

    def press(guest: Guest, _: bytes) -> None:
        nonlocal pressed_s
        pressed_s = time.monotonic()
        interrupt.set(2)
        guest.wait_until_left()

    with serving(press) as peer, Client(interrupt) as client:
        with pytest.raises(Interrupted):
            client.fetch(Request("GET", peer.url))
        return time.monotonic() - pressed_s


def test_ctrl_c_ends_a_wait_within_50_ms():
    """The flag is looked at every 50 ms; the best of three, because the machine may be busy."""
    assert min(seconds_to_end_after_ctrl_c() for _ in range(3)) < 0.075


def poll(client: Client, request: Request) -> None:
    client.submit(request)
    client.poll(30.0)


def download(client: Client, request: Request) -> None:
    client.download(request, lambda _: None)


@pytest.mark.parametrize("wait", [poll, download])
def test_ctrl_c_ends_a_poll_and_a_download_too(wait: Callable[[Client, Request], None]):
    interrupt = Interrupt()

    def press(guest: Guest, _: bytes) -> None:
        guest.send(HEAD + b"Content-Length: 9\r\n\r\nabc")
        interrupt.set(15)
        guest.wait_until_left()

    with serving(press) as peer, Client(interrupt) as client:
        with pytest.raises(Interrupted):
            wait(client, Request("GET", peer.url))
        assert peer.arrived.is_set()
