"""Messages for Slack are within its limits whatever advisories say, and every answer of Slack is clear."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.clients.http.multi import Client
from boombap.config.secret import Secret
from boombap.deps.gate.policy import Policy
from boombap.deps.gate.verdict import judge
from boombap.deps.model import Audit, Coverage, Finding, InventoryFile, Report, Skipped
from boombap.deps.notify.address import address
from boombap.deps.notify.news import news
from boombap.deps.notify.posting import Post
from boombap.deps.notify.slack import Slack, message
from boombap.errors import Disconnected, ExternalError, Unavailable
from boombap.interrupt import Interrupt
from clocks import Clock
from deps.notify.stories import SOURCE, TEXTS, finding, many, story
from fakes import http_peer, slack
from fakes.slack import faults_of, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.notify.news import News
    from boombap.resilience.retry import Retry


@pytest.fixture
def workspace() -> Iterator[slack.Slack]:
    with slack.serving() as made:
        yield made


class Sender:
    """Sends to a workspace with a clock that a test looks at."""

    def __init__(self, workspace: slack.Slack) -> None:
        self.clock = Clock()
        self.retries: list[Retry] = []
        self._workspace = workspace

    def send(self, audit_news: News) -> None:
        with Client(Interrupt(), max_in_flight=1) as client:
            where = address("deps.slack_url", "X", Secret(self._workspace.url))
            Slack(where).send(audit_news, Post(client, self.clock.sleep, self.retries.append))


@pytest.fixture
def sender(workspace: slack.Slack) -> Sender:
    return Sender(workspace)


def test_a_message_as_a_person_reads_it():
    audit_news = story(
        finding(aliases=("CVE-2026-1",), fixed=("1.1",), kev="2026-11-01"), link="https://ci.example.org/1?a&b"
    )
    assert message(audit_news) == {
        "text": "rap: dependencies are blocked\n1 finding in 3 packages\nhigh 7.5 flask 1.0 PYSEC-1 (blocks)\n"
        "<https://ci.example.org/1?a&amp;b>",
        "parse": "none",
        "mrkdwn": False,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "rap: dependencies are blocked", "emoji": False}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "1 finding in 3 packages", "verbatim": True},
                "fields": [{"type": "mrkdwn", "text": "*high* 1", "verbatim": True}],
            },
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": "*high 7.5* *exploited* `flask 1.0` PYSEC-1, CVE-2026-1 (blocks)\n"
                    "fixed in 1.1; requirements.txt:1\nbad",
                    "verbatim": True,
                },
            },
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": "<https://ci.example.org/1?a&amp;b|The whole report>",
                    "verbatim": True,
                },
            },
            {
                "type": "context",
                "elements": [
                    {
                        "type": "mrkdwn",
                        "text": "boombap 1.0, 2026-11-27T00:00:00Z. PyPI: 4 records, newest 2026-11-26T00:00:00Z",
                        "verbatim": True,
                    }
                ],
            },
        ],
    }


def test_ten_thousand_findings_are_the_ten_worst_and_a_number():
    made = message(many(10_000))
    assert list(faults_of(made)) == []
    text = json.dumps(made)
    assert text.count("fixed in") + text.count("no fix is known") == 10
    assert "critical* 5,000" in text
    assert "medium* 5,000" in text
    assert "9,990 more findings are not shown here" in text
    assert len(text) < 20_000


@given(st.lists(st.builds(finding, TEXTS, TEXTS, summary=TEXTS), max_size=12), TEXTS, TEXTS)
def test_nothing_from_outside_breaks_a_limit_or_calls_anybody(findings: list[Finding], project: str, reason: str):
    skipped = tuple(Skipped(reason, reason, reason, pin=reason, is_failure=number > 9) for number in range(20))
    coverage = Coverage(1, skipped, skipped, sources=(SOURCE.replace(newest=reason),), missing=(reason,))
    made = message(story(*findings, coverage=coverage, project=project, link="https://x/" + "&" * 390))
    assert list(faults_of(made)) == []
    text = json.dumps(made, ensure_ascii=False)
    for dangerous in ("<!", "<@", "<https://evil", "@here", "\x1b", "\u202e", "\\n>quoted"):
        assert dangerous not in text


def test_what_was_not_audited_is_in_the_message():
    skipped = (Skipped("redis", "not pinned to a version", "requirements.txt", 3),)
    unreadable = (Skipped("poetry.lock", "line 1: not TOML", "poetry.lock", is_failure=True),)
    excluded = (InventoryFile("old/requirements.txt", "excluded", "not shipped"),)
    audit = Audit((), Coverage(1, (*skipped, *unreadable), (Skipped("GHSA-1", "only git ranges"),)), inventory=excluded)
    report = Report(audit, judge(audit, Policy()), "2026-11-27T00:00:00Z", "1.0")
    made = message(news(report, "rap"))
    text = json.dumps(made)
    assert "rap: no verdict on dependencies" in made["text"]
    for reason in (
        "redis (requirements.txt): not pinned to a version",
        "poetry.lock could not be read: line 1: not TOML",
        "GHSA-1: only git ranges",
        "old/requirements.txt: not shipped",
    ):
        assert reason in text
    assert "no known vulnerabilities" not in text
    assert "pass" not in text


def test_slack_says_ok(sender: Sender, workspace: slack.Slack):
    sender.send(story(finding()))
    assert [len(sent["blocks"]) for sent in workspace.messages] == [4]
    assert "Content-Type: application/json; charset=utf-8" in workspace.heads[0]
    assert sender.clock.slept == []


def test_a_limit_on_messages_is_waited_for(sender: Sender, workspace: slack.Slack):
    workspace.faults = [refusal("rate_limited", "429 Too Many Requests", "Retry-After: 7")]
    sender.send(story(finding()))
    assert len(workspace.messages) == 2
    assert 7.0 <= sender.clock.slept[0] <= 8.0


def test_a_long_limit_is_not_waited_for(sender: Sender, workspace: slack.Slack):
    workspace.faults = [refusal("rate_limited", "429 Too Many Requests", "Retry-After: 300")] * 9
    with pytest.raises(Unavailable, match=r"was not sent: .* status 429; try again in 5 min"):
        sender.send(story(finding()))
    assert (len(workspace.messages), sender.clock.slept) == (1, [])


def test_a_limit_without_a_time_ends_too(sender: Sender, workspace: slack.Slack):
    workspace.faults = [refusal("rate_limited", "429 Too Many Requests")] * 99
    with pytest.raises(Unavailable, match="try again later"):
        sender.send(story(finding()))
    assert len(workspace.messages) == 4


@pytest.mark.parametrize("fault", [refusal("oops", "500 Oops"), refusal("", "503 Busy"), slack.cut, b"HTTP/1.1 2"])
def test_a_passing_fault_is_tried_again(fault: bytes | http_peer.Answer, sender: Sender, workspace: slack.Slack):
    def half(guest: http_peer.Guest, _: bytes) -> None:
        guest.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\no")
        guest.close()

    workspace.faults = [half if fault == b"HTTP/1.1 2" else fault, fault if callable(fault) else slack.cut]
    sender.send(story(finding()))
    assert len(workspace.messages) == 3
    assert len(sender.retries) == 2
    assert slack.SECRET not in str([retry.error for retry in sender.retries])


def test_a_fault_that_stays_ends(sender: Sender, workspace: slack.Slack):
    workspace.faults = [slack.cut] * 99
    with pytest.raises(Disconnected, match="was not sent") as raised:
        sender.send(story(finding()))
    assert len(workspace.messages) == 4
    assert "s3cret" not in f"{raised.value} {raised.value!r} {raised.value.url}"


def test_a_late_answer_is_tried_again(sender: Sender, workspace: slack.Slack, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("boombap.deps.notify.slack.TIMEOUT_S", 0.2)
    workspace.faults = [http_peer.silent]
    sender.send(story(finding()))
    assert len(workspace.messages) == 2


def test_refused_blocks_are_sent_once_more_as_plain_text(sender: Sender, workspace: slack.Slack):
    workspace.faults = [refusal("invalid_blocks")]
    sender.send(story(finding("a<b")))
    first, second = workspace.messages
    assert "blocks" in first
    assert "blocks" not in second
    assert second["text"] == first["text"]
    assert "a&lt;b 1.0 PYSEC-1" in second["text"]


def test_blocks_that_are_refused_twice_are_an_error(sender: Sender, workspace: slack.Slack):
    workspace.faults = [refusal("invalid_blocks")] * 9
    with pytest.raises(ExternalError, match=r"status 400 \(invalid_blocks\)"):
        sender.send(story(finding()))
    assert len(workspace.messages) == 2


@pytest.mark.parametrize(
    ("word", "status", "advice"),
    [
        ("invalid_token", "403 Forbidden", r"create a new webhook .* deps\.slack_url"),
        ("no_service", "404 Not Found", "create a new webhook"),
        ("channel_is_archived", "410 Gone", "unarchive the channel"),
        ("action_prohibited", "403 Forbidden", "administrator"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_repeated(
    word: str, status: str, advice: str, sender: Sender, workspace: slack.Slack
):
    workspace.faults = [refusal(word, status)]
    with pytest.raises(ExternalError, match=rf"was not sent: .* \({word}\); .*{advice}"):
        sender.send(story(finding()))
    assert len(workspace.messages) == 1


@pytest.mark.parametrize("answer", [b"<html>login</html>", b"", b"s3cretpart"])
def test_a_page_that_is_not_slack_took_no_message(answer: bytes, sender: Sender, workspace: slack.Slack):
    workspace.faults = [http_peer.response(answer)]
    with pytest.raises(ExternalError, match=r"status 200 \(not the answer of Slack\); check deps\.slack_url") as raised:
        sender.send(story(finding()))
    assert "s3cret" not in str(raised.value)


def test_a_redirect_is_not_followed(sender: Sender, workspace: slack.Slack):
    with http_peer.serving(http_peer.always(http_peer.response(b"ok"))) as other:
        workspace.faults = [refusal("", "307 Temporary Redirect", f"Location: {other.url}/x")]
        with pytest.raises(ExternalError, match="status 307"):
            sender.send(story(finding()))
        assert other.requests == []
