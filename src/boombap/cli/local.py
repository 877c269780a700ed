"""The command `local`: start, stop and look at the embedded PostgreSQL and Valkey."""

from __future__ import annotations

import argparse
from time import time

from boombap.config.load import load
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_OK
from boombap.local import postgres, valkey
from boombap.local.address import servers
from boombap.output import usage
from boombap.output.terminal import Terminal
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.local.process import Running

_NO_FOLDER = "a folder of the servers cannot be used"
EXITS = {
    "start": {EXIT_EXTERNAL: "a server did not start, or its folder cannot be used"},
    "stop": {EXIT_EXTERNAL: _NO_FOLDER},
    "status": {EXIT_FINDINGS: "a server does not run", EXIT_EXTERNAL: _NO_FOLDER},
}
"""By action, when it ends with which code."""
_SERVERS = {"postgres": postgres, "valkey": valkey}
_EPILOG = """\
The servers listen on a socket in a folder that only you can enter, and on no network port.
While DATABASE_URL or another setting names a server, commands use that one; they use the local
PostgreSQL only when none is named.

examples:
  boombap local start
  boombap local start postgres
  boombap local stop"""


def main(words: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Run `local` and give its exit code; `status` exits 1 when a server does not run."""
    args = _parser(prog).parse_args(words)
    config = load()
    names = args.servers or list(_SERVERS)
    actions = {"start": _start, "stop": _stop, "status": _status}
    return actions[args.action](names, config, Terminal(quiet=args.quiet), interrupt)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = usage.parser(prog, "The embedded PostgreSQL and Valkey, for trying things out on real servers.", _EPILOG)
    parser.add_argument("action", choices=("start", "stop", "status"), help="what to do")
    parser.add_argument("servers", nargs="*", type=_server, metavar="SERVER", help="postgres or valkey; default: both")
    parser.add_argument("-q", "--quiet", action="store_true", help="no notes on stderr")
    return parser


def _server(word: str) -> str:
    if word not in _SERVERS:
        raise argparse.ArgumentTypeError(f"{word!r} is not one of {', '.join(_SERVERS)}")
    return word


def _start(names: Sequence[str], config: Config, terminal: Terminal, interrupt: Interrupt) -> int:
    for name in names:
        running = _SERVERS[name].start(servers(config), pause=interrupt.sleep)
        terminal.write(_line(name, running))
    if "postgres" in names and config.postgres.is_set:
        place = next(place for key, place in config.sources.items() if key.startswith("postgres."))
        terminal.note(f"{place} names another PostgreSQL: commands will use that one, not this")
    return EXIT_OK


def _stop(names: Sequence[str], config: Config, terminal: Terminal, _: Interrupt) -> int:
    for name in names:
        was_running = _SERVERS[name].stop(servers(config))
        terminal.write(f"{name:<9} {'stopped' if was_running else 'was not running'}")
    return EXIT_OK


def _status(names: Sequence[str], config: Config, terminal: Terminal, _: Interrupt) -> int:
    states = {name: _SERVERS[name].status(servers(config)) for name in names}
    for name, running in states.items():
        terminal.write(_line(name, running))
    return EXIT_OK if all(states.values()) else EXIT_FINDINGS


def _line(name: str, running: Running | None) -> str:
    if running is None:
        return f"{name:<9} not running"
    age = format_duration(max(0.0, time() - running.started_s))
    return f"{name:<9} running {running.version}, pid {running.pid}, for {age}\n          {running.url}"
