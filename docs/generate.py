"""Writes what would drift by hand: pages of the reference, the manual page, layers in CONTRIBUTING, files of the chart.

The configuration page comes from `boombap.cli.config.sections()`, the command page from each command's own ``--help``,
the manual page from the parsers behind it, the page of exit codes from `boombap.errors` and from what each action
declares, the list of schemas from the schemas, the rules and dashboards from `boombap.metrics`.
`python docs/generate.py` writes them all; with ``--check`` it writes nothing and exits 1 when one of them is stale.
"""

from __future__ import annotations

import argparse
import ast
import configparser
import json
import os
import re
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from boombap import __version__
from boombap.cli.commands import EXTRAS
from boombap.cli.completion import PROGRAMS
from boombap.cli.config import sections
from boombap.cli.extras import install
from boombap.cli.main import COMMANDS
from boombap.command.parse import action_parser
from boombap.config.kinds import text_of
from boombap.errors import EXIT_FINDINGS, EXIT_OK, MEANINGS, PRECEDENCE
from boombap.metrics import rules
from boombap.metrics.dashboard import boards
from boombap.output.encode import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from boombap.config.section import Key, Section

ROOT = Path(__file__).parents[1]
_SOURCE = ROOT / "src" / "boombap"
CHART_FILES = "deploy/chart/boombap/files"
_DRAWING = re.compile(
    r"(<!-- The layers of \.importlinter; written by make docs -->\n\n```text\n).*?(```\n)", re.DOTALL
)
_COLUMNS = "100"
# A page without a date is not one; a date that moves by itself would make every page stale.
_MANUAL_DATE = "2026-11-26"
_MARK = "<!-- Written by docs/generate.py; do not edit. -->"

_CONFIG_HEAD = f"""\
{_MARK}

# Configuration

Precedence, the strongest first: flags, the environment, `.env`, `boombap.toml`, the defaults below.

- `boombap.toml` and `.env` are read from the working folder. `BOOMBAP_CONFIG` names another file in place of
  `boombap.toml`; it must exist.
- In `boombap.toml` a section is a table and a key is an entry of it: `statement_timeout = "2s"` under `[db]`.
- Where a key has several environment names, the first that is set counts. An empty value means "not set".
- A key that does not exist is an error, and so is a variable that begins with `BOOMBAP_` and is not one of these. The
  message suggests the nearest key. Exit code 2.
- A `url` replaces the parts (`host`, `port`, ...) of weaker sources. In one source the `url` wins over the parts. Parts
  of a stronger source replace that part of the `url`.
- A duration has a unit: `50ms`, `5s`, `2m`, `1h30m`. A bare number is an error.
- Values of the kind *secret* are never printed. `boombap config show` prints `***` in their place.
- A file may hold a secret: `POSTGRES_PASSWORD_FILE=/run/secrets/db` reads `POSTGRES_PASSWORD` from it; the same works
  for every name of a *secret*. A line ending after it is dropped. Setting both is an error.
- A command reads the keys of its own section and the shared ones; a mistake in another tool's section does not stop it.

`boombap config show` prints every key with its value and the place that set it, `boombap config check` names every
invalid setting, and `boombap config init` writes a `boombap.toml` that explains every key.
"""

_CLI_HEAD = f"""\
{_MARK}

# Commands

The text of each `--help`, as the commands print it. What `boombap db` answers is in [db.md](db.md), the exit codes
in [exit-codes.md](exit-codes.md).
"""

_EXITS_HEAD = f"""\
{_MARK}

# Exit codes

One table for every command. The answer "no" (1) is never the code of a failure (2, 3, 70).

| code | meaning |
|---|---|
"""

_EXITS_MIDDLE = """\
Where several apply to one run, the first of {precedence} wins. The JSON carries every part, so nothing is lost behind
the code. {others} and {last} end the run on their own.

`--fail-on` takes `info`, `warning`, `critical` (the default) or `never`. With `never` no finding leads to 1. A check
that fails still leads to 3.

## Which action ends with which code

Any action may end with {anywhere}. The others:
"""

_SCHEMAS_HEAD = f"""\
{_MARK}

# JSON Schemas

Every JSON answer has a schema in the form of draft 2020-12. What it requires is promised; keys that it does not
name may be added in a minor version, so a schema never refuses them. See [compatibility.md](compatibility.md#json).

| command | schema | what it is |
|---|---|---|
"""


def config_page() -> str:
    """Return the page of every configuration key, one table a section."""
    return "\n".join([_CONFIG_HEAD, *(line for section in sections() for line in _section(section))])


def _section(section: Section) -> Iterator[str]:
    yield f"## [{section.name}]\n"
    # What follows a semicolon is for readers of the code: there durations are plain seconds.
    yield f"{(section.shape.__doc__ or '').partition(';')[0].rstrip('.')}.\n"
    yield "| key | environment | what may be written | default | meaning |"
    yield "|---|---|---|---|---|"
    yield from (_row(key, section) for key in section.keys)
    yield ""


