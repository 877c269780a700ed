"""The options of each action of `db`, and what does not go together within one."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from pathlib import Path

from boombap.command.options import (
    add_fail_on,
    add_limit,
    add_output,
    add_quiet,
    address,
    duration_s,
    whole_number,
)
from boombap.db.model import FULL, QUICK
from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from boombap.db.model import Part

LATEST = "latest"
"""The name of a snapshot that is given none."""
_MOST_ROWS = 100_000
_SNAPSHOT_NAME = re.compile(r"\w[\w.-]{0,59}", re.ASCII)


def add_diagnose(parser: ArgumentParser) -> None:
    """Declare the options of the whole diagnosis."""
    parser.add_argument("--quick", action="store_true", help="tracks, analyzers and connections; no health checks")
    _add_parts(parser)


def add_health(parser: ArgumentParser) -> None:
    """Declare the options of `health`."""
    _add_parts(parser)
    parser.set_defaults(quick=False, is_health=True)


def add_watch(parser: ArgumentParser) -> None:
    """Declare the options of `watch`."""
    parser.add_argument("--every", type=_pause_s, default=5.0, metavar="DURATION", help="default: 5s")
    parser.add_argument("--count", type=whole_number(1, 1_000_000), default=0, metavar="N", help="end after N looks")
    parser.add_argument("--fast", action="store_true", help="planner estimates; reads the catalogue only")
    add_fail_on(parser)
    _add_dsn(parser)
    add_quiet(parser)


def add_slow(parser: ArgumentParser) -> None:
    """Declare the options of `slow`."""
    add_limit(parser, 10, _MOST_ROWS)
    _add_one_database(parser)


def add_locks(parser: ArgumentParser) -> None:
    """Declare the options of `locks`."""
    _add_one_database(parser)


def add_snapshot(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `snapshot`."""
    verbs = ("save", "diff")
    parser.add_argument("verb", choices=verbs, metavar="save|diff", help="save, or compare with what was saved")
    parser.add_argument("name", nargs="?", type=_snapshot_name, default=LATEST, metavar="NAME", help="default: latest")
    _add_one_database(parser)


def check_targets(args: Namespace) -> None:
    """Refuse options of a diagnosis that contradict each other.

    Raises:
        UsageError: which ones.
    """
    if args.analyzer and not args.unanalyzed:
        raise UsageError("--analyzer is for --unanalyzed", hint="add --unanalyzed")
    if args.targets and (args.all_dbs or args.dsn):
        raise UsageError("--targets names the databases already", hint="leave --all-dbs and --dsn out")


def flags(args: Namespace) -> dict[str, str]:
    """Return what the options set of the configuration.

    Raises:
        UsageError: for an empty address.
    """
    return address("postgres.url", args.dsn, "--dsn")


def parts(args: Namespace) -> frozenset[Part]:
    """Return the parts of a diagnosis that the options ask for; all of them when they name none."""
    flags: dict[Part, bool] = {
        "tables": args.schema,
        "analyzers": args.analysis,
        "connections": args.connections,
        "unanalyzed": args.unanalyzed,
        "health": args.is_health,
    }
    named = frozenset(part for part, is_wanted in flags.items() if is_wanted)
    if args.analysis:
        named |= {"tracks"}
    if args.quick:
        return QUICK | named
    return named or FULL


def shown(args: Namespace) -> frozenset[Part]:
    """Return the parts to ask for: a page of `health` has sizes and coverage beside the findings."""
    asked = parts(args)
    return asked | {"tracks", "analyzers", "tables"} if args.format == "html" and args.is_health else asked


def _pause_s(text: str) -> float:
    seconds = duration_s(text)
    if not 1 <= seconds <= 86_400:  # noqa: PLR2004 - a second to a day
        raise ArgumentTypeError(f"{text!r} is not a duration from 1s to 1d")
    return seconds


def _add_parts(parser: ArgumentParser) -> None:
    parser.add_argument("--fast", action="store_true", help="planner estimates; reads the catalogue only")
    parser.add_argument("--schema", action="store_true", help="the team's tables with their columns")
    parser.add_argument("--analysis", action="store_true", help="the analyzers' progress")
    parser.add_argument("--connections", action="store_true", help="who is connected")
    parser.add_argument("--unanalyzed", action="store_true", help="tracks without analysis")
    parser.add_argument("--analyzer", metavar="NAME", help="with --unanalyzed: by this analyzer")
    add_limit(parser, 10, _MOST_ROWS)
    parser.set_defaults(is_health=False)
    _add_dsn(parser)
    parser.add_argument("--targets", type=Path, metavar="FILE", help="every database of a file, one address per line")
    parser.add_argument("--all-dbs", action="store_true", help="every database of the server")
    add_fail_on(parser)
    add_output(parser, "text", "json", "csv", "html")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there, readable by its owner only")


def _add_one_database(parser: ArgumentParser) -> None:
    _add_dsn(parser)
    add_output(parser, "text", "json")


def _add_dsn(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--dsn", metavar="ADDRESS", help="this database; keep passwords in the environment or ~/.pgpass"
    )


def _snapshot_name(text: str) -> str:
    if not _SNAPSHOT_NAME.fullmatch(text):
        raise ArgumentTypeError("a snapshot's name has 1 to 60 letters, digits, dots, dashes or underscores")
    return text
