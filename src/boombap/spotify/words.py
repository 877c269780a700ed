"""The words after `spotify`: one command each, with its options."""

from __future__ import annotations

import argparse

from boombap.errors import UsageError
from boombap.output import usage
from boombap.units import parse_duration_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Add = Callable[[argparse.ArgumentParser], None]

DATABASE = "db"
"""The value of --from that means the table `tracks`."""
EMULATE = "emulate"
_MOST_TRACKS = 1_000_000_000
_MOST_WORKERS = 900
_DESCRIPTION = "Which Spotify track each row of the catalogue is, and what Spotify knows about it."
_EXAMPLES = """\
commands:
  batch                   match and store the tracks that have no answer yet
  plan                    what that would cost: requests, time, days of quota; asks nothing
  warm                    put the metadata that is stored already into the cache
  status                  how far the catalogue is, what the cache holds, whether a ban stands
  audit                   judge every stored match anew without one request; --apply quarantines the wrong ones
  explain ARTIST TITLE    how the candidates for one track were judged
  refresh                 ask again for matches that are old
  emulate                 a Web API on loopback for trying things out

examples:
  spotify-processor plan
  spotify-processor batch --tracks=1000
  spotify-processor batch --from tracks.csv --dry-run
  spotify-processor refresh --older-than 30d --tracks 5000
  spotify-processor explain "E-40" "Tell Me When to Go"

COMMAND --help explains a command.
Credentials: SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET (`boombap config show`).
Exit codes: 0 done, 1 the audit found wrong matches, 2 usage, 3 Spotify or a server failed,
75 a ban or a quota stands and progress is saved, 130 Ctrl-C, 143 SIGTERM."""


def parse(words: Sequence[str], prog: str) -> argparse.Namespace:
    """Give the words as options.

    Raises:
        SystemExit: from argparse, for --help and for words that it does not know.
    """
    if words and words[0] == EMULATE:
        # The emulator reads its words itself, when it is imported.
        return argparse.Namespace(command=EMULATE, words=list(words[1:]), quiet=False)
    return _parser(prog).parse_args(words)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = usage.parser(prog, _DESCRIPTION, _EXAMPLES)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title=argparse.SUPPRESS)
    for name, (about, add) in _COMMANDS.items():
        one = commands.add_parser(
            name, description=about, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
        )
        add(one)
        one.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
        one.add_argument("-q", "--quiet", action="store_true", help="no progress and no notes on stderr")
    commands.add_parser(EMULATE, add_help=False)
    return parser


def _add_batch(parser: argparse.ArgumentParser) -> None:
    _add_selection(parser)
    parser.add_argument("--workers", type=_workers, metavar="N", help="requests in flight (default: spotify.in_flight)")
    parser.add_argument("--dry-run", action="store_true", help="judge, and store nothing")


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tracks", type=_tracks, metavar="N", help="at most so many (default: all)")
    parser.add_argument(
        "--from",
        dest="source",
        default=DATABASE,
        metavar="SOURCE",
        help="db: the table tracks; a CSV file; or - for ids, one a line (default: db)",
    )


def _add_warm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tracks", type=_tracks, metavar="N", help="at most so many (default: all)")
    parser.add_argument("--artists", metavar="FILE", help="only these artists, one a line")


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--apply", action="store_true", help="quarantine what is wrong, so that batch asks anew")
    parser.add_argument("-n", type=_tracks, default=20, metavar="N", help="wrong matches that are listed (default: 20)")


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("artist", metavar="ARTIST", help="as the catalogue writes it")
    parser.add_argument("title", metavar="TITLE", help="as the catalogue writes it")
    parser.add_argument("--isrc", metavar="CODE", help="the code of the recording, if known")
    parser.add_argument("--duration", type=_duration, metavar="TIME", help="the length, if known: 3m12s")


def _add_refresh(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--older-than", type=_duration, required=True, metavar="AGE", help="matches checked before: 30d, 12h"
    )
    parser.add_argument("--tracks", type=_tracks, metavar="N", help="at most so many (default: all)")
    parser.add_argument("--workers", type=_workers, metavar="N", help="requests in flight (default: spotify.in_flight)")


def _add_nothing(_: argparse.ArgumentParser) -> None:
    return


_COMMANDS: dict[str, tuple[str, Add]] = {
    "batch": ("Match and store the tracks that have no answer yet.", _add_batch),
    "plan": ("What a batch would cost, before anything is spent.", _add_selection),
    "warm": ("Put the metadata that is stored already into the cache.", _add_warm),
    "status": ("How far the catalogue is, what the cache holds, and whether a ban stands.", _add_nothing),
    "audit": ("Judge every stored match anew, without one request.", _add_audit),
    "explain": ("How the candidates for one track were judged.", _add_explain),
    "refresh": ("Ask again for matches that are old.", _add_refresh),
}


def _tracks(text: str) -> int:
    return _whole(text, _MOST_TRACKS)


def _workers(text: str) -> int:
    return _whole(text, _MOST_WORKERS)


def _whole(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {most}")
    return int(text)


def _duration(text: str) -> float:
    try:
        return parse_duration_s(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
