from __future__ import annotations

import hashlib
import hmac

import pytest

from boombap.deps.admission.sender import WINDOW_S, Senders
from boombap.errors import ConfigError

TOKEN, BODY, NOW_S = "tok-1234567890", b'{"images": []}', 1_800_000_000.0


def signed(at: str = "1800000000", body: bytes = BODY, token: str = TOKEN) -> dict[str, str]:
    digest = hmac.new(token.encode(), at.encode("utf-8", "surrogateescape") + b"." + body, hashlib.sha256).hexdigest()
    return {"HTTP_X_BOOMBAP_TIMESTAMP": at, "HTTP_X_BOOMBAP_SIGNATURE": f"sha256={digest}"}


@pytest.mark.parametrize("headers", [{"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, signed()])
def test_the_token_or_a_signature_is_enough(headers: dict[str, str]):
    assert Senders(TOKEN).refusal(headers, BODY, NOW_S) == ""


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "needs its token"),
        ({"HTTP_AUTHORIZATION": "Bearer wrong"}, "needs its token"),
        ({"HTTP_AUTHORIZATION": f"Basic {TOKEN}"}, "needs its token"),
        ({"HTTP_AUTHORIZATION": f"Bearer {TOKEN}\udcff"}, "needs its token"),
        (signed(token="other"), "does not fit"),
        (signed(body=b"other"), "does not fit"),
        (signed() | {"HTTP_X_BOOMBAP_TIMESTAMP": "1800000001"}, "does not fit"),
        (signed() | {"HTTP_X_BOOMBAP_SIGNATURE": ""}, "does not fit"),
        (signed(token="other") | {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, "does not fit"),
        ({"HTTP_X_BOOMBAP_SIGNATURE": "sha256=\udcff"}, "does not fit"),
        (signed(at=f"{NOW_S - WINDOW_S - 1:.0f}"), "not of the last"),
        (signed(at=f"{NOW_S + WINDOW_S + 1:.0f}"), "not of the last"),
        (signed(at="now"), "Unix seconds"),
        (signed(at="9" * 5000), "Unix seconds"),
        (signed(at=""), "Unix seconds"),
    ],
)
def test_who_is_refused(headers: dict[str, str], reason: str):
    refusal = Senders(TOKEN).refusal(headers, BODY, NOW_S)
    assert reason in refusal
    assert TOKEN not in refusal


def test_a_signed_request_counts_once():
    senders = Senders(TOKEN)
    assert senders.refusal(signed(), BODY, NOW_S) == ""
    assert senders.refusal(signed(), BODY, NOW_S + 1) == "the request was sent before"
    assert senders.refusal(signed("1800000001"), BODY, NOW_S + 1) == ""


@pytest.mark.parametrize("token", ["", "a b", "\u00e9"])
def test_a_token_that_no_header_holds(token: str):
    with pytest.raises(ConfigError, match=r"deps\.hook_token"):
        Senders(token)
