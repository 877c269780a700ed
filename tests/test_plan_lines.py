"""The table of the plan's lines is true: commands parse, tests are there, and "not yet" is said of nothing that is."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

import command_lines
from boombap.cli.completion import PROGRAMS
from boombap.cli.main import COMMANDS
from boombap.errors import UsageError

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "plan-lines.md").read_text(encoding="utf-8")
STEPS = [
    *("1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2", "2.3", "2.4", "2.5", "3.1", "3.2", "3.3", "4.1", "4.2", "4.3"),
    *("5.1", "5.2", "targets", "demonstration", "risks"),
]
NOT_YET = "not yet"


class Line(NamedTuple):
    step: str
    promised: str
    ours: str
    proof: str

    @property
    def is_open(self) -> bool:
        return self.ours == NOT_YET


def lines() -> list[Line]:
    rows = (re.split(r" \|(?: |$)", row.removeprefix("| "))[:4] for row in PAGE.splitlines() if row.startswith("| "))
    return [Line(*map(str.strip, row)) for row in rows if len(row) == 4 and row[0] != "step"]


def spans(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def is_command(span: str) -> bool:
    return span.partition(" ")[0] in PROGRAMS


def parses(span: str) -> bool:
    """Parse a command line as the program would; raises nothing."""
    program, *argv = shlex.split(span)
    if program not in PROGRAMS:
        return False
    if not PROGRAMS[program]:
        if argv[:1] == ["help"]:
            argv = argv[1:]
            return argv[0] in COMMANDS
        if argv in (["--help"], ["--version"], []):
            return True
    word, *rest = [PROGRAMS[program], *argv] if PROGRAMS[program] else argv
    try:
        command_lines.check(word, rest)
    except (UsageError, SystemExit, KeyError):
        return False
    return True


def has_target(span: str) -> bool:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return span.startswith("make ") and re.search(rf"^{re.escape(span[5:])}:", makefile, re.MULTILINE) is not None


def is_there(span: str) -> bool:
    """Tell whether what the plan names is something of ours: a program, a command, a target, a file."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    return span in scripts or parses(span) or has_target(span) or (ROOT / span.rsplit(maxsplit=1)[-1]).exists()


LINES = lines()


def named(line: Line) -> str:
    return f"{line.step} {line.promised}"


def test_every_step_has_its_rows_in_order():
    assert len(LINES) > 90
    assert list(dict.fromkeys(line.step for line in LINES)) == STEPS


@pytest.mark.parametrize("line", [line for line in LINES if not line.is_open], ids=named)
def test_what_answers_a_line_is_there(line: Line):
    assert NOT_YET not in line.ours
    commands = [span for part in (line.ours, line.proof) for span in spans(part) if is_command(span)]
    assert [span for span in commands if not parses(span)] == []
    targets = [span for span in spans(line.ours) if span.startswith("make ")]
    assert [span for span in targets if not has_target(span)] == []
    files = [span for span in spans(line.proof) if span.startswith(("tests/", "benchmarks/", "src/"))]
    assert files
    assert [span for span in files if not (ROOT / span).is_file()] == []


@pytest.mark.parametrize("line", [line for line in LINES if line.is_open], ids=named)
def test_what_is_not_there_is_not_there(line: Line):
    assert [span for span in spans(line.promised) if is_there(span)] == []


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("deps audit --severity=high", True),
        ("deps audit --severity=huge", False),
        ("boombap rollouts", False),
        ("boombap --version", True),
        ("database-diagnostics --quick", True),
        ("prometheus-collector serve", True),
        ("k6", False),
    ],
)
def test_a_command_that_does_not_parse_is_found(span: str, expected: bool):
    assert parses(span) is expected


def test_a_target_and_a_file_that_are_there_are_found():
    assert [is_there(span) for span in ("make setup", "make build-x", "python docs/generate.py", "deps")] == [
        True, False, True, True,
    ]  # fmt: skip
