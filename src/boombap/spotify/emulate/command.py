"""The command `spotify emulate`: its words to a catalogue and settings, and the server until it is told to end."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING

from boombap import log
from boombap.config.load import load
from boombap.errors import EXIT_FINE, Interrupted, UsageError
from boombap.output import usage
from boombap.output.terminal import Terminal
from boombap.spotify.model import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.server.serve import Server
    from boombap.spotify.emulate.catalogue import Catalogue, Row

_TRACKS = 1_000
_MOST_TRACKS = 10_000_000
_MOST_PORT = 65_535
_MOST_MS = 600_000
_LONGEST_S = 86_400
_STATEMENT_MS = 120_000
# Each request that waits out its latency holds a thread.
_THREADS = 64
_DESCRIPTION = (
    "A Web API of Spotify on loopback, for trying things out: prints its address and serves until it is ended."
)
_EXAMPLES = """\
examples:
  spotify-processor emulate --port 8099 --mode development
  spotify-processor emulate --from-db --latency-ms 80 --window 300
  spotify-processor emulate --catalogue tracks.csv --faults trouble.toml

Point the processor at it:
  BOOMBAP_SPOTIFY_BASE_URL=http://127.0.0.1:8099/v1 BOOMBAP_SPOTIFY_ACCOUNTS_URL=http://127.0.0.1:8099
  SPOTIFY_CLIENT_ID=any SPOTIFY_CLIENT_SECRET=any

GET /_log tells what each client asked; POST /_faults replaces the fault script, for example
  [{"match": "^/v1/tracks", "nth": 3, "times": 2, "then": {"kind": "json", "status": 429}}]"""


def run(words: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Serve until the run is interrupted, and give the exit code."""
    args = _parser(f"{prog} emulate").parse_args(words)
    config = load()
    log.configure(config.log.level, config.log.format)
    _serve(args, config, interrupt)
    return EXIT_FINE


def _serve(args: argparse.Namespace, config: Config, interrupt: Interrupt) -> None:
    from boombap.server.limits import Limits
    from boombap.server.serve import serve
    from boombap.spotify.emulate import faults
    from boombap.spotify.emulate.app import App, Settings

    def pause(seconds: float) -> None:
        with contextlib.suppress(Interrupted):
            interrupt.sleep(seconds)

    terminal = Terminal(quiet=args.quiet)
    script = faults.read_file(args.faults) if args.faults else []
    catalogue = _catalogue(args, config, interrupt)
    settings = Settings(args.mode, args.secret, args.token_s, args.latency_ms, args.window, args.window_s)
    app = App(catalogue, settings, pause=pause)
    app.script.set(script)

    def announce(server: Server) -> None:
        terminal.write(server.url)
        counts = f"{len(catalogue.songs):,} tracks, {len(catalogue.artists):,} artists"
        terminal.note(f"{args.mode} mode with {counts}; Ctrl-C ends it")

    serve(app, interrupt, announce, port=args.port, limits=Limits(threads=_THREADS))


def _catalogue(args: argparse.Namespace, config: Config, interrupt: Interrupt) -> Catalogue:
    from itertools import islice

    from boombap.spotify.emulate.catalogue import Shares, from_rows

    shares = Shares(absent=args.absent / 100)
    catalogue = from_rows(islice(_rows(args, config, interrupt), args.tracks), args.seed, shares)
    if not catalogue.songs:
        raise UsageError("the catalogue is empty", hint="name a file with artists and titles, or give --tracks")
    return catalogue


def _rows(args: argparse.Namespace, config: Config, interrupt: Interrupt) -> Iterable[Row]:
    from boombap.spotify.emulate import catalogue, rows

    if args.catalogue:
        return rows.read_file(args.catalogue)
    if not args.from_db:
        return catalogue.made_up(args.tracks or _TRACKS, args.seed)
    from boombap.clients.postgres.session import Limits, Session
    from boombap.local.address import postgres

    limits = Limits(config.db.connect_timeout, _STATEMENT_MS)
    with contextlib.closing(Session(postgres(config), limits, interrupt)) as session:
        return list(rows.read_database(session, args.tracks))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = usage.parser(prog, _DESCRIPTION, _EXAMPLES)
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="default: any that is free")
    modes = [str(mode) for mode in Mode]
    parser.add_argument("--mode", type=_mode, choices=list(Mode), default=Mode.EXTENDED, metavar="|".join(modes),
                        help="what the app may ask (default: extended)")  # fmt: skip
    parser.add_argument("--secret", metavar="TEXT", help="the only client secret that is accepted (default: any)")
    parser.add_argument("--token-s", type=_seconds, default=3600.0, metavar="N", help="life of a token (default: 3600)")
    _add_catalogue(parser)
    _add_trouble(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no notes on stderr")
    return parser


def _add_catalogue(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--catalogue", metavar="FILE", help="CSV (artist,title,album,year,id) or JSON Lines")
    where.add_argument("--from-db", action="store_true", help="the rows of the table tracks")
    parser.add_argument(
        "--tracks", type=_tracks, metavar="N", help="at most so many; without a catalogue so many made up"
    )
    parser.add_argument("--absent", type=_percentage, default=0.0, metavar="PERCENT", help="rows that Spotify lacks")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is made up (default: 0)")


def _add_trouble(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--latency-ms", type=_milliseconds, default=0.0, metavar="N", help="before each answer")
    parser.add_argument("--window", type=_tracks, metavar="N", help="requests in any window (default: no limit)")
    parser.add_argument("--window-s", type=_seconds, default=30.0, metavar="N", help="its length (default: 30)")
    parser.add_argument("--faults", metavar="FILE", help="fault script, JSON or TOML")


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither extended nor development") from None


def _port(text: str) -> int:
    return int(_between(text, 0, _MOST_PORT))


def _tracks(text: str) -> int:
    return int(_between(text, 1, _MOST_TRACKS))


def _percentage(text: str) -> float:
    return _between(text, 0, 100)


def _milliseconds(text: str) -> float:
    return _between(text, 0, _MOST_MS)


def _between(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds up to {_LONGEST_S}")
    return seconds