def _row(key: Key, section: Section) -> str:
    names = ", ".join(f"`{name}`" for name in key.env)
    return f"| `{key.dotted}` | {names} | {key.kind.name} | {_default(key, section.default(key))} | {key.doc} |"


def _default(key: Key, value: object) -> str:
    if value is None or value == ():
        return "not set"
    return f"`{text_of(value, key.kind)}`"


def cli_page() -> str:
    """Return the page of every command's help."""
    pages = [("## boombap", _help([]))]
    for word in COMMANDS:
        pages.append((f"## boombap {word}", _help([word])))
        pages += [(f"### boombap {word} {name}", text) for name, text in _actions(word)]
    sections = "\n".join(f"{title}\n\n```text\n{text}\n```\n" for title, text in pages)
    other_names = "`database-diagnostics` is another name of `boombap db`, `spotify-processor` of `boombap spotify`."
    return f"{_CLI_HEAD}\n{sections}\n{other_names}\n"


def _actions(word: str) -> Iterator[tuple[str, str]]:
    """Yield each action of a tool with its help."""
    for action in COMMANDS[word][0]().TOOL.actions:
        yield action.name, action_parser(action, f"boombap {word}").format_help().rstrip()


def _help(argv: Sequence[str]) -> str:
    # A process of its own, without a terminal: the help takes the same width on every machine.
    environ: Mapping[str, str] = {**os.environ, "COLUMNS": _COLUMNS, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "boombap", *argv, "--help"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return done.stdout.rstrip()


def manual_page() -> str:
    """Return the manual page, in man(7): what every command and action is for, and its options."""
    names = ", ".join(PROGRAMS)
    lines = [
        r".\" Written by docs/generate.py; do not edit.",
        f'.TH BOOMBAP 1 {_MANUAL_DATE} "boombap {__version__}" "User commands"',
        ".SH NAME",
        _text(f"{names} - operations tools for a rap-music analysis platform"),
        ".SH SYNOPSIS",
        r"\fBboombap\fR \fICOMMAND\fR [\fIARGUMENTS\fR]",
        ".SH DESCRIPTION",
        "Each command runs once and exits.",
        r"\fBboombap\fR \fICOMMAND\fR \fB\-\-help\fR explains a command.",
        "Other names of one command:",
    ]
    for name, word in PROGRAMS.items():
        if word:
            lines += [".TP", _bold(name), _bold(f"boombap {word}")]
    for word, (_, summary) in COMMANDS.items():
        lines += [f".SH {_roff(word.upper())}", _sentence(summary), *_command_in_manual(word)]
    lines += [".SH CONFIGURATION", *_manual_configuration(), ".SH EXIT STATUS", *_manual_codes()]
    return "".join(f"{line}\n" for line in lines)


def _command_in_manual(word: str) -> Iterator[str]:
    if word in EXTRAS:
        yield ".PP"
        yield f"Its libraries: {_bold(install(EXTRAS[word]))}."
    for action in COMMANDS[word][0]().TOOL.actions:
        yield f".SS {_roff(f'boombap {word} {action.name}')}"
        yield _sentence(action.summary)
        yield from _options(action_parser(action, f"boombap {word}"))
        if action.examples:
            yield ".PP"
            yield from _preformatted(f"boombap {word} {line}" for line in action.examples.splitlines())


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    formatter = parser._get_formatter()  # noqa: SLF001 - the help's own words
    for action in parser._actions:  # noqa: SLF001 - listed nowhere else
        if action.help in {argparse.SUPPRESS, None} or "--help" in action.option_strings:
            continue
        yield ".TP"
        yield _bold(formatter._format_action_invocation(action))  # noqa: SLF001
        yield _text(formatter._expand_help(action))  # noqa: SLF001


def _manual_configuration() -> Iterator[str]:
    yield _text("Nearer sources win: flags, the environment, .env, boombap.toml, defaults.")
    yield _text("BOOMBAP_CONFIG names another file.")
    yield f"{_bold('boombap config show')} prints every setting with its value and source. The sections:"
    for section in sections():
        yield ".TP"
        yield _bold(f"[{section.name}]")
        yield _sentence(re.split(r"[;.]", section.shape.__doc__ or "")[0])


def _manual_codes() -> Iterator[str]:
    for code, meaning in sorted(MEANINGS.items()):
        yield ".TP"
        yield _bold(str(code))
        yield _sentence(meaning)


def _preformatted(lines: Iterable[str]) -> Iterator[str]:
    yield ".nf"
    yield from (_no_request(_roff(line)) for line in lines)
    yield ".fi"


def _sentence(text: str) -> str:
    return _text(f"{text[0].upper()}{text[1:]}.")


def _bold(text: str) -> str:
    return rf"\fB{_roff(text)}\fR"


def _text(text: str) -> str:
    """Return text in lines that fit a terminal, for who reads the source."""
    lines = textwrap.wrap(_roff(text), 78, break_long_words=False, break_on_hyphens=False)
    return "\n".join(map(_no_request, lines))


def _no_request(line: str) -> str:
    """Return a line that is text: one that begins with a dot or a quote would be a request."""
    return rf"\&{line}" if line.startswith((".", "'")) else line


def _roff(text: str) -> str:
    """Return words as they are to be read: a hyphen that can be copied, and no character beyond ASCII."""
    plain = text.replace("\\", r"\e").replace("-", r"\-").replace("`", "").replace("\n", " ")
    return "".join(letter if letter.isascii() else rf"\[u{ord(letter):04X}]" for letter in plain)


def exits_page() -> str:
    """Return the page of the exit codes, and of the actions that end with them."""
    anywhere = [code for code in MEANINGS if code not in PRECEDENCE or code == EXIT_OK]
    *others, last = (code for code in MEANINGS if code not in PRECEDENCE)
    middle = _EXITS_MIDDLE.format(
        precedence=_listed(PRECEDENCE), others=_listed(others), last=last, anywhere=_listed(anywhere)
    )
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in sorted(MEANINGS.items()))
    tables = "\n".join(line for word in COMMANDS for line in _exit_rows(word))
    return f"{_EXITS_HEAD}{codes}\n{middle}\n{tables}"


