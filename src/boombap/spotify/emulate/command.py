"""The action `spotify emulate`: its options to a catalogue and settings, and the server until it is interrupted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from boombap.errors import EXIT_OK, Interrupted, UsageError
from boombap.spotify.emulate import options

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIApplication

    from boombap.command.context import RunContext
    from boombap.server.serve import Server
    from boombap.spotify.emulate.app import App
    from boombap.spotify.emulate.catalogue import Catalogue, CatalogueRow

_TRACKS = 1_000
_STATEMENT_MS = 120_000
# Each request that waits out its latency holds a thread.
_THREADS = 64


def run(context: RunContext) -> int:
    """Serve until the run is interrupted, and return the exit code."""
    args = context.args
    if args.replay:
        from boombap.spotify.emulate.replay import Replay, read_record

        options.check_replay(args)
        responses = read_record(args.replay)
        _serve(context, Replay(responses), f"{len(responses):,} recorded requests")
        return EXIT_OK
    app, subject = _app(context)
    if not args.record:
        _serve(context, app, subject)
        return EXIT_OK
    from boombap.spotify.emulate.replay import Recorder

    with Recorder(app, args.record) as recorder:
        _serve(context, recorder, f"{subject}, recorded in {args.record}")
    return EXIT_OK


def _serve(context: RunContext, app: WSGIApplication, subject: str) -> None:
    from boombap.server.limits import Limits
    from boombap.server.serve import serve

    def announce(server: Server) -> None:
        context.terminal.announce(server.url)
        context.terminal.note(f"{subject}; Ctrl-C ends it")

    serve(app, context.interrupt, announce, port=context.args.port, limits=Limits(threads=_THREADS))


def _app(context: RunContext) -> tuple[App, str]:
    """Return the application and a line about what it serves."""
    from boombap.spotify.emulate import faults
    from boombap.spotify.emulate.app import App, Settings
    from boombap.spotify.emulate.random_faults import random_faults

    def sleep(seconds: float) -> None:
        with contextlib.suppress(Interrupted):
            context.interrupt.sleep(seconds)

    args = context.args
    script = faults.read_file(args.faults) if args.faults else []
    catalogue = _catalogue(context)
    limits = (args.window, args.window_s, args.quota)
    settings = Settings(args.mode, args.secret, args.token_s, args.latency_ms, *limits, args.search, args.seed)
    app = App(catalogue, settings, sleep=sleep)
    app.script.set(script + (random_faults(args.fault_rate / 100, args.seed) if args.fault_rate else []))
    return app, f"{args.mode} mode with {len(catalogue.songs):,} tracks, {len(catalogue.artists):,} artists"


def _catalogue(context: RunContext) -> Catalogue:
    from itertools import islice

    from boombap.spotify.emulate.catalogue import Shares, from_rows

    args = context.args
    shares = Shares(absent=args.absent / 100)
    catalogue = from_rows(islice(_rows(context), args.tracks), args.seed, shares)
    if not catalogue.songs:
        raise UsageError("the catalogue is empty", hint="name a file with artists and titles, or give --tracks")
    return catalogue


def _rows(context: RunContext) -> Iterable[CatalogueRow]:
    from boombap.spotify.emulate import catalogue, rows

    args = context.args
    if args.catalogue:
        return rows.read_file(args.catalogue)
    if not args.from_db:
        return catalogue.made_up(args.tracks or _TRACKS, args.seed)
    from boombap.clients.postgres.session import Limits, Session
    from boombap.local.address import postgres

    limits = Limits(context.config.postgres.connect_timeout, _STATEMENT_MS)
    with contextlib.closing(Session(postgres(context.config), limits, context.interrupt)) as session:
        return list(rows.read_database(session, args.tracks))
