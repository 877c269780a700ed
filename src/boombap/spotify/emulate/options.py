"""The options of `spotify emulate`: the catalogue that it serves, and the trouble that it makes."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from boombap.command.options import whole_number
from boombap.errors import UsageError
from boombap.spotify.emulate.quirk import Quirk
from boombap.spotify.model import Mode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_MAX_TRACKS = 10_000_000
_LAST_PORT = 65_535
_LONGEST_MS = 600_000
_LONGEST_S = 86_400
# What makes the responses, with the defaults: a replay has them from its file.
_NOT_REPLAYED: dict[str, object] = {
    "record": None, "catalogue": None, "from_db": False, "tracks": None, "absent": 0, "secret": None, "latency_ms": 0,
    "window": None, "quota": None, "search": frozenset(), "faults": None, "fault_rate": 0, "mode": Mode.EXTENDED,
    "token_s": 3600.0, "window_s": 30.0, "seed": 0,
}  # fmt: skip
_USE = """

Point the processor at it:
  BOOMBAP_SPOTIFY_BASE_URL=http://127.0.0.1:8099/v1 BOOMBAP_SPOTIFY_ACCOUNTS_URL=http://127.0.0.1:8099
  SPOTIFY_CLIENT_ID=any SPOTIFY_CLIENT_SECRET=any

GET /_log lists what each client requested; POST /_faults replaces the fault script, for example
  [{"match": "^/v1/tracks", "nth": 3, "times": 2, "then": {"kind": "json", "status": 429}}]
With "rate": 0.05, "seed": 7 a fault strikes 5 % of the requests. The kinds are in docs/reference/spotify.md."""


def add_emulate(parser: ArgumentParser) -> None:
    """Declare the options of `emulate`, and tell below its examples how it is used."""
    parser.epilog = f"{parser.epilog or ''}{_USE}"
    parser.add_argument(
        "--port", type=whole_number(0, _LAST_PORT), default=0, metavar="N", help="default: any that is free"
    )
    parser.add_argument("--mode", type=_mode, choices=list(Mode), default=Mode.EXTENDED, metavar="|".join(Mode),
                        help="which endpoints the app may use (default: extended)")  # fmt: skip
    parser.add_argument("--secret", metavar="TEXT", help="the only client secret that is accepted (default: any)")
    parser.add_argument("--token-s", type=_seconds, default=3600.0, metavar="N", help="life of a token (default: 3600)")
    _add_catalogue(parser)
    _add_trouble(parser)
    parser.add_argument("--record", metavar="FILE", help="write every response to a file for --replay, as JSON Lines")
    parser.add_argument(
        "--replay", metavar="FILE", help="serve these responses: no catalogue, limits or faults, and hardly any CPU"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no notes on stderr")


def check_replay(args: Namespace) -> None:
    """Refuse options that a replay does not follow.

    Raises:
        UsageError: one of them is given.
    """
    given = next((name for name, default in _NOT_REPLAYED.items() if getattr(args, name) != default), None)
    if given:
        raise UsageError(f"--{given.replace('_', '-')} has no effect with --replay", hint="leave one of them out")


def _add_catalogue(parser: ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--catalogue", metavar="FILE", help="CSV (artist,title,album,year,id) or JSON Lines")
    where.add_argument("--from-db", action="store_true", help="the rows of the table tracks")
    parser.add_argument(
        "--tracks", type=whole_number(1, _MAX_TRACKS), metavar="N", help="at most N; without a catalogue, N generated"
    )
    parser.add_argument(
        "--absent", type=whole_number(0, 100), default=0, metavar="PERCENT", help="rows that Spotify lacks"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is generated or random (default: 0)")


def _add_trouble(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--latency-ms", type=whole_number(0, _LONGEST_MS), default=0, metavar="N", help="before each answer"
    )
    parser.add_argument(
        "--window", type=whole_number(1, _MAX_TRACKS), metavar="N", help="requests in any window (default: no limit)"
    )
    parser.add_argument("--window-s", type=_seconds, default=30.0, metavar="N", help="its length (default: 30)")
    parser.add_argument(
        "--quota", type=whole_number(1, _MAX_TRACKS), metavar="N",
        help="requests of all clients per day (default: no limit; development mode has about 1,000)",
    )  # fmt: skip
    parser.add_argument(
        "--search", type=_quirks, default=frozenset(), metavar="LIST",
        help="any of strict (filters miss names with an apostrophe or a dot), shuffle, pad (with what does not match)",
    )  # fmt: skip
    parser.add_argument("--faults", metavar="FILE", help="fault script, JSON or TOML")
    parser.add_argument(
        "--fault-rate", type=whole_number(0, 100), default=0, metavar="PERCENT",
        help="requests with a random fault: 404, 400, 429, 5xx, broken or slow bodies; drawn with --seed",
    )  # fmt: skip


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is neither extended nor development") from None


def _quirks(text: str) -> frozenset[Quirk]:
    try:
        return frozenset([Quirk(name) for name in text.split(",")])
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a list of {', '.join(Quirk)}") from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_S:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds up to {_LONGEST_S}")
    return seconds
