"""Signed messages: a receiver by the specification takes them, once, and nothing else that looks like one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from boombap.clients.http.multi import Client
from boombap.config.secret import Secret
from boombap.deps.model import Coverage, Finding, Skipped
from boombap.deps.notify.address import address
from boombap.deps.notify.posting import Post
from boombap.deps.notify.webhook import Webhook, key, message, signed
from boombap.errors import ConfigError, ExternalError, Unavailable
from boombap.interrupt import Interrupt
from clocks import Clock
from deps.notify.stories import SOURCE, TEXTS, finding, many, story
from fakes import slack, webhook
from fakes.slack import refusal
from schemas.validation import FOLDER, closed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.notify.news import News

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SCHEMA = json.loads((FOLDER / "messages" / "deps-webhook.json").read_text(encoding="utf-8"))
NOW_S = 1_800_000_000.0


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW_S)


@pytest.fixture
def receiver(clock: Clock) -> Iterator[webhook.Receiver]:
    with webhook.serving(SECRET, clock) as made:
        yield made


def send(receiver: webhook.Receiver, clock: Clock, audit_news: News, secret: str = SECRET) -> None:
    with Client(Interrupt(), max_in_flight=1) as client:
        where = address("deps.webhook_url", "X", Secret(receiver.url))
        Webhook(where, key(Secret(secret)), clock).send(audit_news, Post(client, clock.sleep, lambda _: None))


def fits(body: object) -> list[str]:
    validator = Draft202012Validator(closed(SCHEMA), format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(body)]


def test_the_signature_is_that_of_the_specification():
    """The example of the documentation of Standard Webhooks."""
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}', Secret(SECRET))
    assert headers == (
        "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp: 1614265330",
        "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    )


def test_a_receiver_takes_a_message_and_refuses_it_when_it_comes_again(receiver: webhook.Receiver, clock: Clock):
    send(receiver, clock, story(finding(kev="2026-11-01", fixed=("1.1",))))
    (body,) = receiver.taken.values()
    assert fits(body) == []
    assert (body["type"], body["data"]["verdict"], body["data"]["exit_code"]) == ("dependencies.audited", "fail", 1)
    assert body["data"]["findings"][0]["name"] == "flask"
    ((headers, raw),) = receiver.requests
    assert receiver.take(headers, raw) == 409, "a replay"
    clock.sleep(301)
    assert receiver.take(headers, raw) == 400, "an old one"


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "body"])
def test_what_was_changed_on_the_way_is_refused(header: str, receiver: webhook.Receiver, clock: Clock):
    send(receiver, clock, story(finding()))
    ((headers, raw),) = receiver.requests
    receiver.taken.clear()
    assert receiver.take(headers, raw) == 204
    if header == "body":
        raw = raw.replace(b"flask", b"flusk")
    else:
        headers = {**headers, header: "1800000001" if header == "webhook-timestamp" else "msg_2"}
    assert receiver.take(headers, raw) == 401


def test_another_secret_is_refused_and_the_error_says_so(receiver: webhook.Receiver, clock: Clock):
    with pytest.raises(ExternalError, match=r"was not sent: .* status 401; look at its log") as raised:
        send(receiver, clock, story(finding()), "whsec_" + "A" * 32)
    assert "s3cretpart" not in str(raised.value)
    assert len(receiver.requests) == 1


def test_attempts_have_one_id_and_each_its_own_time(receiver: webhook.Receiver, clock: Clock):
    receiver.faults = [refusal("", "503 Busy", "Retry-After: 20"), slack.cut]
    send(receiver, clock, story(finding()))
    heads = [headers for headers, _ in receiver.requests]
    assert len({headers["webhook-id"] for headers in heads}) == 1
    assert int(heads[1]["webhook-timestamp"]) - int(heads[0]["webhook-timestamp"]) >= 20
    assert len({headers["webhook-signature"] for headers in heads}) == len(heads) - (
        heads[1]["webhook-timestamp"] == heads[2]["webhook-timestamp"]
    )
    assert receiver.answers == [204]


def test_messages_have_ids_of_their_own(receiver: webhook.Receiver, clock: Clock):
    for _ in range(3):
        send(receiver, clock, story(finding()))
    assert len(receiver.taken) == 3
    assert len({body["data"]["digest"] for body in receiver.taken.values()}) == 1


def test_a_busy_receiver_is_asked_four_times(receiver: webhook.Receiver, clock: Clock):
    receiver.faults = [refusal("", "503 Busy")] * 9
    with pytest.raises(Unavailable, match="status 503"):
        send(receiver, clock, story(finding()))
    assert len(receiver.requests) == 4


@pytest.mark.parametrize(
    ("status", "advice"), [("410 Gone", r"take deps\.webhook_url out"), ("302 Found", "log"), ("400 Bad", "log")]
)
def test_a_refusal_is_not_repeated(status: str, advice: str, receiver: webhook.Receiver, clock: Clock):
    receiver.faults = [refusal("", status)]
    with pytest.raises(ExternalError, match=advice):
        send(receiver, clock, story(finding()))
    assert len(receiver.requests) == 1


def test_ten_thousand_findings_are_a_hundred_and_a_number():
    body = message(many(10_000))
    assert fits(body) == []
    data = json.loads(json.dumps(body))["data"]
    assert (len(data["findings"]), data["totals"]["findings"]) == (100, 10_000)
    assert data["levels"] == {"critical": 5_000, "medium": 5_000}
    assert {item["level"] for item in data["findings"]} == {"critical"}
    assert len(json.dumps(body)) < 100_000


@given(st.lists(st.builds(finding, TEXTS, TEXTS, summary=TEXTS), max_size=5), TEXTS)
def test_a_body_fits_its_schema_and_is_bounded(findings: list[Finding], text: str):
    skipped = (Skipped(text, text, text, is_failure=True),) * 200
    body = message(story(*findings, coverage=Coverage(1, skipped, skipped, sources=(SOURCE,)), project=text))
    assert fits(body) == []
    raw = json.dumps(body, ensure_ascii=False).encode()
    size = len(raw)
    assert size < 1_000_000
    assert body["data"]["verdict"] == "unknown"
    assert body["data"]["totals"]["skipped"] == 200


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_"), "whsec_" + "A" * 84 + "AA=="])
def test_a_secret_that_can_sign(secret: str):
    assert key(Secret(secret)).reveal() == secret


@pytest.mark.parametrize(
    "secret",
    ["s3cret", "whsec_s3cret", "whsec_", "whsec_" + "s3cr" * 7, "s3cr" * 30, "whsec_s3cr\xe9t", "whsk_" + "A" * 32],
)
def test_a_secret_that_cannot_is_not_quoted(secret: str):
    with pytest.raises(ConfigError, match="openssl rand -base64 32") as raised:
        key(Secret(secret))
    assert "s3cr" not in str(raised.value)


def test_a_secret_that_is_not_set():
    with pytest.raises(ConfigError, match=r"deps\.webhook_secret is not set"):
        key(None)
