"""The two streams of a command: data on stdout, notes for the person on stderr, colour only on a terminal."""

from __future__ import annotations

import os
import sys

from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TextIO

    Style = Literal["bold", "dim", "red", "yellow", "green", "cyan", ""]

_CODES = {"bold": "1", "dim": "2", "red": "31", "yellow": "33", "green": "32", "cyan": "36"}
_FALLBACK_WIDTH = 100
_FALLBACK_HEIGHT = 24


class Terminal:
    """Where a command writes.

    Attributes:
        quiet: whether notes are left out; data and errors never are.
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None, *, quiet: bool = False) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self.quiet = quiet
        self._has_progress = False

    @property
    def is_live(self) -> bool:
        """Tell whether stderr is a terminal, where a line of progress can be replaced."""
        return self._err.isatty()

    @property
    def is_screen(self) -> bool:
        """Tell whether stdout is a terminal, whose lines can be written again."""
        return self._out.isatty()

    @property
    def height(self) -> int:
        """Return the lines of the terminal behind stdout, 24 where there is none."""
        try:
            return os.get_terminal_size(self._out.fileno()).lines or _FALLBACK_HEIGHT
        except (OSError, ValueError):
            return _FALLBACK_HEIGHT

    @property
    def width(self) -> int:
        """Return the columns of the terminal behind stdout, 100 where there is none."""
        return _columns(self._out)

    def style(self, text: str, style: Style) -> str:
        """Return the text in a style when stdout is a terminal that shows colour, otherwise unchanged."""
        if not style or not _shows_colour(self._out):
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"

    def write(self, text: str = "") -> None:
        """Write one piece of data and a line end to stdout.

        Raises:
            BrokenPipeError: when the reader has gone.
            ExternalError: when it cannot be written, because the disk is full for example.
        """
        try:
            self._out.write(text + "\n")
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable(error) from None

    def announce(self, text: str) -> None:
        """Write a line that another program waits for, such as the address of a server, and flush it.

        Raises:
            BrokenPipeError: when the reader has gone.
            ExternalError: when it cannot be written.
        """
        self.write(text)
        flush(self._out)

    def note(self, text: str) -> None:
        """Write a line for the person to stderr, unless the command is quiet."""
        if not self.quiet:
            self.progress("")
            self._err.write(text + "\n")

    def progress(self, text: str) -> None:
        """Replace the line of progress, when stderr is a terminal and the command not quiet; empty ends it."""
        if self.quiet or not (text or self._has_progress) or not self.is_live:
            return
        self._has_progress = bool(text)
        # A line that wraps could not be replaced.
        self._err.write(f"\r{text[: _columns(self._err) - 1]}\x1b[K")
        self._err.flush()


def flush(stream: TextIO) -> None:
    """Write out what a stream still holds.

    Raises:
        BrokenPipeError: when the reader has gone.
        ExternalError: when it cannot be written, because the disk is full for example.
    """
    try:
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(error) from None


def unwritable(error: OSError) -> ExternalError:
    """Return the error for an output that could not be written."""
    return ExternalError(f"cannot write the output: {error.strerror}")


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _FALLBACK_WIDTH
    except (OSError, ValueError):
        return _FALLBACK_WIDTH


def _shows_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def printable(text: str) -> str:
    r"""Return a text from outside with control characters made visible, so that it cannot control the terminal.

    >>> printable("a\x1b[31mb\nc")
    'a\\x1b[31mb\\nc'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
