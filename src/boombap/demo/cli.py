"""The command `demo`: `sample` fills a database with the sample, `tour` shows every tool on it."""

from __future__ import annotations

from boombap.config.load import load
from boombap.demo import sample
from boombap.errors import EXIT_EXTERNAL, EXIT_OK, UsageError
from boombap.output import usage
from boombap.output.terminal import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from boombap.interrupt import Interrupt

EXITS = {
    "sample": {EXIT_EXTERNAL: "no connection, or a refused statement"},
    "tour": {EXIT_EXTERNAL: "the local PostgreSQL did not start"},
}
"""By action, when it ends with which code."""
_EPILOG = """\
sample   creates tracks, analysis_results, ml_features and dataset_versions in the database that `boombap db`
         looks at, and fills them; it never touches tables that it did not create itself
tour     starts the local PostgreSQL, loads a sample with planted faults, finds them, mends one, and stops

examples:
  boombap demo sample --tracks 57718
  boombap demo sample --healthy --replace
  boombap demo tour --keep"""
_MOST_TRACKS = 5_000_000


def main(words: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Run `demo` and give its exit code."""
    args = _parser(prog).parse_args(words)
    if not 1 <= args.tracks <= _MOST_TRACKS:
        raise UsageError(f"--tracks {args.tracks} is out of range", hint=f"choose 1 to {_MOST_TRACKS}")
    if args.action == "tour":
        from boombap.demo.tour import tour

        return tour(Terminal(), interrupt, tracks=args.tracks, is_kept=args.keep)
    return _sample(args.tracks, Terminal(), interrupt, has_faults=not args.healthy, is_replaced=args.replace)


def _parser(prog: str) -> ArgumentParser:
    parser = usage.parser(prog, "A sample database, and a guided run over the tools.", _EPILOG)
    parser.add_argument("action", choices=("sample", "tour"), help="what to do")
    parser.add_argument("--tracks", type=int, default=1_000, metavar="N", help="size of the sample (default: 1000)")
    parser.add_argument("--healthy", action="store_true", help="sample: without the planted faults")
    parser.add_argument("--replace", action="store_true", help="sample: drop an earlier sample first")
    parser.add_argument("--keep", action="store_true", help="tour: leave the local PostgreSQL running")
    return parser


def _sample(tracks: int, terminal: Terminal, interrupt: Interrupt, *, has_faults: bool, is_replaced: bool) -> int:
    from boombap.clients.postgres.session import Limits, Session
    from boombap.local.address import postgres

    target = postgres(load())
    session = Session(target, Limits(), interrupt)
    try:
        loaded = sample.load(session, sample.Scale(tracks), faults=has_faults, replace=is_replaced)
    finally:
        session.close()
    rate = loaded.analyses / loaded.seconds
    terminal.write(
        f"loaded {loaded.tracks:,} tracks and {loaded.analyses:,} analyses into {target.name} "
        f"in {loaded.seconds:.1f} s ({rate:,.0f} analyses/s)"
    )
    if not loaded.has_vectors:
        terminal.note("this server has no pgvector: the sample has no embeddings")
    return EXIT_OK
