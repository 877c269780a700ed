"""The command `config`: every setting with its source, invalid settings, and a template."""

from __future__ import annotations

import os
from pathlib import Path

from boombap.command.action import Action, Tool
from boombap.command.emit import answer
from boombap.command.options import add_output, add_quiet
from boombap.errors import EXIT_EXTERNAL, EXIT_OK, EXIT_USAGE, ConfigError, ExternalError, UsageError
from boombap.log import redact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator, Sequence

    from boombap.command.context import RunContext
    from boombap.config.model import Config
    from boombap.config.section import Key, Section

SCHEMA = "boombap.config/1"
CHECK_SCHEMA = "boombap.config-check/1"
_HEAD = """\
# Settings of boombap. Every key shows its default; remove the # to set it.
# Nearer sources win: flags, then the environment, then .env, then this file.
# Secrets are better kept in the environment, or in a file that NAME_FILE names there."""
_NOTES = """\
Nearer sources win: flags, the environment, .env, boombap.toml (or the file in BOOMBAP_CONFIG), defaults.

Exit codes: 0 fine, 2 usage or an invalid setting, 3 a file cannot be written, 130 Ctrl-C."""


def sections() -> tuple[Section, ...]:
    """Return all sections, the shared ones first."""
    from boombap.cli.sections import every
    from boombap.config.model import SHARED

    return (*SHARED, *every().sections)


def template() -> str:
    """Return a boombap.toml that sets nothing: every key as a comment, with its meaning and its default."""
    return "\n".join([_HEAD, *(line for section in sections() for line in _section_lines(section))]) + "\n"


def _section_lines(section: Section) -> Iterator[str]:
    yield f"\n# {(section.shape.__doc__ or '').splitlines()[0]}"
    yield f"[{section.name}]"
    for key in section.keys:
        yield f"# {key.doc} ({key.kind.name}; {' or '.join(key.env)})"
        yield f"#{key.name} = {_toml(section.default(key), key)}"


def _toml(value: object, key: Key) -> str:
    from boombap.config.kinds import text_of

    if value is None:
        return '""'
    if isinstance(value, bool | int):
        return text_of(value, key.kind)
    return f'"{text_of(value, key.kind)}"'


def _show(context: RunContext) -> int:
    from boombap.output import table

    config, rows = _loaded()
    answer(
        context,
        lambda: table.lines(("key", "value", "source"), rows, indent=""),
        lambda: {
            "schema": SCHEMA,
            "keys": [dict(zip(("key", "value", "source"), row, strict=True)) for row in rows],
        },
    )
    if config.passed_over:
        context.terminal.note(
            f"ignored, because Kubernetes sets them for its Services: {', '.join(config.passed_over)}"
        )
    for sentence in config.unused:
        context.terminal.note(sentence)
    return EXIT_OK


def _loaded() -> tuple[Config, list[tuple[str, str, str]]]:
    from boombap.cli.sections import every
    from boombap.config.load import load

    config = load(every())
    return config, list(_rows(config))


def _rows(config: Config) -> Iterator[tuple[str, str, str]]:
    for section in sections():
        for key in section.keys:
            value = getattr(config.section(section), key.name)
            yield key.dotted, _shown(value, key), config.sources.get(key.dotted, "default")


def _shown(value: object, key: Key) -> str:
    from boombap.config.kinds import text_of
    from boombap.config.secret import Secret

    if value is None or value == ():
        return "(not set)"
    if isinstance(value, Secret):
        return "***"
    return redact(text_of(value, key.kind))


def _check(context: RunContext) -> int:
    from boombap.cli.sections import every
    from boombap.config.load import examine

    config, invalid = examine(every())
    unchecked = _unchecked(config)
    problems = [*invalid, *_address_problems(config, is_readable=not unchecked)]
    answer(
        context,
        lambda: _check_lines(config, problems, unchecked),
        lambda: {
            "schema": CHECK_SCHEMA,
            "problems": [redact(str(problem)) for problem in problems],
            "renamed": config.renamed,
            "unused": config.unused,
            "unchecked": unchecked,
            "set": len(config.sources),
        },
    )
    return EXIT_USAGE if problems else EXIT_OK


def _check_lines(config: Config, problems: Sequence[ConfigError], unchecked: Sequence[str]) -> Iterator[str]:
    yield from (redact(str(problem)) for problem in problems)
    yield from config.renamed
    yield from config.unused
    yield from unchecked
    if not problems:
        number = len(config.sources)
        are_set = "1 setting is" if number == 1 else f"{number} settings are"
        yield f"{are_set} set; nothing is invalid"


def _unchecked(config: Config) -> list[str]:
    from boombap.cli import extras

    if config.postgres.url is None or not extras.missing("db"):
        return []
    return [f"postgres.url is not checked: its driver is missing; run {extras.install('db')}"]


def _address_problems(config: Config, *, is_readable: bool) -> Iterator[ConfigError]:
    """Yield what is wrong with the addresses of servers; that of PostgreSQL only when libpq is there to read it."""
    from boombap.local.address import postgres, redis

    for is_set, target in ((config.postgres.is_set and is_readable, postgres), (config.redis.is_set, redis)):
        try:
            if is_set:
                target(config)
        except ConfigError as error:
            yield error


def _init(context: RunContext) -> int:
    path = Path(context.args.file)
    try:
        # Not readable for others: an address with a password may be written into it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError:
        raise UsageError(f"{path} exists", hint="name another file, or move it away first") from None
    except OSError as error:
        raise ExternalError(f"cannot write {path}: {error.strerror}") from None
    context.terminal.write(f"wrote {path}; every setting in it is a comment, so nothing has changed yet")
    return EXIT_OK


def _add_formats(parser: ArgumentParser) -> None:
    add_output(parser, "text", "json")


def _add_init(parser: ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", default="boombap.toml", metavar="FILE", help="default: boombap.toml")
    add_quiet(parser)


TOOL = Tool(
    description="What is configured, and where.",
    actions=(
        Action(
            "show",
            "every setting with its value and its source",
            _show,
            _add_formats,
        ),
        Action(
            "check",
            "whether the settings of all tools are valid; exit code 2 when one is not",
            _check,
            _add_formats,
        ),
        Action(
            "init",
            "write a boombap.toml that explains every setting",
            _init,
            _add_init,
            exits={EXIT_EXTERNAL: "the file cannot be written"},
        ),
    ),
    notes=_NOTES,
    needs_config=False,
)
