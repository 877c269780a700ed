"""Options that several tools have, and the kinds of values that options take."""

from __future__ import annotations

from argparse import ArgumentTypeError

from boombap.errors import UsageError
from boombap.units import parse_duration_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable

NEVER = "never"
"""The value of --fail-on that no finding reaches."""


def add_output(parser: ArgumentParser, *formats: str) -> None:
    """Declare ``--format`` (the first one is the default) and ``--quiet``."""
    parser.add_argument("--format", choices=formats, default=formats[0], help=f"default: {formats[0]}")
    add_quiet(parser)


def add_quiet(parser: ArgumentParser) -> None:
    """Declare ``--quiet``, which every action has."""
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no notes on stderr")


def add_limit(parser: ArgumentParser, default: int, max_rows: int) -> None:
    """Declare ``-n``, the rows of a list."""
    parser.add_argument(
        "-n", type=whole_number(1, max_rows), default=default, metavar="N", help=f"rows in a list (default: {default})"
    )


def add_fail_on(parser: ArgumentParser) -> None:
    """Declare ``--fail-on``, the severity from which a finding leads to exit code 1."""
    parser.add_argument(
        "--fail-on",
        choices=("info", "warning", "critical", NEVER),
        default="critical",
        help="exit 1 when a finding is at least this bad (default: critical)",
    )


def address(key: str, value: str | None, option: str) -> dict[str, str]:
    """Return the setting that the address of an option replaces; none when the option was left out.

    Raises:
        UsageError: for an empty address.
    """
    if value is None:
        return {}
    if not value.strip():
        raise UsageError(f"{option} is empty", hint="write an address, or leave it out to use the configured one")
    return {key: value}


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within bounds."""

    def parse(text: str) -> int:
        # The length first: int() rejects more than 4,300 digits with an error of its own.
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(high)) and low <= int(text) <= high):
            raise ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def duration_s(text: str) -> float:
    """Turn ``7d`` into seconds."""
    try:
        return parse_duration_s(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from None
