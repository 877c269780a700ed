"""The help of every command: its layout, its width, and no abbreviated options."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from boombap.errors import UsageError
from boombap.output import usage

CODE = """
from boombap.output import usage
parser = usage.parser('boombap x', 'What it does. ' + 'word ' * 60, 'examples:\\n  boombap x --one\\n\\n  two')
parser.add_argument('--one', help='word ' * 60)
print(parser.format_help())
"""


def test_epilog_keeps_its_lines() -> None:
    text = usage.parser("boombap x", "What it does.", "examples:\n  boombap x\n    deeper").format_help()
    assert text.endswith("\nexamples:\n  boombap x\n    deeper\n")
    assert text.startswith("usage: boombap x [-h]\n\nWhat it does.\n")


def test_options_are_not_abbreviated() -> None:
    parser = usage.parser("boombap x", "", "")
    parser.add_argument("--format")
    with pytest.raises(UsageError, match="unrecognized arguments: --form json"):
        parser.parse_args(["--form", "json"])


def lengths(stdout: int) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", CODE.replace("print(", "import sys; print(").replace("())", "(), file=sys.stderr)")],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
        timeout=20,
    )
    return [len(line) for line in done.stderr.splitlines() if "word" in line and not line.startswith("What")]


def test_help_fits_100_columns_where_there_is_no_terminal() -> None:
    assert 80 < max(lengths(subprocess.DEVNULL)) <= 100


@pytest.mark.parametrize(("columns", "most"), [(60, 60), (500, 100), (0, 100)])
def test_help_fits_the_terminal(columns: int, most: int) -> None:
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        assert most - 20 < max(lengths(theirs)) <= most
    finally:
        os.close(ours)
        os.close(theirs)


def test_an_option_names_its_argument_once(capsys):
    made = usage.parser("x", "", "")
    made.add_argument("-e", "--regex", metavar="PATTERN", help="a pattern")
    made.add_argument("-q", "--quiet", action="store_true", help="no notes")
    made.print_help()
    shown = capsys.readouterr().out
    assert "  -e, --regex PATTERN" in shown
    assert "  -q, --quiet " in shown
