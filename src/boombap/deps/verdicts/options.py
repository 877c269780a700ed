"""The options of `deps verdict`, and what goes together with each of its words."""

from __future__ import annotations

from pathlib import Path

from boombap.command.options import add_output
from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

WORDS = ("record", "refresh", "list", "show", "export")


def add_verdict(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `verdict`."""
    parser.add_argument("what", choices=WORDS, metavar="WORD", help=f"one of {', '.join(WORDS)}")
    parser.add_argument(
        "image", nargs="?", default="", metavar="IMAGE", help="NAME@sha256:…; of `show` also the digest"
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="of `record`: an SBOM, a manifest or a folder")
    parser.add_argument(
        "--installed", action="append", default=[], metavar="PATH", help="Python packages of an environment; repeatable"
    )
    parser.add_argument(
        "--root", action="append", default=[], metavar="DIR", help="what is installed in an unpacked image; repeatable"
    )
    parser.add_argument("--policy", type=_file, metavar="FILE", help="policy in TOML (default: deps.policy)")
    parser.add_argument("--environment", default="", metavar="NAME", help="the policy's table for an environment")
    parser.add_argument(
        "--waivers", type=_file, metavar="FILE", help="accepted findings in TOML (default: deps.waivers)"
    )
    add_output(parser, "table", "json")


def check_verdict(args: Namespace) -> None:
    """Refuse arguments that the word does not take, and images without a digest.

    Raises:
        UsageError: for what is missing, what is too much, and a tag without a digest.
    """
    from boombap.deps.verdicts.image import parse_digest, parse_image

    has_places = bool(args.paths or args.installed or args.root)
    if args.what in ("record", "show") and not args.image:
        raise UsageError(f"verdict {args.what} needs an image", hint="write NAME@sha256:…")
    if args.what == "record":
        parse_image(args.image)
        if not has_places:
            raise UsageError("verdict record needs a PATH", hint="name an SBOM, a manifest or a folder of the image")
        return
    if has_places:
        raise UsageError(f"verdict {args.what} takes no files", hint="`verdict record` does")
    if args.what == "show":
        parse_digest(args.image.rpartition("@")[2])
    elif args.image:
        raise UsageError(f"verdict {args.what} takes no image", hint="`verdict show` does")


def _file(text: str) -> Path | None:
    # A script passes an empty text for a variable that is not set.
    return Path(text) if text else None
