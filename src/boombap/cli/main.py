"""The console scripts: look the first word up, import that one tool, run it in the harness."""

from __future__ import annotations

import sys

from boombap import __version__
from boombap.cli import streams
from boombap.cli.commands import COMMANDS
from boombap.errors import EXIT_USAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run `boombap WORD …` and give its exit code (the table stands in `boombap.errors`)."""
    streams.prepare()
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["help"] and len(words) > 1:
        words = [*words[1:], "--help"]
    if not words or words[0] in ("-h", "--help", "help"):
        return streams.say("boombap", _help())
    if words[0] in ("-V", "--version"):
        return streams.say("boombap", f"boombap {__version__}")
    if words[0] not in COMMANDS:
        return _unknown(words[0])
    return _run(words[0], words[1:], prog=f"boombap {words[0]}")


def database_diagnostics() -> int:
    """Run the console script `database-diagnostics`, which is `boombap db`."""
    streams.prepare()
    return _run("db", sys.argv[1:], prog="database-diagnostics")


def ctx() -> int:
    """Run the console script `ctx`, which is `boombap ctx`."""
    streams.prepare()
    return _run("ctx", sys.argv[1:], prog="ctx")


def ai_context_manager() -> int:
    """Run the console script `ai-context-manager`, which is `boombap ctx`."""
    streams.prepare()
    return _run("ctx", sys.argv[1:], prog="ai-context-manager")


def deps() -> int:
    """Run the console script `deps`, which is `boombap deps`."""
    streams.prepare()
    return _run("deps", sys.argv[1:], prog="deps")


def dependency_manager() -> int:
    """Run the console script `dependency-manager`, which is `boombap deps`."""
    streams.prepare()
    return _run("deps", sys.argv[1:], prog="dependency-manager")


def spotify_processor() -> int:
    """Run the console script `spotify-processor`, which is `boombap spotify`."""
    streams.prepare()
    return _run("spotify", sys.argv[1:], prog="spotify-processor")


def redis_manager() -> int:
    """Run the console script `redis-manager`, which is `boombap redis`."""
    streams.prepare()
    return _run("redis", sys.argv[1:], prog="redis-manager")


def _run(word: str, words: list[str], *, prog: str) -> int:
    from boombap.cli.run import run  # signal and thread set-up, which the help does not need

    return run(COMMANDS[word][0], words, prog=prog)


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
    streams.complain(f"boombap: there is no command {word!r}; {advice}")
    return EXIT_USAGE
