"""From the arguments after a tool's name to the exit code: parse, load the configuration, run the action."""

from __future__ import annotations

import time
from contextlib import ExitStack

from boombap.command.context import RunContext
from boombap.command.parse import parse
from boombap.errors import EXIT_BUG, EXIT_OK, BoombapError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from boombap.command.action import Tool
    from boombap.config.model import Config
    from boombap.config.section import Scope
    from boombap.interrupt import Interrupt
    from boombap.telemetry.instruments import Meter


class Ended(Record):
    """A run that is over.

    Attributes:
        action: its name.
        exit_code: how it ended.
        seconds: how long the action took.
        config: what it ran with.
        meter: what its tool counted.
    """

    action: str
    exit_code: int
    seconds: float
    config: Config
    meter: Meter


def run_tool(
    tool: Tool,
    argv: Sequence[str],
    *,
    prog: str,
    interrupt: Interrupt,
    scope: Callable[[], Scope] | None = None,
    on_end: Callable[[Ended], None] = lambda _: None,
) -> int:
    """Run the action that `argv` names and return its exit code.

    Args:
        prog: the program and its tool, such as ``boombap redis``, for help and errors.
        scope: returns the sections that every tool reads, and the names of the settings that other tools have.
        on_end: told of the run when its action is over, however it ended.

    Raises:
        UsageError: for invalid arguments or settings.
    """
    action, args = parse(tool, argv, prog)
    from boombap import log
    from boombap.output.terminal import Terminal
    from boombap.telemetry.instruments import Meter

    config = _config(tool, args, scope)
    log.configure(config.log.level, config.log.format)
    terminal = Terminal(quiet=args.quiet)
    for sentence in config.renamed:
        terminal.note(sentence)
    meter, exit_code, started_s = Meter(), EXIT_BUG, time.monotonic()
    try:
        with ExitStack() as stack:
            exit_code = action.run(RunContext(args, config, terminal, interrupt, stack, meter))
        return exit_code
    except BoombapError as error:
        exit_code = error.exit_code
        raise
    except BrokenPipeError:
        exit_code = EXIT_OK
        raise
    finally:
        on_end(Ended(action.name, exit_code, time.monotonic() - started_s, config, meter))


def _config(tool: Tool, args: Namespace, scope: Callable[[], Scope] | None) -> Config:
    if not tool.needs_config:
        from boombap.config.model import Config

        return Config()
    from boombap.config.load import load
    from boombap.config.section import Scope

    sections = (tool.section(), *tool.others()) if tool.section else ()
    base = scope() if scope else Scope()
    return load(base.replace(sections=(*base.sections, *sections)), tool.flags(args) if tool.flags else None)
