"""From the arguments after a tool's name to the exit code: parse, load the configuration, run the action."""

from __future__ import annotations

from contextlib import ExitStack

from boombap.command.context import RunContext
from boombap.command.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from boombap.command.action import Tool
    from boombap.config.model import Config
    from boombap.config.section import Scope
    from boombap.interrupt import Interrupt


def run_tool(
    tool: Tool, argv: Sequence[str], *, prog: str, interrupt: Interrupt, scope: Callable[[], Scope] | None = None
) -> int:
    """Run the action that `argv` names and return its exit code.

    Args:
        prog: the program and its tool, such as ``boombap redis``, for help and errors.
        scope: returns the names of the settings that other tools have; without it there are no others.

    Raises:
        UsageError: for invalid arguments or settings.
    """
    action, args = parse(tool, argv, prog)
    from boombap import log
    from boombap.output.terminal import Terminal

    config = _config(tool, args, scope)
    log.configure(config.log.level, config.log.format)
    terminal = Terminal(quiet=args.quiet)
    for sentence in config.renamed:
        terminal.note(sentence)
    with ExitStack() as stack:
        return action.run(RunContext(args, config, terminal, interrupt, stack))


def _config(tool: Tool, args: Namespace, scope: Callable[[], Scope] | None) -> Config:
    if not tool.needs_config:
        from boombap.config.model import Config

        return Config()
    from boombap.config.load import load
    from boombap.config.section import Scope

    sections = (tool.section(),) if tool.section else ()
    return load((scope() if scope else Scope()).replace(sections=sections), tool.flags(args) if tool.flags else None)
