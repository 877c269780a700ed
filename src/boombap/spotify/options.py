"""The options of each action of `spotify`; those of `emulate` stand with the emulator."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

from boombap.command.options import add_limit, add_output, duration_s, whole_number
from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    ShardWords = tuple[int | None, int]

DATABASE = "db"
"""The value of --from that means the table `tracks`."""
STDIN = "-"
"""The value of --from that means ids on stdin."""
MAX_SHARDS = 10_000
"""Parts into which the table can be split."""
_MOST_TRACKS = 1_000_000_000
VERIFIED = 50
"""How many tracks `audit --verify` asks about without --tracks: one request in extended mode."""
_MOST_VERIFIED = 10_000
_MOST_WORKERS = 900
_MOST_ROW = 2**63 - 1


def is_database(source: str) -> bool:
    """Return whether the tracks come from the table."""
    return source == DATABASE


def add_batch(parser: ArgumentParser) -> None:
    """Declare the options of `batch`."""
    _add_selection(parser)
    _add_shard(parser)
    _add_workers(parser)
    parser.add_argument("--dry-run", action="store_true", help="match, and store nothing")
    _add_common(parser)


def add_plan(parser: ArgumentParser) -> None:
    """Declare the options of `plan`."""
    _add_selection(parser)
    _add_common(parser)


def add_warm(parser: ArgumentParser) -> None:
    """Declare the options of `warm`."""
    _add_tracks(parser)
    parser.add_argument("--artists", metavar="FILE", help="only these artists, one per line")
    _add_common(parser)


def add_status(parser: ArgumentParser) -> None:
    """Declare the options of `status`."""
    _add_common(parser)


def add_audit(parser: ArgumentParser) -> None:
    """Declare the options of `audit`."""
    parser.add_argument(
        "--apply", action="store_true", help="quarantine wrong matches, so that batch looks them up again"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="ask Spotify about doubtful matches: 50 with one request, one by one in development mode",
    )
    parser.add_argument(
        "--tracks", type=whole_number(1, _MOST_VERIFIED), metavar="N", help="with --verify, at most N (default: 50)"
    )
    add_limit(parser, 20, _MOST_TRACKS)
    _add_common(parser)


def add_explain(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `explain`."""
    parser.add_argument("artist", metavar="ARTIST", help="as the catalogue writes it")
    parser.add_argument("title", metavar="TITLE", help="as the catalogue writes it")
    parser.add_argument("--isrc", metavar="CODE", help="the code of the recording, if known")
    parser.add_argument("--duration", type=duration_s, metavar="TIME", help="the length, if known: 3m12s")
    _add_common(parser)


def add_refresh(parser: ArgumentParser) -> None:
    """Declare the options of `refresh`."""
    parser.add_argument(
        "--older-than", type=duration_s, required=True, metavar="AGE", help="matches last checked before: 30d, 12h"
    )
    _add_tracks(parser)
    _add_shard(parser)
    _add_workers(parser)
    _add_common(parser)


def add_choose(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `choose`."""
    parser.add_argument("row", type=whole_number(1, _MOST_ROW), metavar="ROW", help="the id of the row in tracks")
    parser.add_argument("track", metavar="TRACK", help="the track's id, URI or link")
    _add_common(parser)


def add_forget(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `forget`."""
    _add_rows(parser, "show what would be removed, and change nothing")


def add_restore(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `restore`."""
    _add_rows(parser, "show what would go back, and change nothing")


def _add_rows(parser: ArgumentParser, dry_run: str) -> None:
    parser.add_argument(
        "rows", type=whole_number(1, _MOST_ROW), nargs="+", metavar="ROW", help="the id of a row in tracks"
    )
    parser.add_argument("--dry-run", action="store_true", help=dry_run)
    _add_common(parser)


def add_cooldown(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `cooldown`."""
    parser.add_argument("verb", choices=("show", "clear"), metavar="show|clear", help="show the ban, or end it")
    parser.add_argument("--yes", action="store_true", help="with clear: end it without a question")
    _add_common(parser)


def check_cooldown(args: Namespace) -> None:
    """Refuse an answer to a question that is not asked.

    Raises:
        UsageError: `--yes` without `clear`.
    """
    if args.yes and args.verb != "clear":
        raise UsageError("--yes goes with clear", hint="leave it out")


def add_export(parser: ArgumentParser) -> None:
    """Declare the options of `export`."""
    parser.add_argument("--matched", action="store_true", help="only rows that have a match")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there, readable by its owner only")
    add_output(parser, "jsonl", "csv", "parquet")


def check_export(args: Namespace) -> None:
    """Refuse bytes on a terminal.

    Raises:
        UsageError: Parquet without a file.
    """
    if args.format == "parquet" and args.output is None:
        raise UsageError("--format parquet needs --output", hint="name a file")


def _add_selection(parser: ArgumentParser) -> None:
    _add_tracks(parser)
    parser.add_argument(
        "--from",
        dest="source",
        default=DATABASE,
        metavar="SOURCE",
        help="db: the table tracks; a CSV file; or - for ids, one per line (default: db)",
    )


def _add_tracks(parser: ArgumentParser) -> None:
    parser.add_argument("--tracks", type=whole_number(1, _MOST_TRACKS), metavar="N", help="at most N (default: all)")


def _add_shard(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--shard",
        type=_shard,
        metavar="I/N",
        help="only part I of N of the table, I from 1; /N takes I from JOB_COMPLETION_INDEX "
        "(default: that of JOB_COMPLETIONS where both are set, else the whole table)",
    )


def _shard(text: str) -> ShardWords:
    """Return the number, None where the environment gives it, and the count."""
    number, slash, count = text.partition("/")
    if not slash:
        raise ArgumentTypeError(f"{text!r} is not I/N, for example 1/4")
    shards = whole_number(1, MAX_SHARDS)(count)
    return whole_number(1, shards)(number) if number else None, shards


def _add_workers(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        type=whole_number(1, _MOST_WORKERS),
        metavar="N",
        help="requests in flight (default: spotify.in_flight)",
    )


def _add_common(parser: ArgumentParser) -> None:
    add_output(parser, "text", "json")
