"""What must not leave: a character that would end a method, an address or a header, and begin something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.clients.http.exchange import Request, check_headers, check_target, origin, shown_url
from boombap.clients.http.multi import Client
from boombap.errors import ConfigError
from boombap.interrupt import Interrupt
from fakes.http_peer import always, response, serving

if TYPE_CHECKING:
    from collections.abc import Callable

BREAKS = ["\r\n", "\n", "\r", "\0", "\x0b", "\x7f", "\u2028", "é"]
PLACES: dict[str, Callable[[str, str], Request]] = {
    "the method": lambda url, text: Request(f"GET{text}X", url),
    "the address": lambda url, text: Request("GET", f"{url}/a{text}X-Evil: 1"),
    "the query": lambda url, text: Request("GET", f"{url}/?q=a{text}X-Evil: 1"),
    "a header's name": lambda url, text: Request("GET", url, (f"X{text}X-Evil: hunter2",)),
    "a header's value": lambda url, text: Request("GET", url, ("Accept: */*", f"X: a{text}X-Evil: hunter2")),
    "the end of a header": lambda url, text: Request("GET", url, (f"X: hunter2{text}",)),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", BREAKS, ids=ascii)
def test_a_line_break_never_leaves(place: str, text: str):
    """A name out of a database or a token out of a file must not become a second header or a second request."""
    with serving(always(response(b"ok"))) as peer, Client(Interrupt()) as client:
        good = Request("GET", peer.url)
        client.fetch(good)
        with pytest.raises(ConfigError) as caught:
            client.fetch(PLACES[place](peer.url, text))
        assert "hunter2" not in str(caught.value)
        assert str(caught.value).isprintable()
        assert str(caught.value).isascii()
        client.fetch(good)
        assert len(peer.requests) == 2
        assert not any(b"Evil" in request for request in peer.requests)


@pytest.mark.parametrize("method", ["", " ", "G T", "GET /x HTTP/1.1", "GET:"])
def test_a_method_is_one_word(method: str):
    with pytest.raises(ConfigError, match="is not an HTTP method"):
        check_target(Request(method, "http://127.0.0.1/"))


@pytest.mark.parametrize("header", ["hunter2", ": hunter2", "X hunter2: y", "X;", " X: hunter2", "X : hunter2", ""])
def test_a_header_is_a_name_and_a_value(header: str):
    """libcurl reads other forms as orders of its own, or drops them."""
    with pytest.raises(ConfigError) as caught:
        check_headers(("Accept: */*", header))
    assert str(caught.value).startswith("header 2 is not Name: value")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ftp://h/", "HTTP://h/", "//h/", "h", " http://h/", "http:/h", "https//h"]
)
def test_an_address_is_http_or_https(url: str):
    with pytest.raises(ConfigError, match="does not begin with http:// or https://"):
        check_target(Request("GET", url))


@pytest.mark.parametrize("url", ["http://a b/", "http://h/a b", "http://h/?q=a b", "http://h\t/"])
def test_an_address_has_no_space(url: str):
    with pytest.raises(ConfigError, match="write it as %XX"):
        check_target(Request("GET", url))


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)),
)
def test_everything_that_can_be_written_is_accepted(path: str, value: str):
    check_target(Request("PROPFIND", f"https://h/{path}"))
    check_headers([f"X-Note: {value}"])


@given(st.text(), st.text())
def test_whatever_is_refused_is_refused_as_an_error_of_ours(url: str, header: str):
    try:
        check_target(Request("GET", f"http://h/{url}"))
        check_headers([f"X: {header}"])
    except ConfigError:
        return
    assert (url + header).isascii()
    assert not set(url + header) & set("\r\n\0")


@given(st.from_regex(r"[a-z0-9:@?#/.\[\]]{0,30}", fullmatch=True))
def test_no_shown_address_holds_a_password_or_a_query(rest: str):
    for shown in (
        shown_url(f"https://dj:hunter2@h/{rest}?key=hunter2#hunter2"),
        origin(f"https://dj:hunter2@h/{rest}"),
    ):
        assert "hunter2" not in shown
