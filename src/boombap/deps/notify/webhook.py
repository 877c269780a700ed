"""An audit as a signed webhook: a body of JSON with a version, an id, a time, and a signature over all three.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import time

from boombap.clients.http.exchange import Request
from boombap.deps.notify.news import label
from boombap.deps.notify.posting import MAX_ANSWER_BYTES, TIMEOUT_S, refused
from boombap.errors import ConfigError
from boombap.output.terminal import printable
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.config.secret import Secret
    from boombap.deps.model import Finding, Skipped, Violation
    from boombap.deps.notify.address import Address
    from boombap.deps.notify.news import News
    from boombap.deps.notify.posting import Post

SCHEMA = "boombap.deps.notify/1"
EVENT = "dependencies.audited"
MAX_LISTED = 100
"""Entries of each list in a body, the worst first; 100 findings are about 60 kB."""
_MAX_TEXT = 200
_MAX_IDS = 10
_PREFIX = "whsec_"
_LEAST_KEY_BYTES, _MOST_KEY_BYTES = 24, 64
_GONE = 410
_KEY_HINT = "set BOOMBAP_DEPS_WEBHOOK_SECRET to whsec_ and the output of `openssl rand -base64 32`"


class Webhook(Record):
    """A receiver of signed messages.

    Attributes:
        address: where it listens.
        key: what both sides sign with, in bytes.
        clock: returns the Unix time.
    """

    address: Address
    key: Secret
    clock: Callable[[], float] = time.time
    name = "the webhook"

    def send(self, news: News, post: Post) -> None:
        """Send a message; all attempts have one id, and each a signature with its own time.

        Raises:
            ExternalError: when the receiver did not answer with one of the 200s.
            Interrupted: when the run was asked to end.
        """
        body = json.dumps(message(news), ensure_ascii=False).encode()
        id_ = f"msg_{os.urandom(16).hex()}"

        def request() -> Request:
            headers = ("Content-Type: application/json", *signed(id_, int(self.clock()), body, self.key))
            url = self.address.secret.reveal()
            return Request("POST", url, headers, body, timeout_s=TIMEOUT_S, max_bytes=MAX_ANSWER_BYTES)

        response = post.send(self.address, request)
        if not response.is_success:
            gone = "the receiver wants no more messages: take deps.webhook_url out"
            raise refused(self.address, response, hint=gone if response.status == _GONE else "look at its log")


def key(secret: Secret | None) -> Secret:
    """Return a secret that can sign, after its form was checked.

    Raises:
        ConfigError: when it is not set, or not base64 of 24 to 64 bytes; the error does not quote it.
    """
    if not secret:
        raise ConfigError("deps.webhook_secret is not set", hint=_KEY_HINT)
    if not _LEAST_KEY_BYTES <= len(_key_bytes(secret)) <= _MOST_KEY_BYTES:
        raise ConfigError("deps.webhook_secret is not whsec_ with base64 of 24 to 64 bytes", hint=_KEY_HINT)
    return secret


def _key_bytes(secret: Secret) -> bytes:
    try:
        return base64.b64decode(secret.reveal().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""


def signed(id_: str, sent_s: int, body: bytes, secret: Secret) -> tuple[str, ...]:
    """Return the headers that identify, date and sign a body.

    Args:
        sent_s: Unix time of the attempt.
        secret: as `key` returns it.
    """
    content = b".".join((id_.encode(), str(sent_s).encode(), body))
    digest = hmac.digest(_key_bytes(secret), content, hashlib.sha256)
    signature = base64.b64encode(digest).decode()
    return f"webhook-id: {id_}", f"webhook-timestamp: {sent_s}", f"webhook-signature: v1,{signature}"


def message(news: News) -> dict[str, object]:
    """Return the body; docs/reference/deps.md describes every field."""
    report = news.report
    audit, verdict = report.audit, report.verdict
    coverage = audit.coverage
    lists = {
        "findings": [_finding(finding, status) for finding, status in news.findings[:MAX_LISTED]],
        "violations": _violations(verdict.violations),
        "gaps": _violations(verdict.gaps),
        "skipped": _skipped(coverage.skipped),
        "unassessable": _skipped(coverage.unassessable),
        "excluded": [{"file": _short(i.file), "reason": _short(i.reason)} for i in audit.excluded[:MAX_LISTED]],
    }
    totals = {
        "findings": len(news.findings),
        "blocking": news.blocking,
        "exploited": news.exploited,
        "waived": len(verdict.waived),
        "known": len(verdict.known),
        "violations": len(verdict.violations),
        "gaps": len(verdict.gaps),
        "skipped": len(coverage.skipped),
        "unassessable": len(coverage.unassessable),
        "excluded": len(audit.excluded),
        "audited": coverage.audited,
    }
    data = {
        "schema": SCHEMA,
        "version": report.version,
        "project": _short(news.project),
        "link": news.link or None,
        "digest": news.digest,
        "verdict": verdict.word,
        "is_enforced": verdict.is_enforced,
        "exit_code": news.exit_code,
        "answer": _short(news.answer),
        "totals": totals,
        "levels": news.counts,
    }
    return {"type": EVENT, "timestamp": report.made_at, "data": {**data, **lists}}


def _finding(finding: Finding, status: str) -> dict[str, object]:
    dependency = finding.dependency
    return {
        "ecosystem": dependency.ecosystem,
        "name": _short(dependency.name),
        "version": _short(dependency.version),
        "file": _short(dependency.file),
        "line": dependency.line,
        "scope": dependency.scope,
        "id": _short(finding.id),
        "aliases": [_short(alias) for alias in finding.aliases[:_MAX_IDS]],
        "level": label(finding),
        "score": finding.severity.score,
        "fixed": [_short(version) for version in finding.fixed[:_MAX_IDS]],
        "kev": finding.kev or None,
        "epss": finding.epss,
        "status": status,
        "summary": _short(finding.summary),
    }


def _violations(violations: Sequence[Violation]) -> list[dict[str, str]]:
    return [{"rule": item.rule, "summary": _short(item.summary)} for item in violations[:MAX_LISTED]]


def _skipped(skipped: Sequence[Skipped]) -> list[dict[str, object]]:
    return [
        {"what": _short(item.what), "file": _short(item.file), "line": item.line, "reason": _short(item.reason)}
        for item in skipped[:MAX_LISTED]
    ]


def _short(text: str) -> str:
    shown = printable(text[: _MAX_TEXT + 1])
    return shown if len(shown) <= _MAX_TEXT else shown[: _MAX_TEXT - 1] + "…"
