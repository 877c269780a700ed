"""The command `demo`: `sample` fills a database with the sample, `tour` shows every tool on it."""

from __future__ import annotations

from boombap.command.action import Action, Tool
from boombap.command.options import add_quiet, whole_number
from boombap.errors import EXIT_EXTERNAL, EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

    from boombap.command.context import RunContext

_MAX_TRACKS = 5_000_000


def _add_tracks(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--tracks",
        type=whole_number(1, _MAX_TRACKS),
        default=1_000,
        metavar="N",
        help="size of the sample (default: 1000)",
    )
    add_quiet(parser)


def _add_sample(parser: ArgumentParser) -> None:
    _add_tracks(parser)
    parser.add_argument("--healthy", action="store_true", help="without the planted faults")
    parser.add_argument("--replace", action="store_true", help="drop an earlier sample first")


def _add_tour(parser: ArgumentParser) -> None:
    _add_tracks(parser)
    parser.add_argument("--keep", action="store_true", help="leave the local PostgreSQL running")


def _tour(context: RunContext) -> int:
    from boombap.demo.tour import tour

    return tour(context, tracks=context.args.tracks, is_kept=context.args.keep)


def _sample(context: RunContext) -> int:
    from boombap.clients.postgres.session import Limits, Session
    from boombap.demo import sample
    from boombap.local.address import postgres

    args = context.args
    target = postgres(context.config)
    session = Session(target, Limits(), context.interrupt)
    try:
        loaded = sample.load(session, sample.Scale(args.tracks), faults=not args.healthy, replace=args.replace)
    finally:
        session.close()
    rate = loaded.analyses / loaded.seconds
    context.terminal.write(
        f"loaded {loaded.tracks:,} tracks and {loaded.analyses:,} analyses into {target.name} "
        f"in {loaded.seconds:.1f} s ({rate:,.0f} analyses/s)"
    )
    if not loaded.has_vectors:
        context.terminal.note("this server has no pgvector: the sample has no embeddings")
    return EXIT_OK


TOOL = Tool(
    description="A sample database, and a guided tour of the tools.",
    actions=(
        Action(
            "sample",
            "fill the database that `boombap db` looks at with a sample",
            _sample,
            _add_sample,
            examples="sample --tracks 57718\nsample --healthy --replace",
            exits={EXIT_EXTERNAL: "no connection, or a refused statement"},
        ),
        Action(
            "tour",
            "show every tool on a sample with planted faults",
            _tour,
            _add_tour,
            examples="tour --keep",
            exits={EXIT_EXTERNAL: "the local PostgreSQL or Valkey did not start"},
        ),
    ),
    notes="""\
sample   creates tracks, analysis_results, ml_features and dataset_versions, and fills them; it never touches
         tables that it did not create itself
tour     starts the local PostgreSQL, loads a sample, finds its faults, fixes one, and stops; Spotify is emulated, on a
         database of its own; the cache that it shows is a Valkey of its own; both end with it

Exit codes: 0 fine, 2 usage, 3 a server failed, 130 Ctrl-C.""",
)
