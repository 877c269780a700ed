"""The command `local`: start, stop and look at the embedded PostgreSQL and Valkey."""

from __future__ import annotations

from argparse import ArgumentTypeError
from time import time

from boombap.command.action import Action, Tool
from boombap.command.options import add_quiet
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_OK
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable
    from pathlib import Path
    from typing import Protocol

    from boombap.command.context import RunContext
    from boombap.local.process import Running

    class Server(Protocol):
        """A module that runs one kind of server in a folder."""

        def start(self, base: Path, *, sleep: Callable[[float], None]) -> Running:
            """Start it, unless it runs."""

        def stop(self, base: Path) -> bool:
            """Stop it, and tell whether it ran."""

        def status(self, base: Path) -> Running | None:
            """Return it when it runs."""


_NAMES = ("postgres", "valkey")
_NO_FOLDER = "a folder of the servers cannot be used"
_NOTES = """\
The servers listen on a socket in a folder that only you can enter, and on no network port.
While DATABASE_URL or another setting names a server, commands use that one; they use the local
PostgreSQL only when none is named.

Exit codes: 0 fine, 1 a server does not run (status), 2 usage, 3 a folder or server failed, 130 Ctrl-C."""


def _server(word: str) -> str:
    if word not in _NAMES:
        raise ArgumentTypeError(f"{word!r} is not one of {', '.join(_NAMES)}")
    return word


def _add_servers(parser: ArgumentParser) -> None:
    parser.add_argument("servers", nargs="*", type=_server, metavar="SERVER", help="postgres or valkey; default: both")
    add_quiet(parser)


def _chosen(context: RunContext) -> dict[str, Server]:
    from boombap.local import postgres, valkey

    servers: dict[str, Server] = {"postgres": postgres, "valkey": valkey}
    return {name: servers[name] for name in context.args.servers or _NAMES}


def _folder(context: RunContext) -> Path:
    from boombap.local.address import servers

    return servers(context.config)


def _start(context: RunContext) -> int:
    servers = _chosen(context)
    for name, server in servers.items():
        context.terminal.write(_line(name, server.start(_folder(context), sleep=context.interrupt.sleep)))
    if "postgres" in servers and context.config.postgres.is_set:
        place = next(place for key, place in context.config.sources.items() if key.startswith("postgres."))
        context.terminal.note(f"{place} names another PostgreSQL: commands will use that one, not this")
    return EXIT_OK


def _stop(context: RunContext) -> int:
    for name, server in _chosen(context).items():
        was_running = server.stop(_folder(context))
        context.terminal.write(f"{name:<9} {'stopped' if was_running else 'was not running'}")
    return EXIT_OK


def _status(context: RunContext) -> int:
    states = {name: server.status(_folder(context)) for name, server in _chosen(context).items()}
    for name, running in states.items():
        context.terminal.write(_line(name, running))
    return EXIT_OK if all(states.values()) else EXIT_FINDINGS


def _line(name: str, running: Running | None) -> str:
    if running is None:
        return f"{name:<9} not running"
    age = format_duration(max(0.0, time() - running.started_s))
    return f"{name:<9} running {running.version}, pid {running.pid}, for {age}\n          {running.url}"


TOOL = Tool(
    description="The embedded PostgreSQL and Valkey, for trying things out on real servers.",
    actions=(
        Action(
            "start",
            "start those that are not running",
            _start,
            _add_servers,
            examples="start\nstart postgres",
            exits={EXIT_EXTERNAL: "a server did not start, or its folder cannot be used"},
        ),
        Action(
            "stop",
            "stop them; their data stays",
            _stop,
            _add_servers,
            examples="stop",
            exits={EXIT_EXTERNAL: _NO_FOLDER},
        ),
        Action(
            "status",
            "whether they run, and where; exit code 1 when one does not",
            _status,
            _add_servers,
            exits={EXIT_FINDINGS: "a server does not run", EXIT_EXTERNAL: _NO_FOLDER},
        ),
    ),
    notes=_NOTES,
)
