"""The options of each action of `ctx`, and what does not go together within one."""

from __future__ import annotations

from boombap.command.options import whole_number
from boombap.ctx.budget import LARGEST, SMALLEST_MAP, SMALLEST_PACK
from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_MOST = 1_000
_MOST_AROUND = 100
_BUDGET = 2_000


def add_search(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `search`."""
    _add_query(parser)
    parser.add_argument("-e", "--regex", metavar="REGEX", help="lines that this regular expression matches")
    parser.add_argument("-i", "--ignore-case", action="store_true", help="-e and quoted texts match in any case")
    parser.add_argument(
        "-C", "--context", type=whole_number(0, _MOST_AROUND), metavar="N", help="with -e: N lines around each match"
    )
    _add_filter(parser)
    _add_answers(parser)


def add_index(parser: ArgumentParser) -> None:
    """Declare the options of `index`."""
    parser.add_argument("--rebuild", action="store_true", help="build it from nothing")
    _add_common(parser)


def add_recent(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `recent`."""
    _add_query(parser)
    parser.add_argument("--since", metavar="DURATION", default="7 days", help="not older than this (default: 7 days)")
    _add_filter(parser)
    _add_answers(parser)


def add_related(parser: ArgumentParser) -> None:
    """Declare the options of `related`."""
    parser.add_argument("--file", required=True, metavar="FILE", help="the file to start from")
    _add_answers(parser)


def add_outline(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `outline`."""
    parser.add_argument("file", metavar="FILE", help="the file whose definitions are listed")
    _add_common(parser)


def add_map(parser: ArgumentParser) -> None:
    """Declare the options of `map`."""
    _add_budget(parser, SMALLEST_MAP)
    _add_filter(parser)
    _add_common(parser)


def add_pack(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `pack`."""
    _add_query(parser)
    _add_budget(parser, SMALLEST_PACK)
    _add_filter(parser)
    _add_common(parser)


def add_status(parser: ArgumentParser) -> None:
    """Declare the options of `status`."""
    parser.add_argument("--prune", action="store_true", help="remove the indexes of folders that no longer exist")
    _add_common(parser)


def add_mcp(parser: ArgumentParser) -> None:
    """Declare the options of `mcp`."""
    _add_root(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no notes on stderr")


def check_search(args: Namespace) -> None:
    """Refuse a search for nothing, or for two things at once.

    Raises:
        UsageError: which of them.
    """
    if args.regex is None and not any(word.strip() for word in args.query):
        raise UsageError("search needs something to search for", hint='for example: ctx search "connection pool"')
    if args.regex is not None and args.query:
        raise UsageError("-e searches without a query", hint="leave one of them out")
    if args.context is not None and args.regex is None:
        raise UsageError("-C needs -e", hint="an answer to a query is a whole definition")


def check_pack(args: Namespace) -> None:
    """Refuse a pack for nothing.

    Raises:
        UsageError: when there is not a word in the query.
    """
    if not any(word.strip() for word in args.query):
        raise UsageError("pack needs something to search for", hint='for example: ctx pack "connection pool"')


def _add_query(parser: ArgumentParser) -> None:
    parser.add_argument("query", nargs="*", metavar="QUERY", help="what is looked for")


def _add_filter(parser: ArgumentParser) -> None:
    parser.add_argument("--lang", action="append", default=[], metavar="NAME", help="only files of this language")
    for option, what in (("--path", "only"), ("--exclude", "nothing")):
        parser.add_argument(
            option, action="append", default=[], metavar="PATH", help=f"{what} below this folder, or like *.py"
        )


def _add_budget(parser: ArgumentParser, smallest: int) -> None:
    parser.add_argument(
        "--budget",
        type=whole_number(smallest, LARGEST),
        default=_BUDGET,
        metavar="N",
        help=f"at most this many tokens, 4 bytes each, from {smallest} (default: {_BUDGET:,})",
    )


def _add_answers(parser: ArgumentParser) -> None:
    count = whole_number(1, _MOST)
    parser.add_argument("-n", type=count, default=10, metavar="N", help="at most this many answers (default: 10)")
    parser.add_argument("-l", "--files-only", action="store_true", help="paths only, each once")
    parser.add_argument("--explain", action="store_true", help="what each score is made of")
    _add_common(parser)


def _add_common(parser: ArgumentParser) -> None:
    _add_root(parser)
    parser.add_argument(
        "--json",
        dest="format",
        action="store_const",
        const="json",
        default="text",
        help="for programs; docs/reference/ctx.md describes it",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no notes on stderr")


def _add_root(parser: ArgumentParser) -> None:
    parser.add_argument("--root", default=".", metavar="FOLDER", help="the repository; default: the one around you")
