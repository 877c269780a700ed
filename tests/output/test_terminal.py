"""Two streams, colour only where it is seen, and no text from outside that steers the terminal."""

from __future__ import annotations

import io
import os
import pty
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.errors import ExternalError
from boombap.output.terminal import Terminal, printable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def real_terminal() -> Iterator[io.TextIOWrapper]:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        yield stream
    os.close(ours)


def test_data_goes_to_stdout_and_notes_to_stderr() -> None:
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(out, err)
    terminal.write("data")
    terminal.write()
    terminal.note("note")
    assert (out.getvalue(), err.getvalue()) == ("data\n\n", "note\n")


def test_quiet_leaves_out_notes_and_progress_but_no_data() -> None:
    out, err = io.StringIO(), Screen()
    terminal = Terminal(out, err, quiet=True)
    terminal.write("data")
    terminal.note("note")
    terminal.progress("1 of 2")
    assert (out.getvalue(), err.getvalue()) == ("data\n", "")


def test_progress_replaces_its_line_on_a_terminal_only() -> None:
    screen, file = Screen(), io.StringIO()
    for stream in (screen, file):
        terminal = Terminal(io.StringIO(), stream)
        terminal.progress("1 of 2")
        terminal.progress("")
    assert screen.getvalue() == "\r1 of 2\x1b[K\r\x1b[K"
    assert file.getvalue() == ""


def test_colour_is_for_terminals() -> None:
    assert Terminal(Screen(), io.StringIO()).style("bad", "red") == "\x1b[31mbad\x1b[0m"
    assert Terminal(io.StringIO(), Screen()).style("bad", "red") == "bad"
    assert Terminal(Screen(), io.StringIO()).style("bad", "") == "bad"


@pytest.mark.parametrize(
    ("name", "value", "is_seen"), [("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False)]
)
def test_environment_switches_colour_off(monkeypatch: pytest.MonkeyPatch, name: str, value: str, is_seen: bool) -> None:
    monkeypatch.setenv(name, value)
    assert ("\x1b" in Terminal(Screen(), io.StringIO()).style("bad", "red")) == is_seen


def test_width_of_no_terminal_is_100(real_terminal: io.TextIOWrapper) -> None:
    assert Terminal(io.StringIO(), io.StringIO()).width == 100
    assert Terminal(real_terminal, io.StringIO()).width == 100, "a terminal that says 0 columns"


def test_width_of_a_terminal(real_terminal: io.TextIOWrapper) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(real_terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 61, 0, 0))
    assert Terminal(real_terminal, io.StringIO()).width == 61


def test_full_disk_is_an_error_of_the_outside() -> None:
    with Path("/dev/full").open("w", buffering=1, encoding="utf-8") as full:
        with pytest.raises(ExternalError, match="cannot write the output: No space left on device"):
            Terminal(full, io.StringIO()).write("data")
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


@given(st.text())
def test_printable_text_cannot_steer_and_stays_on_its_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown


@given(st.text(st.characters(categories=["L", "N", "P"])))
def test_ordinary_text_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "a\u202eb", "a\rb", "\x9b31m", "\udcff", "a\u2028b"])
def test_what_steers_is_shown_as_an_escape(text: str) -> None:
    assert "\\" in printable(text)
