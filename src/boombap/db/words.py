"""The words after `db`: the argument parser, and which words do not go together."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from boombap.db.model import FULL, QUICK
from boombap.errors import UsageError
from boombap.output import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.db.model import Part

_OF_ONE_DATABASE = ("slow", "locks", "snapshot")
_NAME = re.compile(r"\w[\w.-]{0,59}", re.ASCII)
_ACTIONS = ("health", "slow", "locks", "snapshot")
NEVER = "never"
"""The value of --fail-on that no finding reaches."""

_DESCRIPTION = """What is in the database, how far the analyzers have come, who is connected, and what is wrong."""
_EXAMPLES = """\
actions:
  health                  the health checks only
  slow                    the statements that take the most time (pg_stat_statements)
  locks                   who waits for whom, and what would end it
  snapshot save [NAME]    keep today's numbers
  snapshot diff [NAME]    what has changed since

examples:
  database-diagnostics --quick
  database-diagnostics --unanalyzed --analyzer qwen-3-4b-fp8 -n 20
  database-diagnostics health --fail-on warning --format json
  database-diagnostics --targets databases.txt

The address comes from DATABASE_URL, POSTGRES_* or DB_*, from .env or boombap.toml (`boombap config show`).
Exit codes: 0 fine, 1 a finding at or above --fail-on, 2 usage, 3 a server failed,
4 nothing could be counted, 130 Ctrl-C."""


def parse(words: Sequence[str], prog: str) -> argparse.Namespace:
    """Give the words as options.

    Raises:
        SystemExit: from argparse, for --help and for words that it does not know.
        UsageError: for words that do not go together.
    """
    args = _parser(prog).parse_args(words)
    _refuse_contradictions(args)
    return args


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = usage.parser(prog, _DESCRIPTION, _EXAMPLES)
    parser.add_argument("action", nargs="?", choices=_ACTIONS, metavar="ACTION", help="see below; default: everything")
    parser.add_argument("words", nargs="*", metavar="WORD", help=argparse.SUPPRESS)
    _add_parts(parser)
    _add_targets(parser)
    _add_output(parser)
    return parser


def _add_parts(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_argument_group("what to ask")
    parts.add_argument("--quick", action="store_true", help="tracks, analyzers and connections; no health checks")
    parts.add_argument("--fast", action="store_true", help="planner estimates; reads the catalogue only")
    parts.add_argument("--schema", action="store_true", help="the team's tables with their columns")
    parts.add_argument("--analysis", action="store_true", help="the analyzers' progress")
    parts.add_argument("--connections", action="store_true", help="who is connected")
    parts.add_argument("--unanalyzed", action="store_true", help="tracks without analysis")
    parts.add_argument("--analyzer", metavar="NAME", help="with --unanalyzed: by this analyzer")
    parts.add_argument("-n", type=_count, default=10, metavar="N", help="rows in a list (default: 10)")


def _add_targets(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where")
    where.add_argument("--dsn", metavar="ADDRESS", help="this database; keep passwords in the environment or ~/.pgpass")
    where.add_argument("--targets", type=Path, metavar="FILE", help="every database of a file, one address a line")
    where.add_argument("--all-dbs", action="store_true", help="every database of the server")


def _add_output(parser: argparse.ArgumentParser) -> None:
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=("text", "json", "csv"), default="text", help="default: text")
    output.add_argument(
        "--fail-on",
        choices=("info", "warning", "critical", NEVER),
        default="critical",
        help="exit 1 when a finding is at least this bad (default: critical)",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no notes on stderr")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100_000:  # noqa: PLR2004 - a screen's worth
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 100000")
    return int(text)


def _refuse_contradictions(args: argparse.Namespace) -> None:
    if args.action == "snapshot":
        _refuse_snapshot_words(args.words)
    elif args.words:
        raise UsageError(f"{args.words[0]!r} is one word too many", hint="see --help")
    if args.action == "health" and args.quick:
        raise UsageError("--quick leaves out what health asks for", hint="use one of them")
    if args.analyzer and not args.unanalyzed:
        raise UsageError("--analyzer goes with --unanalyzed")
    if args.dsn is not None and not args.dsn.strip():
        raise UsageError("--dsn is empty", hint="give an address, or leave it out to use the configured one")
    if args.targets and (args.all_dbs or args.dsn):
        raise UsageError("--targets names the databases already", hint="leave --all-dbs and --dsn out")
    if args.action in _OF_ONE_DATABASE:
        _refuse_many_and_csv(args)


def _refuse_snapshot_words(words: Sequence[str]) -> None:
    if not words or words[0] not in ("save", "diff") or len(words) > 2:  # noqa: PLR2004 - a verb and a name
        raise UsageError("snapshot takes save or diff, and a name", hint="boombap db snapshot save [NAME]")
    if not all(_NAME.fullmatch(name) for name in words[1:]):
        raise UsageError("a snapshot's name has 1 to 60 letters, digits, dots, dashes or underscores")


def _refuse_many_and_csv(args: argparse.Namespace) -> None:
    if args.targets or args.all_dbs:
        raise UsageError(f"{args.action} looks at one database", hint="leave --targets and --all-dbs out")
    if args.format == "csv":
        raise UsageError(f"{args.action} has no CSV form", hint="use --format json")


def parts(args: argparse.Namespace) -> frozenset[Part]:
    """Give the parts of a diagnosis that the options ask for; all of them when they name none."""
    flags: dict[Part, bool] = {
        "tables": args.schema,
        "analyzers": args.analysis,
        "connections": args.connections,
        "unanalyzed": args.unanalyzed,
        "health": args.action == "health",
    }
    named = frozenset(part for part, is_wanted in flags.items() if is_wanted)
    if args.analysis:
        named |= {"tracks"}
    if args.quick:
        return QUICK | named
    return named or FULL
