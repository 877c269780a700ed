"""Parses a command line into an action and its arguments; an error is one line.

argparse prints a page of usage before its error. Here the error is one line with the nearest word, because that page is
one `--help` away.
"""

from __future__ import annotations

from boombap.errors import UsageError
from boombap.output import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence

    from boombap.command.action import Action, Tool

_HELP = ("-h", "--help")


def parse(tool: Tool, argv: Sequence[str], prog: str) -> tuple[Action, Namespace]:
    """Return the requested action and its arguments.

    Raises:
        SystemExit: after help was printed.
        UsageError: for an action, argument or option that does not exist, is missing or is not valid.
    """
    argv = _without_help_word(argv)
    if (argv and argv[0] in _HELP) or (not argv and not tool.default):
        _print(tool_help(tool, prog))
        raise SystemExit(0)
    is_named = bool(argv) and not argv[0].startswith("-")
    name, rest = (argv[0], argv[1:]) if is_named else (tool.default, argv)
    action = tool.action(name)
    if action is None:
        raise _no_action(tool, name or argv[0], prog)
    args = _arguments(tool, action, rest, prog)
    if action.check:
        action.check(args)
    return action, args


def _print(text: str) -> None:
    import sys

    from boombap.output.terminal import Terminal

    Terminal(sys.stdout).write(text)


def action_parser(action: Action, prog: str) -> ArgumentParser:
    """Return the parser of one action.

    Args:
        prog: the program and its tool, such as ``boombap redis``.
    """
    examples = "\n".join(["examples:", *(f"  {prog} {line}" for line in action.examples.splitlines())])
    description = f"{action.summary[0].upper()}{action.summary[1:]}."
    parser = usage.parser(f"{prog} {action.name}", description, examples if action.examples else "")
    action.add_options(parser)
    return parser


def tool_help(tool: Tool, prog: str) -> str:
    """Return the help of a tool: its actions, one line each, and its notes."""
    width = max(len(action.name) for action in tool.actions)
    rows = "\n".join(f"  {action.name:<{width}}  {action.summary}" for action in tool.actions)
    default = f"; without one: {tool.default}" if tool.default else ""
    notes = f"\n\n{tool.notes}" if tool.notes else ""
    return f"""usage: {prog} ACTION [ARGUMENTS]

{tool.description}

actions{default}:
{rows}

`{prog} ACTION --help` explains an action and its options.{notes}"""


def _without_help_word(argv: Sequence[str]) -> Sequence[str]:
    """Return ``sync --help`` for ``help sync``."""
    return [*argv[1:2], "--help"] if argv and argv[0] == "help" else argv


def _arguments(tool: Tool, action: Action, argv: Sequence[str], prog: str) -> Namespace:
    parser = action_parser(action, prog)
    # Options may split a list of arguments; parsing them so takes twice as long, 0.5 ms, so others do without.
    has_list = any(argument.nargs in {"*", "+"} for argument in parser._get_positional_actions())  # noqa: SLF001
    argv = _with_operands(argv)
    args, left = parser.parse_known_intermixed_args(argv) if has_list else parser.parse_known_args(argv)
    for word in left:
        if word == "--":
            continue
        if word.startswith("-") and word != "-" and not isinstance(word, usage.Operand):
            raise _no_option(tool, action, parser, word.partition("=")[0])
        raise UsageError(f"unexpected argument: {_shown(word)}", hint=f"see `{prog} {action.name} --help`")
    return args


def _with_operands(argv: Sequence[str]) -> Sequence[str]:
    """Return the arguments, with those after ``--`` marked as operands."""
    if "--" not in argv:
        return argv
    first = list(argv).index("--") + 1
    return [*argv[:first], *map(usage.Operand, argv[first:])]


def _no_action(tool: Tool, name: str, prog: str) -> UsageError:
    names = [action.name for action in tool.actions]
    if name.startswith("-"):
        return UsageError(f"an action must come before {name}", hint=f"one of {', '.join(names)}")
    nearest = _nearest(name, names)
    hint = f"did you mean `{prog} {nearest}`" if nearest else f"one of {', '.join(names)}"
    return UsageError(f"unknown action {_shown(name)}", hint=hint)


def _no_option(tool: Tool, action: Action, parser: ArgumentParser, option: str) -> UsageError:
    others = [other.name for other in tool.actions if option in _options(action_parser(other, ""))]
    nearest = _nearest(option, _options(parser))
    if others:
        hint = f"it is an option of {', '.join(others)}"
    elif nearest:
        hint = f"did you mean {nearest}"
    else:
        hint = f"see `{parser.prog} --help`"
    return UsageError(f"{action.name} has no option {option}", hint=hint)


def _options(parser: ArgumentParser) -> list[str]:
    return list(parser._option_string_actions)  # noqa: SLF001 - argparse lists its options nowhere else


def _shown(word: str) -> str:
    """Return a word in quotes, without the password of an address."""
    from boombap.log import redact

    return redact(repr(word))


def _nearest(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(names), n=1, cutoff=0.6)), "")
