"""The words after `redis`: the argument parser, and which words do not go together."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from boombap.errors import UsageError
from boombap.output import usage
from boombap.units import parse_duration_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_ACTIONS = ("info", "keys", "get", "purge", "expire", "backup", "restore", "copy", "acl", "stats")
_CHANGES = ("purge", "expire")
ALL = "all"
"""The value of --db that means every database."""
NEVER = "never"
"""The value of --fail-on that no finding reaches."""
# Which option belongs to which actions; the others refuse it, because they would do without it silently.
_BELONGS = {
    "match": ("keys", "purge", "expire", "backup", "copy"),
    "sample": ("keys", "stats"),
    "ttl": ("expire",),
    "to": ("copy",),
    "backup": ("purge",),
    "form": ("backup", "copy"),
    "replace": ("restore", "copy"),
    "fast": ("stats",),
}

_DESCRIPTION = """Is the cache healthy, what fills it, what is dangerous in it, and changing it safely."""
_EXAMPLES = """\
actions:
  info                what is wrong with the server, each with its remedy (the default)
  keys                one walk: memory by prefix, types, TTLs, biggest keys, pickles
  get KEY             one key, its value made readable
  purge               delete what matches --match; shows the plan, then wants --yes
  expire              give what matches --match a TTL, never a longer one; wants --yes
  backup FILE         write keys into a file of JSON lines
  restore FILE        write such a file back
  copy                write keys into another server, --to
  acl                 who may do what
  stats               hit ratio, evictions and memory, by prefix for our own caches

examples:
  redis-manager keys --sample 5
  redis-manager purge --match 'lyrics:*'
  redis-manager purge --match 'lyrics:*' --backup lyrics.jsonl --yes
  redis-manager expire --match 'artist:*' --ttl 1h --yes
  redis-manager copy --match 'artist:*' --to redis://cache.example.org:6379/0

The address comes from REDIS_URL or REDIS_HOST, from .env or boombap.toml (`boombap config show`):
redis://, rediss://, unix://, or redis+sentinel://host,host/service. A Cluster is found out.
Exit codes: 0 fine, 1 a finding at or above --fail-on, 2 usage, 3 a server failed, 130 Ctrl-C."""


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
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="info", metavar="ACTION", help="see below")
    parser.add_argument("word", nargs="?", metavar="WORD", help="the KEY of get, the FILE of backup and restore")
    _add_what(parser)
    _add_where(parser)
    _add_output(parser)
    return parser


def _add_what(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what")
    what.add_argument(
        "--match", type=os.fsencode, metavar="PATTERN", help="keys that match this glob, as in 'lyrics:*'"
    )
    what.add_argument("--sample", type=_share, metavar="PERCENT", help="measure this share of the keys only")
    what.add_argument("--ttl", type=_duration_ms, metavar="DURATION", help="the longest life, as in 7d")
    what.add_argument("--fast", action="store_true", help="stats without a walk over the keys")
    change = parser.add_argument_group("changing")
    change.add_argument("--yes", action="store_true", help="do it; without it the plan is shown")
    change.add_argument("--backup", type=Path, metavar="FILE", help="write each key here before it is deleted")
    change.add_argument("--to", metavar="ADDRESS", help="the server that keys are copied to")
    change.add_argument("--replace", action="store_true", help="write over keys that are there already; wants --yes")
    change.add_argument(
        "--form", choices=("both", "portable", "dump"), help="what each key is carried as (default: both)"
    )
    change.add_argument("--fresh", action="store_true", help="forget where an interrupted run has stopped")


def _add_where(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where")
    where.add_argument("--url", metavar="ADDRESS", help="this server; keep passwords in the environment")
    where.add_argument(
        "--db",
        type=_database,
        metavar="N|all",
        help="this database, or all (default: the address's; for keys and stats all)",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    output = parser.add_argument_group("output")
    output.add_argument("-n", type=_number, default=10, metavar="N", help="rows in a list (default: 10)")
    output.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    output.add_argument(
        "--fail-on",
        choices=("info", "warning", "critical", NEVER),
        default="critical",
        help="exit 1 when a finding is at least this bad (default: critical)",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no notes on stderr")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len("100000")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 999999")
    return int(text)


def _database(text: str) -> int | str:
    return ALL if text == ALL else _number(text)


def _share(text: str) -> float:
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not 0.01 <= percent <= 100:  # noqa: PLR2004 - percent
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage from 0.01 to 100")
    return percent / 100


def _duration_ms(text: str) -> int:
    try:
        ttl_ms = round(1000 * parse_duration_s(text))
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if ttl_ms < 1:
        raise argparse.ArgumentTypeError("a TTL of nothing would delete the keys: use purge")
    return ttl_ms


def _refuse_contradictions(args: argparse.Namespace) -> None:
    takes = {"get": "a KEY", "backup": "a FILE", "restore": "a FILE"}.get(args.action)
    if takes and args.word is None:
        raise UsageError(f"{args.action} takes {takes}", hint="see --help")
    if not takes and args.word is not None:
        raise UsageError(f"{args.word!r} is one word too many", hint="see --help")
    for option, actions in _BELONGS.items():
        if getattr(args, option) and args.action not in actions:
            raise UsageError(f"--{option} does not go with {args.action}", hint=f"it goes with {', '.join(actions)}")
    if args.action in _CHANGES and not args.match:
        raise UsageError(f"{args.action} wants --match", hint=f"for example: redis {args.action} --match 'lyrics:*'")
    if args.action == "expire" and args.ttl is None:
        raise UsageError("expire wants --ttl", hint="for example --ttl 7d")
    if args.action == "copy" and not args.to:
        raise UsageError("copy wants --to", hint="the address of the other server")
    if args.action == "get" and args.db == ALL:
        raise UsageError("get reads one database", hint="name it: --db N")
    if args.url is not None and not args.url.strip():
        raise UsageError("--url is empty", hint="give an address, or leave it out to use the configured one")
