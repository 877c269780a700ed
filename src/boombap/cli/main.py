"""The command `boombap`: look the first word up, import that one tool, run it in the harness."""

from __future__ import annotations

import sys

from boombap import __version__
from boombap.cli import commands, streams
from boombap.errors import EXIT_USAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.cli.commands import CommandModule


def _completion() -> CommandModule:
    from boombap.cli import completion

    return completion


# `completion` reads the table of the others, so it cannot be in it.
COMMANDS = {**commands.COMMANDS, "completion": (_completion, "complete commands and options in bash, zsh and fish")}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `boombap WORD …` and return its exit code (the table is in `boombap.errors`)."""
    streams.prepare()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["help"] and len(arguments) > 1:
        arguments = [*arguments[1:], "--help"]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        return streams.print_all("boombap", _help())
    if arguments[0] in ("-V", "--version"):
        return streams.print_all("boombap", f"boombap {__version__}")
    if arguments[0] not in COMMANDS:
        return _unknown(arguments[0])
    return _run(arguments[0], arguments[1:], prog=f"boombap {arguments[0]}")


def main_of(word: str, prog: str) -> int:
    """Run one tool under a name of its own, such as `database-diagnostics`, and return its exit code."""
    streams.prepare()
    return _run(word, sys.argv[1:], prog=prog)


def _run(word: str, argv: list[str], *, prog: str) -> int:
    from boombap.cli.run import run  # signal and thread set-up, which the help does not need

    return run(COMMANDS[word][0], argv, prog=prog, command=word, extra=commands.EXTRAS.get(word, ""))


def _help() -> str:
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {word:<{width}}  {line}" for word, (_, line) in COMMANDS.items())
    return f"""boombap {__version__}: operations tools for a rap-music analysis platform

usage: boombap COMMAND [ARGUMENTS]

commands:
{rows}

  boombap COMMAND --help   explains a command
  boombap --version        prints the version

A first look: boombap local start, boombap demo sample, boombap db"""


def _unknown(word: str) -> int:
    from difflib import get_close_matches

    nearest = get_close_matches(word, COMMANDS, n=1, cutoff=0.4)
    advice = f"did you mean `boombap {nearest[0]}`" if nearest else "see `boombap --help`"
    from boombap.log import redact  # it may be an address with a password

    streams.print_error(redact(f"boombap: unknown command {word!r}; {advice}"))
    return EXIT_USAGE