def _listed(codes: Iterable[int]) -> str:
    return ", ".join(map(str, codes))


def _exit_rows(word: str) -> Iterator[str]:
    """Yield the table of one command; actions that say the same share a row."""
    rows: dict[tuple[int, str], list[str]] = {}
    for action, codes in exits(word).items():
        for code, when in codes.items():
            rows.setdefault((code, when), []).append(action)
    yield f"### {word}\n"
    if not rows:
        yield "None.\n"
        return
    yield "| code | action | when |"
    yield "|---|---|---|"
    for code, when in sorted(rows, key=lambda row: row[0]):
        yield f"| {code} | {', '.join(f'`{name}`' for name in rows[code, when])} | {when} |"
    yield ""


def exits(word: str) -> Mapping[str, Mapping[int, str]]:
    """Return when each action of a command ends with which code."""
    return {action.name: action.exits for action in COMMANDS[word][0]().TOOL.actions}


def schemas_page() -> str:
    """Return the list of the JSON Schemas."""
    rows = "".join(map(_schema_row, sorted((ROOT / "docs" / "reference" / "schemas").glob("*.json"))))
    return f"{_SCHEMAS_HEAD}{rows}"


def _schema_row(path: Path) -> str:
    schema = json.loads(path.read_text(encoding="utf-8"))
    return f"| {schema['title']} | [{path.name}](schemas/{path.name}) | {schema['description']} |\n"


def contributing_page() -> str:
    """Return CONTRIBUTING.md with the layers as they are checked, each package with what its docstring says of it."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawing = "".join(f"{line}\n" for line in _layers())
    return _DRAWING.sub(lambda match: match[1] + drawing + match[2], page)


def _layers() -> Iterator[str]:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    lines = contracts["importlinter:contract:layers"]["layers"].split("\n")
    for line in filter(None, map(str.strip, lines)):
        names = [name.strip() for name in line.split("|")]
        if all(name.startswith("(") for name in names):
            continue  # not built yet
        yield line
        yield from (f"    {name}: {_summary(name)}" for name in names)


def _summary(name: str) -> str:
    package = _SOURCE / name / "__init__.py"
    path = package if package.exists() else _SOURCE / f"{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.split("\n\n")[0].replace("\n", " ").rstrip(".")


def rules_file() -> str:
    """Return the rules for Prometheus, as `boombap metrics rules` prints them."""
    return "\n".join(rules.lines()) + "\n"


def _dashboard_files() -> dict[str, Callable[[], str]]:
    # As `boombap metrics dashboard --output` writes them.
    return {
        f"{CHART_FILES}/dashboards/boombap-{name}.json": partial(lambda board: to_json(board) + "\n", board)
        for name, board in boards().items()
    }


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/config.md": config_page,
    "docs/reference/cli.md": cli_page,
    "docs/reference/exit-codes.md": exits_page,
    "docs/reference/schemas.md": schemas_page,
    "docs/boombap.1": manual_page,
    "CONTRIBUTING.md": contributing_page,
    f"{CHART_FILES}/rules.yml": rules_file,
    **_dashboard_files(),
}


def stale() -> list[str]:
    """Return the names of the pages that differ from what would be written.

    White space does not count: argparse breaks lines in another way from one Python to the next.
    """
    return [name for name, page in PAGES.items() if _words(_present(name)) != _words(page())]


def _present(name: str) -> str:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _words(text: str) -> list[str]:
    return text.split()


def main() -> int:
    """Write the pages, or with ``--check`` say which are stale."""
    parser = argparse.ArgumentParser(description="Writes the pages that come from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is stale")
    if parser.parse_args().check:
        names = stale()
        for name in names:
            print(f"{name} is stale; run `make docs`", file=sys.stderr)
        return EXIT_FINDINGS if names else EXIT_OK
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
