"""The argument parser that every command starts from: its help keeps the layout of its texts."""

from __future__ import annotations

import argparse
import os
import re

from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_WIDTH = 100


def parser(prog: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """Return a parser without arguments yet, with the examples under its help; it raises UsageError in one line."""
    return _Parser(prog=prog, description=description, epilog=epilog, formatter_class=_formatter, allow_abbrev=False)


class Operand(str):
    """An argument that is not an option, whatever it looks like: one that comes after ``--``."""

    __slots__ = ()


class _Parser(argparse.ArgumentParser):
    def _parse_optional(self, arg_string: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - differs by version
        # Where options may split a list, argparse reads the arguments twice, the second time without the ``--``.
        return None if isinstance(arg_string, Operand) else super()._parse_optional(arg_string)

    def error(self, message: str) -> NoReturn:
        from boombap.log import redact  # a value that does not fit may be an address with a password

        what = redact(message).replace("the following arguments are required", "missing argument")
        # Python 3.12 quotes the choices, others do not.
        choices = re.sub(r"\(choose from (.*)\)", lambda match: f"(one of {match[1].replace(chr(39), '')})", what)
        raise UsageError(choices.removeprefix("argument "), hint=f"see `{self.prog} --help`")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Writes ``-e, --regex REGEX`` on every version of Python, as 3.13 does; older ones name the argument twice."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        values = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {values}"


def _formatter(prog: str) -> argparse.HelpFormatter:
    # argparse asks for a formatter at every argument; without a width each one imports shutil (3 ms) to find it.
    return _Formatter(prog, max_help_position=28, width=_columns())


def _columns() -> int:
    try:
        # Some terminals report 0 columns until their size is set.
        return min(_WIDTH, (os.get_terminal_size().columns or _WIDTH) - 2)
    except (OSError, ValueError):
        return _WIDTH
