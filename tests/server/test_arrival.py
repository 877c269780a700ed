from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boombap.server.arrival import Arrival, Request
from boombap.server.body import Refused

HEAD = b"POST /a HTTP/1.1\r\nHost: x\r\n"
SIZED = HEAD + b"Content-Length: 3\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: Chunked\r\n\r\n"
LIMIT = 200


def requests(*pieces: bytes, limit: int = LIMIT) -> list[Request]:
    """Return every request that has arrived with the pieces."""
    arrival = Arrival(limit, limit)
    taken: list[Request] = []
    for piece in pieces:
        arrival.feed(piece)
        while request := arrival.take():
            taken.append(request)
    return taken


def cut(text: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[begin:end] for begin, end in itertools.pairwise(edges)]


@given(st.lists(st.integers(0, 1000), max_size=6))
@example(list(range(300)))
def test_requests_are_the_same_however_their_bytes_arrive(places: list[int]):
    chunks = b"2\r\nab\r\n1;name=value\r\nc\r\n0\r\nTrailer: x\r\n\r\n"
    text = SIZED + b"abc" + CHUNKED + chunks + b"\r\n" + HEAD + b"\r\n" + SIZED + b"\r\n\r"
    expected = [
        Request(SIZED, b"abc"),
        Request(CHUNKED, b"abc"),
        Request(HEAD + b"\r\n", b""),
        Request(SIZED, b"\r\n\r"),
    ]
    assert requests(*cut(text, places)) == expected


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=9))
def test_chunks_are_put_together(chunks: list[bytes]):
    text = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    assert requests(CHUNKED, text, b"0\r\n\r\n") == [Request(CHUNKED, b"".join(chunks))]


PARTS = [
    b"GET / HTTP/1.1",
    b"\r\n",
    b"\n",
    b"\r",
    b"Content-Length:",
    b"Transfer-Encoding: chunked",
    b"3",
    b"0",
    b" ",
    b"ab",
    b"\0",
]


@given(
    st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=4)), max_size=40),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_anything_is_taken_refused_or_waited_for_and_no_more_is_kept_than_the_limits(
    parts: list[bytes], places: list[int]
):
    text = b"".join(parts)
    assert outcome([text]) == outcome(cut(text, places))


def outcome(pieces: list[bytes]) -> list[Request]:
    arrival = Arrival(50, 50)
    taken: list[Request] = []
    try:
        for piece in pieces:
            arrival.feed(piece)
            while request := arrival.take():
                taken.append(request)
    except Refused:
        pass
    assert all(len(request.head) <= 50 and len(request.body) <= 50 for request in taken)
    return taken


def test_a_request_is_begun_with_its_first_byte_and_not_with_an_empty_line():
    arrival = Arrival(LIMIT, LIMIT)
    assert not arrival.is_begun
    arrival.feed(b"\r\n")
    assert arrival.take() is None
    assert not arrival.is_begun
    arrival.feed(SIZED)
    assert arrival.take() is None
    assert arrival.is_begun
    arrival.feed(b"abc")
    assert arrival.take()
    assert not arrival.is_begun


def test_leave_to_send_is_asked_for_once():
    arrival = Arrival(LIMIT, LIMIT)
    arrival.feed(SIZED.replace(b"Host: x", b"expect: 100-Continue"))
    assert arrival.take() is None
    assert [arrival.wants_continue(), arrival.wants_continue()] == [True, False]
    arrival.feed(b"abc" + SIZED)
    assert arrival.take()
    assert arrival.take() is None
    assert not arrival.wants_continue()


def test_an_old_client_is_never_given_leave_to_send():
    arrival = Arrival(LIMIT, LIMIT)
    arrival.feed(SIZED.replace(b"Host: x", b"Expect: 100-continue").replace(b"1.1", b"1.0"))
    assert arrival.take() is None
    assert not arrival.wants_continue()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (HEAD + b"X: " + bytes(LIMIT), "431"),
        (SIZED.replace(b"3", b"201"), "413"),
        (SIZED.replace(b"3", b"9" * 100), "413"),
        (CHUNKED + b"c9\r\n", "413"),
        (CHUNKED + b"64\r\n" + bytes(100) + b"\r\n65\r\n", "413"),
        (CHUNKED + b"0\r\n" + (b"X: " + bytes(60) + b"\r\n") * 4, "431"),
        (CHUNKED + b"1;" + b"x" * 5000, "400"),
        (CHUNKED + b"1\na\r\n", "400"),
        (CHUNKED + b"10\na\r\n0\r\n\r\n", "400"),
    ],
)
def test_too_much_is_refused_before_it_has_arrived_whole(text: bytes, status: str):
    with pytest.raises(Refused, match=status):
        requests(text)


def test_the_limits_themselves_are_allowed():
    head = HEAD + b"X: " + b"x" * (LIMIT - len(HEAD) - 7) + b"\r\n\r\n"
    assert len(requests(head)[0].head) == LIMIT
    assert len(requests(SIZED.replace(b"3", b"200") + bytes(200))[0].body) == LIMIT
    assert len(requests(CHUNKED + b"c8\r\n" + bytes(200) + b"\r\n0\r\n\r\n")[0].body) == LIMIT


@pytest.mark.parametrize("line", [b"NoColon", b": no name", b"Na me: x", b"Name : x", b" folded"])
def test_a_line_that_is_not_a_header_is_refused(line: bytes):
    with pytest.raises(Refused, match="400"):
        requests(HEAD + line + b"\r\n\r\n")
