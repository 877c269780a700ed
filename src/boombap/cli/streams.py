"""stdout and stderr when they are closed, when their reader has gone, or when the disk is full."""

from __future__ import annotations

import os
import sys

from boombap.errors import EXIT_OK
from boombap.output.terminal import printable, unwritable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def prepare() -> None:
    """Make stdout and stderr writable, also when they are closed.

    A closed one is replaced by /dev/null, so that no pipe or socket of ours gets its descriptor; what an encoding other
    than UTF-8 cannot show is written as an escape.
    """
    # Python sets a stream whose descriptor is closed to None.
    if sys.stdout is None:
        sys.stdout = _nothing()
    if sys.stderr is None:
        sys.stderr = _nothing()
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def print_all(prog: str, text: str) -> int:
    """Write the whole output of a run and return its exit code."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return EXIT_OK
    except OSError as error:
        failure = unwritable(error)
        print_error(f"{prog}: {failure}")
        return failure.exit_code
    finally:
        discard_unwritable()
    return EXIT_OK


def print_error(text: str) -> None:
    """Write a line to stderr; when that fails too, only the exit code reports the error."""
    try:
        sys.stderr.write(printable(text) + "\n")
        sys.stderr.flush()
    except OSError:
        _abandon(sys.stderr)


def discard_unwritable() -> None:
    """Discard what the streams cannot take, so that the interpreter's last flush does not end the run with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _abandon(stream)


def _abandon(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _nothing() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as the process
