"""The words after `ctx`: the argument parser of each action, and which words do not go together."""

from __future__ import annotations

import argparse

from boombap.errors import UsageError
from boombap.output import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIONS = ("search", "index", "recent", "related", "status", "mcp")
_MOST = 1_000
_DESCRIPTION = "Which lines of this repository answer a question."
_EXAMPLES = """\
actions:
  search QUERY            the best answers; "a text in quotes" must stand in the lines as written
  index [--rebuild]       bring the index up to date; a search does so by itself
  recent [QUERY]          what changed lately, by git's history; --since "2 days"
  related --file FILE     files that belong to one: imports, commits together, tests, rare words
  status                  what was indexed, and what was left out and why
  mcp                     serve search, related, recent and status to an assistant on stdin and stdout

examples:
  ctx search "FastAPI route handler"
  ctx search --explain -n 3 RouterGroup
  ctx search -e 'TODO|FIXME' --lang python
  ctx recent --since "2 days" pool
  ctx related --file src/boombap/db/collect.py

Exit codes: 0 found, 1 nothing found, 2 usage, 3 the tree or the index cannot be read, 130 Ctrl-C."""


def parse(words: Sequence[str], prog: str) -> argparse.Namespace:
    """Give the words as options.

    Raises:
        SystemExit: from argparse, for --help and for words that it does not know.
        UsageError: for words that do not go together.
    """
    parser = _parser(prog)
    # Words of the query between and after options are left over, because `query` takes the first run of words only.
    args, more = parser.parse_known_args(words)
    if unknown := [word for word in more if word.startswith("-")]:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    args.query = " ".join([*args.query, *more])
    _refuse_contradictions(args)
    return args


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = usage.parser(prog, _DESCRIPTION, _EXAMPLES)
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help="see below")
    parser.add_argument("query", nargs="*", metavar="QUERY", help="what is looked for")
    _add_question(parser)
    _add_output(parser)
    return parser


def _add_question(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to look for")
    what.add_argument("-e", "--regex", metavar="REGEX", help="search: lines that this regular expression matches")
    what.add_argument("--lang", action="append", default=[], metavar="NAME", help="only files of this language")
    what.add_argument(
        "--path", action="append", default=[], metavar="PATH", help="only below this folder, or like *.py"
    )
    what.add_argument("--since", metavar="DURATION", help="recent: not older than this (default: 7 days)")
    what.add_argument("--file", metavar="FILE", help="related: the file to start from")
    what.add_argument("--rebuild", action="store_true", help="index: build it from nothing")
    what.add_argument("--root", default=".", metavar="FOLDER", help="the repository; default: the one around you")


def _add_output(parser: argparse.ArgumentParser) -> None:
    output = parser.add_argument_group("output")
    output.add_argument("-n", type=_count, default=10, metavar="N", help="at most this many answers (default: 10)")
    output.add_argument("-l", "--files-only", action="store_true", help="paths only, each once")
    output.add_argument("--json", action="store_true", help="for programs; docs/reference/ctx.md describes it")
    output.add_argument("--explain", action="store_true", help="what each score is made of")
    output.add_argument("-q", "--quiet", action="store_true", help="no notes on stderr")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {_MOST}")
    return int(text)


def _refuse_contradictions(args: argparse.Namespace) -> None:
    needs_query = args.action == "search" and args.regex is None
    if needs_query and not args.query.strip():
        raise UsageError("search needs something to search for", hint='for example: ctx search "connection pool"')
    if args.query and args.action not in ("search", "recent"):
        raise UsageError(f"{args.action} takes no query", hint="see --help")
    if args.regex is not None and (args.action != "search" or args.query):
        raise UsageError("-e goes with search, and without a query")
    if (args.action == "related") != (args.file is not None):
        raise UsageError("related needs --file, and nothing else takes it", hint="ctx related --file FILE")
    if args.since is not None and args.action != "recent":
        raise UsageError("--since goes with recent")
    if args.rebuild and args.action != "index":
        raise UsageError("--rebuild goes with index")
