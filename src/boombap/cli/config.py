"""The command `config show`: every setting with its value and where it came from; secrets stay hidden."""

from __future__ import annotations

from boombap.config.kinds import text_of
from boombap.config.load import load
from boombap.config.model import KEYS
from boombap.config.secret import Secret
from boombap.errors import EXIT_OK
from boombap.output import table, usage
from boombap.output.encode import to_json
from boombap.output.terminal import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator, Sequence

    from boombap.config.model import Config, Key
    from boombap.interrupt import Interrupt

SCHEMA = "boombap.config/1"
EXITS: dict[str, dict[int, str]] = {"show": {}}
"""By action, when it ends with which code."""
_EPILOG = "Nearer sources win: flags, the environment, .env, boombap.toml (or the file in BOOMBAP_CONFIG), defaults."


def main(words: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Run `config` and give its exit code."""
    args = _parser(prog).parse_args(words)
    config, terminal = load(), Terminal()
    if args.format == "json":
        rows = [dict(zip(("key", "value", "source"), row, strict=True)) for row in _rows(config)]
        terminal.write(to_json({"schema": SCHEMA, "keys": rows}))
        return EXIT_OK
    for line in table.lines(("key", "value", "source"), _rows(config), indent=""):
        terminal.write(line)
    if config.passed_over:
        terminal.note(f"passed over, as Kubernetes sets them for its Services: {', '.join(config.passed_over)}")
    return EXIT_OK


def _parser(prog: str) -> ArgumentParser:
    parser = usage.parser(prog, "What is configured, and where.", _EPILOG)
    parser.add_argument("action", choices=("show",), help="print every key")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    return parser


def _rows(config: Config) -> Iterator[tuple[str, str, str]]:
    for key in KEYS:
        value = getattr(getattr(config, key.section), key.name)
        yield key.dotted, _shown(value, key), config.sources.get(key.dotted, "default")


def _shown(value: object, key: Key) -> str:
    if value is None or value == ():
        return "(not set)"
    if isinstance(value, Secret):
        return "***"
    return text_of(value, key.kind)
