"""Writes what would drift by hand: four pages below `reference/`, and the layers in CONTRIBUTING.

The configuration page comes from `boombap.config.model.KEYS`, the command page from each command's own ``--help``, the
page of exit codes from `boombap.errors` and from what each action declares, the list of schemas from the schemas.
`python docs/generate.py` writes all of
them; with ``--check`` it writes nothing and exits 1 when one of them is stale.
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
from pathlib import Path
from typing import TYPE_CHECKING

from boombap.cli.main import COMMANDS
from boombap.command.parse import action_parser
from boombap.config.kinds import text_of
from boombap.config.model import KEYS, SECTIONS
from boombap.errors import EXIT_FINDINGS, EXIT_OK, MEANINGS, PRECEDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from boombap.config.model import Key

ROOT = Path(__file__).parents[1]
_SOURCE = ROOT / "src" / "boombap"
_DRAWING = re.compile(
    r"(<!-- The layers of \.importlinter; written by make docs -->\n\n```text\n).*?(```\n)", re.DOTALL
)
_COLUMNS = "100"
_MARK = "<!-- Written by docs/generate.py; do not edit. -->"

_CONFIG_HEAD = f"""\
{_MARK}

# Configuration

Nearer sources win: flags, then the environment, then `.env`, then `boombap.toml`, then the defaults below.

- `boombap.toml` and `.env` are looked for in the working folder. `BOOMBAP_CONFIG` names another file in place of
  `boombap.toml`; it must exist.
- In `boombap.toml` a section is a table and a key is an entry of it: `statement_timeout = "2s"` under `[db]`.
- Where a key has several environment names, the first that is set counts. An empty value means "not set".
- A key that does not exist is an error, and so is a variable that begins with `BOOMBAP_` and is none of these. The
  message names the nearest key. Exit code 2.
- A `url` drops the parts (`host`, `port`, ...) of farther sources. In one source the `url` wins over the parts. Parts
  from a nearer source replace that part of the `url`.
- A duration has a unit: `50ms`, `5s`, `2m`, `1h30m`. A bare number is an error.
- Values of the kind *secret* are never printed. `boombap config show` prints `***` in their place.

`boombap config show` prints every key with its value and the place that set it.
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
    return "\n".join([_CONFIG_HEAD, *(line for name in SECTIONS for line in _section(name))])


def _section(name: str) -> Iterator[str]:
    yield f"## [{name}]\n"
    # What follows a semicolon is for readers of the code: there durations are plain seconds.
    yield f"{(SECTIONS[name].__doc__ or '').partition(';')[0].rstrip('.')}.\n"
    yield "| key | environment | what may be written | default | meaning |"
    yield "|---|---|---|---|---|"
    yield from (_row(key) for key in KEYS if key.section == name)
    yield ""


def _row(key: Key) -> str:
    names = ", ".join(f"`{name}`" for name in key.env)
    return f"| `{key.dotted}` | {names} | {key.kind.name} | {_default(key)} | {key.doc} |"


def _default(key: Key) -> str:
    value = key.default
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
    tool = getattr(COMMANDS[word][0](), "TOOL", None)
    for action in tool.actions if tool else ():
        yield action.name, action_parser(action, f"boombap {word}").format_help().rstrip()


def _help(words: Sequence[str]) -> str:
    # A process of its own, without a terminal: the help takes the same width on every machine.
    environ: Mapping[str, str] = {**os.environ, "COLUMNS": _COLUMNS, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "boombap", *words, "--help"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return done.stdout.rstrip()


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
        yield f"| {code} | {', '.join(f'`{name or word}`' for name in rows[code, when])} | {when} |"
    yield ""


def exits(word: str) -> Mapping[str, Mapping[int, str]]:
    """Return when each action of a command ends with which code; a command without actions has one without a name."""
    module = COMMANDS[word][0]()
    tool = getattr(module, "TOOL", None)
    if tool is None:
        declared: Mapping[str, Mapping[int, str]] = module.EXITS  # type: ignore[attr-defined]
        return declared
    return {action.name: action.exits for action in tool.actions}


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
    return _DRAWING.sub(lambda found: found[1] + drawing + found[2], page)


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


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/config.md": config_page,
    "docs/reference/cli.md": cli_page,
    "docs/reference/exit-codes.md": exits_page,
    "docs/reference/schemas.md": schemas_page,
    "CONTRIBUTING.md": contributing_page,
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
