"""Where a server of ours listens, and whether over TLS: the options that all of them have."""

from __future__ import annotations

from pathlib import Path

from boombap.command.options import add_quiet, whole_number
from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from boombap.server.limits import Certificate

_LAST_PORT = 65_535


def add_listener(parser: ArgumentParser, default_port: int) -> None:
    """Declare ``--host``, ``--port``, ``--cert``, ``--key`` and ``--quiet``."""
    parser.add_argument("--host", default="127.0.0.1", metavar="HOST", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port",
        type=whole_number(0, _LAST_PORT),
        default=default_port,
        metavar="PORT",
        help=f"0 for any that is free (default: {default_port})",
    )
    parser.add_argument("--cert", type=_file, metavar="FILE", help="serve over TLS with this certificate (PEM)")
    parser.add_argument("--key", type=_file, metavar="FILE", help="key of --cert (PEM), without a pass phrase")
    add_quiet(parser)


def check_listener(args: Namespace) -> None:
    """Refuse half of what TLS needs.

    Raises:
        UsageError: for --cert without --key, and the reverse.
    """
    if bool(args.cert) != bool(args.key):
        raise UsageError("--cert and --key go together", hint="without both the server does not use TLS")


def certificate(args: Namespace) -> Certificate | None:
    """Return the files for TLS; None without TLS."""
    from boombap.server.limits import Certificate

    return Certificate(args.cert, args.key) if args.cert else None


def _file(text: str) -> Path | None:
    # A script passes an empty text for a variable that is not set.
    return Path(text) if text else None
