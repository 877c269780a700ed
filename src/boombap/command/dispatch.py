"""From the words after a tool's name to the exit code: parse, load the configuration, run the action."""

from __future__ import annotations

from contextlib import ExitStack

from boombap.command.context import RunContext
from boombap.command.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.command.action import Tool
    from boombap.interrupt import Interrupt


def run_tool(tool: Tool, argv: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Run the action that the words ask for and return its exit code.

    Args:
        prog: the program and its tool, such as ``boombap redis``, for help and errors.

    Raises:
        UsageError: for words or settings that do not fit.
    """
    action, args = parse(tool, argv, prog)
    from boombap import log
    from boombap.config.load import load
    from boombap.output.terminal import Terminal

    config = load(tool.settings(args) if tool.settings else None)
    log.configure(config.log.level, config.log.format)
    with ExitStack() as stack:
        return action.run(RunContext(args, config, Terminal(quiet=args.quiet), interrupt, stack))
