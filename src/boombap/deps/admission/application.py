"""What `deps serve` answers with: the databases as OSV's service does, and the verdicts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from boombap.deps import environment, osv_server
from boombap.deps.admission.lookup import Lookup
from boombap.deps.admission.sender import Senders
from boombap.deps.admission.service import Service, with_verdicts
from boombap.deps.verdicts.commands import place
from boombap.server.limits import Limits
from boombap.telemetry.instruments import Meter

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from boombap.command.context import RunContext

LIMITS = Limits(body_bytes=8 * 1024 * 1024)
"""An API server sends the whole object, and the one before, each of up to 3 MiB."""


def application(context: RunContext, folder: str) -> WSGIApplication:
    """Return the application; its database of verdicts is closed with the run.

    Args:
        context: of the run; its settings name the verdicts and the tokens.
        folder: of the advisory databases.

    Raises:
        ConfigError: for a token that does not fit into a header.
    """
    settings = environment.settings(context)
    lookup = Lookup(place(context), context.args.environment)
    context.stack.callback(lookup.close)
    senders = Senders(settings.hook_token.reveal()) if settings.hook_token else None
    # A meter of its own: what Prometheus scrapes here must not be counted once more by the collector.
    service = Service(lookup, senders, Meter(), settings.break_glass_max)
    token = settings.serve_token
    protect = partial(osv_server.protected, token=token.reveal()) if token else _unprotected
    return with_verdicts(service, osv_server.application(folder), protect)


def _unprotected(app: WSGIApplication) -> WSGIApplication:
    return app
