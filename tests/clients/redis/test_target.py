"""Addresses: what they name, what is refused, and that no text made from them holds the password."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.clients.redis.target import Target, Tls, from_settings, from_text
from boombap.config.model import Redis
from boombap.config.secret import Secret
from boombap.errors import ConfigError

SECRET = "Tr0mpete-im-Keller"


@pytest.mark.parametrize(
    ("text", "label", "username", "has_password", "has_tls"),
    [
        (f"redis://u:{SECRET}@host:6380/2", "host:6380/2", "u", True, False),
        (f"redis://:{SECRET}@host", "host:6379/0", "", True, False),
        ("redis://host", "host:6379/0", "", False, False),
        ("  redis://host/\n", "host:6379/0", "", False, False),
        ("REDIS://host", "host:6379/0", "", False, False),
        ("valkey://host", "host:6379/0", "", False, False),
        (f"rediss://:{SECRET}@host:6380", "host:6380/0", "", True, True),
        ("redis://[::1]:6380/1", "[::1]:6380/1", "", False, False),
        ("redis://[::1]", "[::1]:6379/0", "", False, False),
        ("redis://host?db=3", "host:6379/3", "", False, False),
        ("unix:///run/redis.sock", "/run/redis.sock/0", "", False, False),
        (f"unix://u:{SECRET}@/run/redis.sock?db=4", "/run/redis.sock/4", "u", True, False),
        ("unix:///a%20b.sock", "/a b.sock/0", "", False, False),
        (f"redis+sentinel://:{SECRET}@a:26380,b/cache/1", "service cache/1", "", True, False),
    ],
)
def test_an_address_names_its_parts(text: str, label: str, username: str, has_password: bool, has_tls: bool):
    target = from_text(text, origin="the test")
    assert (target.label, target.username, bool(target.password)) == (label, username, has_password)
    assert (target.tls is not None) == has_tls


def test_sentinels_have_a_port_of_their_own():
    target = from_text(f"redis+sentinel://a:1,b/cache/1?sentinel_password={SECRET}", origin="the test")
    assert target.sentinels == (("a", 1), ("b", 26379))
    assert (target.service, target.db) == ("cache", 1)
    assert target.sentinel_password == Secret(SECRET)


def test_files_of_tls_are_named_in_the_query():
    target = from_text("rediss://host?ssl_ca_certs=/ca&ssl_certfile=/c&ssl_keyfile=/k", origin="the test")
    assert target.tls == Tls("/ca", "/c", "/k")


@pytest.mark.parametrize("option", ["ssl_cert_reqs=none", "ssl_check_hostname=False"])
def test_unverified_tls_is_refused(option: str):
    with pytest.raises(ConfigError, match="would accept any server"):
        from_text(f"rediss://host?{option}", origin="the test")


@pytest.mark.parametrize(
    "text",
    [
        "", "host:6379", "http://host", "redis://host:port", f"redis://u:{SECRET}@host:0", "redis://host:70000",
        "redis://host/x", "redis://host/-1", "unix://relative.sock", "redis+sentinel://host", "redis://[::1",
        "redis://host\n/0", "redis://host/99999999", "redis://[::1]6379",
    ],
)  # fmt: skip
def test_a_malformed_address_is_not_shown(text: str):
    with pytest.raises(ConfigError) as caught:
        from_text(text, origin="REDIS_URL")
    assert "REDIS_URL is malformed" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_parts_replace_those_of_the_url():
    settings = Redis(url=Secret("redis://u:a@host:1/2"), port=3, password=Secret(SECRET))
    target = from_settings(settings, "the configuration")
    assert (target.label, target.username, target.password) == ("host:3/2", "u", Secret(SECRET))


def test_a_host_may_be_a_socket():
    assert from_settings(Redis(host="/run/redis.sock"), "the configuration").label == "/run/redis.sock/0"


def test_without_settings_the_server_is_local():
    assert from_settings(Redis(), "the configuration") == Target(origin="the configuration")


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=20)


@given(username=_WORDS, password=_WORDS, db=st.integers(0, 999_999), port=st.integers(1, 65_535))
def test_every_password_can_be_written_and_none_is_seen(username: str, password: str, db: int, port: int):
    text = f"redis://{quote(username, safe='')}:{quote(password, safe='')}@host:{port}/{db}"
    target = from_text(text, origin="the test")
    assert (target.username, target.port, target.db) == (username, port, db)
    assert target.password
    assert target.password.reveal() == password
    assert "***" in repr(target)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(text: str):
    for scheme in ("redis://", "unix://", "redis+sentinel://", ""):
        try:
            from_text(scheme + text, origin="the test")
        except ConfigError:
            continue
