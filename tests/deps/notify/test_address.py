from __future__ import annotations

import pytest

from boombap.config.secret import Secret
from boombap.deps.notify.address import address
from boombap.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://hooks.slack.com/services/T0/B0/s3cret", "https://hooks.slack.com"),
        ("http://127.0.0.1:8065/hooks/s3cret?x=s3cret", "http://127.0.0.1:8065"),
        ("http://[::1]:8065/hooks/s3cret", "http://[::1]:8065"),
        ("http://localhost/s3cret", "http://localhost"),
    ],
)
def test_only_the_origin_is_shown(url: str, origin: str):
    made = address("deps.slack_url", "X", Secret(url), needs_tls=True)
    assert (made.origin, made.secret.reveal()) == (origin, url)
    assert "s3cret" not in repr(made)
    assert len(made.digest) == 64


@pytest.mark.parametrize(
    "url",
    [
        "T0/B0/s3cret",
        "ftp://x/s3cret",
        "file:///s3cret",
        "https:///services/s3cret",
        "https://dj:s3cret@x/services",
        "https://s3cret@x/",
        "https://x/services/s3 cret",
        "https://x/services/s3cret\n",
        "https://x/services/s3cr\xe9t",
        "https://x\\services\\s3cret",
        "https://x#s3cret",
        "https://x:123456/s3cret",
        "http://hooks.slack.com/services/s3cret",
        "http://127.0.0.1.s3cret.example.org/",
        "http://localhost.example.org/s3cret",
    ],
)
def test_what_is_not_an_address_is_not_quoted(url: str):
    with pytest.raises(ConfigError, match=r"deps\.slack_url") as raised:
        address("deps.slack_url", "X", Secret(url), needs_tls=True)
    assert "s3cr" not in str(raised.value)


@pytest.mark.parametrize("secret", [None, Secret("")])
def test_an_address_that_is_not_set_names_the_variable(secret: Secret | None):
    with pytest.raises(ConfigError, match="BOOMBAP_DEPS_SLACK_URL"):
        address("deps.slack_url", "BOOMBAP_DEPS_SLACK_URL", secret)


def test_without_the_need_for_tls_any_host_may_be_http():
    assert address("deps.webhook_url", "X", Secret("http://hooks.example.org/")).origin == "http://hooks.example.org"
