"""The options of each action of `redis`, and what does not go together within one."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from pathlib import Path

from boombap.command.options import add_fail_on, add_limit, add_output, address, duration_s, whole_number
from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

ALL = "all"
"""The value of --db that means every database."""
_MOST_ROWS = 100_000
_LAST_DATABASE = 999_999
_IDLE_S = 300.0
_MAX_COUNT = 1_000_000_000


def add_info(parser: ArgumentParser) -> None:
    """Declare the options of `info` and `acl`."""
    add_fail_on(parser)
    _add_common(parser)


def add_keys(parser: ArgumentParser) -> None:
    """Declare the options of `keys`."""
    _add_match(parser, "*")
    _add_sample(parser)
    _add_fresh(parser)
    add_limit(parser, 10, _MOST_ROWS)
    add_fail_on(parser)
    _add_database(parser, "all")
    _add_common(parser)


def add_get(parser: ArgumentParser) -> None:
    """Declare the argument and the options of `get`."""
    parser.add_argument("key", metavar="KEY", type=os.fsencode, help="the whole name")
    _add_database(parser, "the address's", number_only=True)
    _add_common(parser)


def add_purge(parser: ArgumentParser) -> None:
    """Declare the options of `purge`."""
    _add_change(parser)
    parser.add_argument("--backup", type=_file, metavar="FILE", help="write each value here before its key is deleted")
    _add_common(parser)


def add_expire(parser: ArgumentParser) -> None:
    """Declare the options of `expire`."""
    _add_change(parser)
    parser.add_argument("--ttl", type=_ttl_ms, required=True, metavar="DURATION", help="the longest life, as in 7d")
    _add_common(parser)


def add_backup(parser: ArgumentParser) -> None:
    """Declare the argument and the options of `backup`."""
    parser.add_argument("file", metavar="FILE", type=_file, help="where to write; it must not exist")
    _add_match(parser, "*")
    _add_form(parser)
    _add_allow_loss(parser)
    _add_database(parser, "the address's")
    _add_common(parser)


def add_restore(parser: ArgumentParser) -> None:
    """Declare the argument and the options of `restore`."""
    parser.add_argument("file", metavar="FILE", type=_file, help="what `backup` or `purge --backup` wrote")
    _add_replace(parser)
    parser.add_argument("--skip-damaged", action="store_true", help="of a damaged file restore what is whole")
    _add_allow_loss(parser)
    _add_database(parser, "the address's")
    _add_common(parser)


def add_copy(parser: ArgumentParser) -> None:
    """Declare the options of `copy`."""
    parser.add_argument("--to", required=True, metavar="ADDRESS", help="the server that keys are copied to")
    _add_match(parser, "*")
    _add_form(parser)
    _add_replace(parser)
    _add_allow_loss(parser)
    _add_database(parser, "the addresses'")
    _add_common(parser)


def add_stats(parser: ArgumentParser) -> None:
    """Declare the options of `stats`."""
    parser.add_argument("--fast", action="store_true", help="without a scan of the keys")
    _add_sample(parser)
    _add_fresh(parser)
    _add_database(parser, "all")
    _add_common(parser)


def add_slow(parser: ArgumentParser) -> None:
    """Declare the options of `slow`."""
    add_limit(parser, 20, _MOST_ROWS)
    _add_common(parser)


def add_clients(parser: ArgumentParser) -> None:
    """Declare the options of `clients`."""
    _add_idle(parser, "count clients without a command for this long as idle")
    add_limit(parser, 20, _MOST_ROWS)
    add_fail_on(parser)
    _add_common(parser)


def add_streams(parser: ArgumentParser) -> None:
    """Declare the options of `streams`."""
    _add_match(parser, "*")
    parser.add_argument(
        "--max-lag",
        type=whole_number(0, _MAX_COUNT),
        default=10_000,
        metavar="N",
        help="a group that is further behind is a finding (default: 10000)",
    )
    _add_idle(parser, "a consumer that did nothing for this long is not at work")
    add_limit(parser, 20, _MOST_ROWS)
    add_fail_on(parser)
    _add_database(parser, "all")
    _add_common(parser)


def add_latency(parser: ArgumentParser) -> None:
    """Declare the options of `latency`."""
    parser.add_argument(
        "--samples",
        type=whole_number(1, 1_000_000),
        default=200,
        metavar="N",
        help="PINGs per node (default: 200)",
    )
    add_limit(parser, 10, _MOST_ROWS)
    _add_common(parser)


def add_hot(parser: ArgumentParser) -> None:
    """Declare the options of `hot`."""
    _add_match(parser, "*")
    parser.add_argument(
        "--keys",
        type=whole_number(1, _MAX_COUNT),
        default=10_000,
        metavar="N",
        help="without an LFU policy look at this many keys of each database (default: 10000)",
    )
    add_limit(parser, 20, _MOST_ROWS)
    _add_database(parser, "all")
    _add_common(parser)


def add_diff(parser: ArgumentParser) -> None:
    """Declare the options of `diff`."""
    parser.add_argument("--to", required=True, metavar="ADDRESS", help="the server to compare with")
    _add_match(parser, "*")
    parser.add_argument("--fast", action="store_true", help="compare types, TTLs and lengths only")
    parser.add_argument(
        "--ttl-tolerance",
        type=duration_s,
        default=10.0,
        metavar="DURATION",
        help="TTLs may differ by this much (default: 10s)",
    )
    add_limit(parser, 10, 1000)
    _add_database(parser, "the addresses'")
    _add_common(parser)


def check_replace(args: Namespace) -> None:
    """Refuse to write over keys without a word of consent.

    Raises:
        UsageError: for --replace without --yes.
    """
    if args.replace and not args.yes:
        raise UsageError("--replace writes over keys that are there", hint="add --yes to do it")


def flags(args: Namespace) -> dict[str, str]:
    """Return what the options set of the configuration.

    Raises:
        UsageError: for an empty address.
    """
    return address("redis.url", args.url, "--url")


def _add_common(parser: ArgumentParser) -> None:
    parser.add_argument("--url", metavar="ADDRESS", help="this server; keep passwords in the environment")
    add_output(parser, "text", "json")


def _add_change(parser: ArgumentParser) -> None:
    _add_match(parser)
    parser.add_argument("--yes", action="store_true", help="do it; without it the plan is printed")
    parser.add_argument(
        "--dry-run", action="store_true", help="print the plan and change nothing, which is the default"
    )
    parser.add_argument("--everything", action="store_true", help="with --yes: allow a pattern that matches every key")
    parser.set_defaults(sample=None)
    _add_fresh(parser)
    _add_database(parser, "the address's")


def _add_match(parser: ArgumentParser, default: str = "") -> None:
    parser.add_argument(
        "--match",
        type=os.fsencode,
        required=not default,
        default=os.fsencode(default) if default else None,
        metavar="PATTERN",
        help="keys that match this glob, as in 'lyrics:*'" + (f" (default: {default})" if default else ""),
    )


def _add_sample(parser: ArgumentParser) -> None:
    parser.add_argument("--sample", type=_share, metavar="PERCENT", help="measure this share of the keys only")


def _add_fresh(parser: ArgumentParser) -> None:
    parser.add_argument("--fresh", action="store_true", help="start over where an interrupted run would be resumed")


def _add_idle(parser: ArgumentParser, what: str) -> None:
    parser.add_argument("--idle", type=duration_s, default=_IDLE_S, metavar="DURATION", help=f"{what} (default: 5m)")


def _add_form(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--form",
        choices=("both", "portable", "dump"),
        default="both",
        help="what each key is carried as (default: both)",
    )


def _add_replace(parser: ArgumentParser) -> None:
    parser.add_argument("--replace", action="store_true", help="write over keys that are there already; requires --yes")
    parser.add_argument("--yes", action="store_true", help="with --replace: do it")


def _add_allow_loss(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--allow-loss", action="store_true", help="exit 0 although some keys lost what cannot be carried over"
    )


def _add_database(parser: ArgumentParser, default: str, *, number_only: bool = False) -> None:
    number = whole_number(0, _LAST_DATABASE)
    parser.add_argument(
        "--db",
        type=number if number_only else lambda text: ALL if text == ALL else number(text),
        metavar="N" if number_only else "N|all",
        help=f"this database{'' if number_only else ', or all'} (default: {default})",
    )


def _file(text: str) -> Path:
    path = Path(text)
    if not path.name:
        raise ArgumentTypeError(f"{text!r} is not the name of a file")
    return path


def _share(text: str) -> float:
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not 0.01 <= percent <= 100:  # noqa: PLR2004 - percent
        raise ArgumentTypeError(f"{text!r} is not a percentage from 0.01 to 100")
    return percent / 100


def _ttl_ms(text: str) -> int:
    ttl_ms = round(1000 * duration_s(text))
    if ttl_ms < 1:
        raise ArgumentTypeError("a TTL of nothing would delete the keys: use purge")
    return ttl_ms
