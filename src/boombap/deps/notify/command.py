"""The action `notify`: audit as `check` does, then tell a channel what it has not been told yet."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path

from boombap.deps import environment
from boombap.deps.notify.address import address
from boombap.deps.notify.ledger import ledger
from boombap.deps.notify.news import news
from boombap.deps.notify.posting import Post
from boombap.errors import BoombapError, Interrupted
from boombap.output.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.command.context import RunContext
    from boombap.deps.model import Report
    from boombap.deps.notify.news import News
    from boombap.deps.notify.slack import Slack
    from boombap.deps.notify.webhook import Webhook
    from boombap.resilience.retry import Retry

    Channel = Slack | Webhook


def notify(context: RunContext, judged: Callable[[], Report]) -> int:
    """Audit, send a message about it, and return the exit code of the audit.

    Args:
        judged: audits, and judges by the policy.

    Raises:
        ConfigError: when the channel is not configured; nothing was audited then.
        BoombapError: when the message could not be sent. Its exit code is that of the audit, unless that is 0.
        Interrupted: when the run was asked to end.
    """
    args = context.args
    channel = None if args.dry_run else _channel(context)
    report = judged()
    audit = news(report, args.project or Path.cwd().name or "dependencies", args.link)
    if channel is None:
        context.terminal.write(json.dumps(_message(context, audit), indent=2))
        return audit.exit_code
    context.terminal.write(printable(audit.answer))
    environment.refresh(context, report.audit.coverage.sources)
    try:
        context.terminal.write(_tell(context, channel, audit))
    except Interrupted:
        raise
    except BoombapError as error:
        error.exit_code = audit.exit_code or error.exit_code
        raise
    return audit.exit_code


def _message(context: RunContext, audit: News) -> dict[str, object]:
    from boombap.deps.notify import slack, webhook

    return slack.message(audit) if context.args.channel == "slack" else webhook.message(audit)


def _channel(context: RunContext) -> Channel:
    from boombap.deps.notify.slack import Slack
    from boombap.deps.notify.webhook import Webhook, key

    deps = environment.settings(context)
    if context.args.channel == "webhook":
        where = address("deps.webhook_url", "BOOMBAP_DEPS_WEBHOOK_URL", deps.webhook_url)
        return Webhook(where, key(deps.webhook_secret))
    return Slack(address("deps.slack_url", "BOOMBAP_DEPS_SLACK_URL", deps.slack_url, needs_tls=True))


def _tell(context: RunContext, channel: Channel, audit: News) -> str:
    """Send what has not been sent yet, and return what was done."""
    if audit.is_empty and not context.args.all_clear:
        return "nothing was sent: no open findings"
    digest, where = audit.digest, channel.address.digest
    with ledger(environment.state(context), context.interrupt.sleep) as sent, ExitStack() as stack:
        sent_at = sent.sent_at(where, digest)
        if sent_at and not (audit.is_empty or context.args.again):
            return f"nothing was sent: {channel.name} got the same findings at {sent_at}; --again sends them again"
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        channel.send(audit, _post(context, stack))
        # An all-clear is sent whenever it is asked for.
        if not audit.is_empty:
            sent.add(where, digest, now)
    return f"sent to {channel.name}: {len(audit.findings):,} finding{'s' * (len(audit.findings) != 1)}"


def _post(context: RunContext, stack: ExitStack) -> Post:
    from boombap.clients.http.multi import Client

    def say(again: Retry) -> None:
        context.terminal.note(printable(f"{again.error}; attempt {again.failures + 1} follows in {again.wait_s:.1f} s"))

    client = Client(context.interrupt, max_in_flight=1, ca_file=context.config.http.ca_file)
    return Post(stack.enter_context(client), context.interrupt.sleep, say)
