"""An audit as a message for an incoming webhook of Slack, in blocks and as plain text, and what Slack answers.

Source: https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

import json

from boombap.clients.http.exchange import Request
from boombap.deps.notify.posting import MAX_ANSWER_BYTES, TIMEOUT_S, refused
from boombap.deps.notify.slack_text import code, fit
from boombap.deps.report.phrases import database, remedy, severity
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.http.exchange import Response
    from boombap.deps.model import Finding
    from boombap.deps.notify.address import Address
    from boombap.deps.notify.news import News
    from boombap.deps.notify.posting import Post

    Block = dict[str, object]

SHOWN = 10
"""Findings with a section of their own, and reasons of each kind why something was not audited."""
MAX_HEADER = 150
MAX_SECTION = 3000
MAX_FIELDS = 10
_PROJECT = 90
_ANSWER = 2000
_REASON = 250
_NAME = 200
_SUMMARY = 600
_HEADERS = ("Content-Type: application/json; charset=utf-8",)
_NEW_WEBHOOK = "create a new webhook in Slack and put its address into deps.slack_url"
_HINTS = {
    "invalid_token": _NEW_WEBHOOK,
    "token_revoked": _NEW_WEBHOOK,
    "no_service": _NEW_WEBHOOK,
    "no_service_id": _NEW_WEBHOOK,
    "no_active_hooks": _NEW_WEBHOOK,
    "no_team": "check deps.slack_url: its workspace does not exist",
    "team_disabled": "the workspace is disabled; use a webhook of another one",
    "user_not_found": _NEW_WEBHOOK,
    "channel_not_found": "the channel was deleted; create a webhook for another one",
    "channel_is_archived": "unarchive the channel, or create a webhook for another one",
    "action_prohibited": "ask an administrator of the workspace: a rule of theirs refuses messages of webhooks",
    "posting_to_general_channel_denied": "create a webhook for another channel",
    "invalid_payload": "report it: Slack does not understand the message",
}
"""What to do about each refusal; no other word of an answer is shown."""
_BAD_BLOCKS = ("invalid_blocks", "msg_blocks_too_long")


class Slack(Record):
    """A channel of Slack.

    Attributes:
        address: of its incoming webhook.
    """

    address: Address
    name = "Slack"

    def send(self, news: News, post: Post) -> None:
        """Send a message; where Slack refuses its blocks, once more without them.

        Raises:
            ExternalError: when Slack did not take it.
            Interrupted: when the run was asked to end.
        """
        response = self._post(message(news), post)
        if _word(response) in _BAD_BLOCKS:
            response = self._post(_plain(news), post)
        word = _word(response)
        if response.is_success and word == "ok":
            return
        reason = word if word in _HINTS or word in _BAD_BLOCKS else "not the answer of Slack" * response.is_success
        raise refused(self.address, response, reason, _HINTS.get(word, "check deps.slack_url"))

    def _post(self, content: dict[str, object], post: Post) -> Response:
        request = Request(
            "POST",
            self.address.secret.reveal(),
            _HEADERS,
            json.dumps(content).encode(),
            timeout_s=TIMEOUT_S,
            max_bytes=MAX_ANSWER_BYTES,
        )
        return post.send(self.address, lambda: request)


def message(news: News) -> dict[str, object]:
    """Return a message in blocks, with the text of its notification."""
    return {**_plain(news), "blocks": list(_blocks(news))}


def _blocks(news: News) -> Iterator[Block]:
    """Yield the blocks: the verdict, counts, the worst findings, what was not audited, the link and the databases."""
    yield {"type": "header", "text": {"type": "plain_text", "text": _headline(news), "emoji": False}}
    summary = _section(fit(news.answer, _ANSWER))
    fields = [_text(f"*{level}* {count:,}") for level, count in news.counts.items()]
    yield {**summary, "fields": fields[:MAX_FIELDS]} if fields else summary
    for finding, status in news.findings[:SHOWN]:
        yield _section(_finding(finding, status))
    if len(news.findings) > SHOWN:
        yield _context(_more(news))
    for title, reasons in _reasons(news):
        more = f"\n{len(reasons) - SHOWN:,} more" if len(reasons) > SHOWN else ""
        yield _section("\n".join([f"*{title}*", *(fit(reason, _REASON) for reason in reasons[:SHOWN])]) + more)
    if news.link:
        yield _section(f"<{_link(news.link)}|The whole report>")
    yield _context(_origin(news))


def _headline(news: News) -> str:
    return f"{fit(news.project, _PROJECT)}: {_outcome(news)}"


def _outcome(news: News) -> str:
    verdict = news.report.verdict
    if verdict.gaps:
        return "no verdict on dependencies"
    if verdict.violations:
        return "dependencies are blocked" if verdict.is_enforced else "dependencies have findings (warning only)"
    return "dependencies have findings, none blocks" if news.findings else "dependencies pass"


def _finding(finding: Finding, status: str) -> str:
    dependency = finding.dependency
    exploited = " *exploited*" if finding.kev else ""
    package = code(f"{dependency.name} {dependency.version}", _NAME)
    place = f"{dependency.file}:{dependency.line}" if dependency.line else dependency.file
    lines = [
        f"*{severity(finding)}*{exploited} {package} {fit(', '.join(finding.ids[:3]), _NAME)} ({status})",
        f"{fit(remedy(finding), _NAME)}; {fit(place, _NAME)}",
        fit(finding.summary, _SUMMARY),
    ]
    return "\n".join(line for line in lines if line)


def _more(news: News) -> str:
    return f"{len(news.findings) - SHOWN:,} more findings are not shown here"


def _reasons(news: News) -> Iterator[tuple[str, list[str]]]:
    """Yield what was not audited, what names no version to compare with and what is accepted, each with a title."""
    verdict, coverage = news.report.verdict, news.report.audit.coverage
    skipped = [f"{item.what} ({item.file}): {item.reason}" for item in coverage.skipped]
    unassessable = [f"{item.what}: {item.reason}" for item in coverage.unassessable]
    excluded = [f"{item.file}: {item.reason}" for item in news.report.audit.excluded]
    accepted = [f"{len(verdict.waived):,} waived"] * bool(verdict.waived)
    accepted += [f"{len(verdict.known):,} in the baseline"] * bool(verdict.known)
    for title, reasons in (
        ("Why there is no verdict", [gap.summary for gap in verdict.gaps]),
        ("Not audited", skipped),
        ("Not assessable", unassessable),
        ("Excluded by the policy", excluded),
        ("Findings that are accepted", accepted),
    ):
        if reasons:
            yield title, reasons


def _origin(news: News) -> str:
    sources = "; ".join(map(database, news.report.audit.coverage.sources))
    return fit(f"boombap {news.report.version}, {news.report.made_at}. {sources}", _ANSWER)


def _plain(news: News) -> dict[str, object]:
    """Return the message without blocks, also the text of notifications; Slack looks for no names in it."""
    lines = [_headline(news), fit(news.answer, _ANSWER // 4)]
    for finding, status in news.findings[:SHOWN]:
        package = f"{finding.dependency.name} {finding.dependency.version}"
        lines.append(fit(f"{severity(finding)} {package} {finding.id} ({status})", _NAME // 2))
    if len(news.findings) > SHOWN:
        lines.append(_more(news))
    if news.link:
        lines.append(f"<{_link(news.link)}>")
    return {"text": "\n".join(lines), "parse": "none", "mrkdwn": False}


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_text(text)]}


def _text(text: str) -> Block:
    # verbatim: no address in it becomes a link and no name a mention.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _link(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


def _word(response: Response) -> str:
    return response.body[:MAX_ANSWER_BYTES].decode("ascii", "replace").strip()
