"""The options of `flags`."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

from boombap.command.options import add_output, add_quiet, whole_number
from boombap.flags.model import NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?", re.ASCII)
_ALL_HUNDREDTHS = 10_000
_MAX_ROWS = 100_000


def add_list(parser: ArgumentParser) -> None:
    """Declare the options of `list`, of `status` too."""
    add_output(parser, "text", "json")


def add_set(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `set`."""
    _add_name(parser)
    parser.add_argument(
        "--percent",
        type=hundredths,
        required=True,
        metavar="N",
        help="share of keys that get the native engine: 0 to 100, up to two decimals",
    )
    add_quiet(parser)


def add_evaluate(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `evaluate`."""
    _add_name(parser)
    parser.add_argument("keys", nargs="+", metavar="KEY", help="what the work is about: a database, a path, a track id")
    add_output(parser, "text", "json")


def add_export(parser: ArgumentParser) -> None:
    """Declare the options of `export`."""
    add_quiet(parser)


def add_history(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `history`."""
    parser.add_argument("name", nargs="?", type=_name, metavar="NAME", help="of one flag; default: all")
    parser.add_argument(
        "-n", type=whole_number(1, _MAX_ROWS), default=20, metavar="N", help="latest changes (default: 20)"
    )
    add_output(parser, "text", "json")


def hundredths(text: str) -> int:
    """Turn a percentage into hundredths of a percent.

    >>> hundredths("12.5")
    1250
    """
    match = _PERCENT.fullmatch(text)
    value = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else _ALL_HUNDREDTHS + 1
    if value > _ALL_HUNDREDTHS:
        raise ArgumentTypeError(f"{text!r} is not a percentage from 0 to 100 with up to two decimals")
    return value


def _add_name(parser: ArgumentParser) -> None:
    parser.add_argument("name", type=_name, metavar="NAME", help=f"of a flag: {', '.join(NAMES)}")


def _name(text: str) -> str:
    if text not in NAMES:
        raise ArgumentTypeError(f"{text!r} is not a flag; flags are {', '.join(NAMES)}")
    return text
