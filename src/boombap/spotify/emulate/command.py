"""The action `spotify emulate`: its options to a catalogue and settings, and the server until it is interrupted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from boombap.errors import EXIT_OK, Interrupted, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.command.context import RunContext
    from boombap.server.serve import Server
    from boombap.spotify.emulate.catalogue import Catalogue, CatalogueRow

_TRACKS = 1_000
_STATEMENT_MS = 120_000
# Each request that waits out its latency holds a thread.
_THREADS = 64


def run(context: RunContext) -> int:
    """Serve until the run is interrupted, and return the exit code."""
    from boombap.server.limits import Limits
    from boombap.server.serve import serve
    from boombap.spotify.emulate import faults
    from boombap.spotify.emulate.app import App, Settings
    from boombap.spotify.emulate.random_faults import random_faults

    def sleep(seconds: float) -> None:
        with contextlib.suppress(Interrupted):
            context.interrupt.sleep(seconds)

    args, terminal = context.args, context.terminal
    script = faults.read_file(args.faults) if args.faults else []
    catalogue = _catalogue(context)
    settings = Settings(
        args.mode,
        args.secret,
        args.token_s,
        args.latency_ms,
        args.window,
        args.window_s,
        args.quota,
        args.search,
        args.seed,
    )
    app = App(catalogue, settings, sleep=sleep)
    app.script.set(script + (random_faults(args.fault_rate / 100, args.seed) if args.fault_rate else []))

    def announce(server: Server) -> None:
        terminal.announce(server.url)
        counts = f"{len(catalogue.songs):,} tracks, {len(catalogue.artists):,} artists"
        terminal.note(f"{args.mode} mode with {counts}; Ctrl-C ends it")

    serve(app, context.interrupt, announce, port=args.port, limits=Limits(threads=_THREADS))
    return EXIT_OK


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
