"""What `deps serve` answers with: the databases as OSV's service does, and the verdicts."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from boombap.command.listener import certificate
from boombap.deps import environment, osv_server
from boombap.deps.admission.lookup import Lookup
from boombap.deps.admission.sender import Senders
from boombap.deps.admission.service import Service, with_verdicts
from boombap.deps.audit import sources
from boombap.deps.verdicts.commands import place
from boombap.deps.verdicts.store import open_store
from boombap.errors import EXIT_OK
from boombap.server.limits import Limits
from boombap.telemetry.instruments import Meter

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from boombap.command.context import RunContext

LIMITS = Limits(body_bytes=8 * 1024 * 1024)
"""An API server sends the whole object, and the one before, each of up to 3 MiB."""


def serve(context: RunContext) -> int:
    """Serve until the run is ended; it needs advisories or verdicts.

    Raises:
        NoVerdict: when there are neither.
        BoombapError: when the address cannot be listened on, or what is kept cannot be read.
    """
    from boombap.server.serve import serve as run

    args, folder = context.args, environment.folder(context)
    if not sources(folder, time.time()):
        if not _has_verdicts(context):
            raise environment.no_databases(folder)
        context.terminal.note(f"there are no databases in {folder}: /v1/ answers 503 until `boombap deps sync`")
    run(
        application(context, folder),
        context.interrupt,
        lambda server: context.terminal.note(f"advisories and verdicts are served at {server.url}"),
        host=args.host,
        port=args.port,
        limits=LIMITS,
        certificate=certificate(args),
    )
    return EXIT_OK


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


def _has_verdicts(context: RunContext) -> bool:
    """Tell whether verdicts are recorded, of any environment."""
    store = open_store(place(context))
    if store is None:
        return False
    with closing(store):
        return bool(store.ages())


def _unprotected(app: WSGIApplication) -> WSGIApplication:
    return app
