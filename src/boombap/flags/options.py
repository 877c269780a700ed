"""The options of `flags`."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from itertools import pairwise

from boombap.command.options import add_output, add_quiet, duration_s, whole_number
from boombap.errors import UsageError
from boombap.flags.model import MAX_OUTCOMES, NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?", re.ASCII)
_ALL_HUNDREDTHS = 10_000
_MAX_ROWS = 100_000
_MAX_FACTOR = 100.0
_MAX_DEADLINE_S = 3600.0


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


def add_report(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `report`."""
    _add_name(parser)
    add_output(parser, "text", "json")


def add_rollout(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `rollout`."""
    parser.add_argument("step", choices=("start", "advance", "status", "stop"), help="what to do with the rollout")
    _add_name(parser)
    parser.add_argument("--steps", type=_steps, metavar="N,N", help="with start: shares (default: 1,5,25,50,100)")
    parser.add_argument(
        "--min-runs", type=whole_number(1, MAX_OUTCOMES), metavar="N", help="with start: of native a step (default: 50)"
    )
    parser.add_argument(
        "--max-failures", type=hundredths, metavar="N", help="with start: percent more than classic (default: 1)"
    )
    parser.add_argument(
        "--max-slowdown", type=_factor, metavar="N", help="with start: times the p95 of classic (default: 1.2)"
    )
    add_output(parser, "text", "json")


def check_rollout(args: Namespace) -> None:
    """Refuse options of `start` with another step.

    Raises:
        UsageError: for one that has no effect.
    """
    given = [name for name in ("steps", "min_runs", "max_failures", "max_slowdown") if getattr(args, name) is not None]
    if given and args.step != "start":
        raise UsageError(f"--{given[0].replace('_', '-')} goes with `rollout start` only")


def add_shadow(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `shadow`."""
    parser.add_argument("step", choices=("start", "stop", "status"), help="what to do with the comparisons")
    _add_name(parser)
    parser.add_argument(
        "--percent", type=hundredths, metavar="N", help="with start: share of classic's runs (default: 100)"
    )
    parser.add_argument(
        "--deadline", type=_deadline_s, metavar="TIME", help="with start: after which native is stopped (default: 10s)"
    )
    add_output(parser, "text", "json")


def check_shadow(args: Namespace) -> None:
    """Refuse options that have no effect.

    Raises:
        UsageError: for one of `start` with another step, and JSON of a step that answers nothing.
    """
    given = [name for name in ("percent", "deadline") if getattr(args, name) is not None]
    if given and args.step != "start":
        raise UsageError(f"--{given[0]} goes with `shadow start` only")
    if args.format == "json" and args.step != "status":
        raise UsageError("--format json goes with `shadow status` only")


def _deadline_s(text: str) -> float:
    value = duration_s(text)
    if not 0 < value <= _MAX_DEADLINE_S:
        raise ArgumentTypeError(f"{text!r} is not a time above 0 and up to an hour, such as 500ms or 10s")
    return value


def _steps(text: str) -> tuple[float, ...]:
    shares = tuple(hundredths(part.strip()) / 100 for part in text.split(","))
    if not shares[0] > 0 or any(after <= before for before, after in pairwise(shares)):
        raise ArgumentTypeError(f"{text!r} are not shares above 0 that grow, such as 1,5,25,50,100")
    return shares


def _factor(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= _MAX_FACTOR:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to {_MAX_FACTOR:.0f}")
    return value


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
