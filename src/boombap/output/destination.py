"""Where an answer goes: the terminal, or a file that is whole or not there."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress

from boombap.errors import ExternalError
from boombap.output.terminal import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO, TextIO


_PRIVATE = 0o600


@contextmanager
def destination(file: Path | None, terminal: Terminal) -> Iterator[Terminal]:
    """Yield the terminal to write answers to: that of the run, or one whose stdout is a file (0600).

    A file has its name when it is whole. A device or a pipe is written as it is.

    Raises:
        ExternalError: when the file cannot be written.
    """
    if file is None:
        yield terminal
        return
    try:
        with _opened(file) as out:
            yield Terminal(out, quiet=terminal.quiet)
    except OSError as error:
        raise ExternalError(f"cannot write {file}: {error.strerror}", hint="check --output") from None


@contextmanager
def binary_destination(file: Path, mode: int = _PRIVATE) -> Iterator[BinaryIO]:
    """Yield a file to write bytes into, which has its name when it is whole.

    Args:
        mode: its rights; of the owner only unless given.

    Raises:
        ExternalError: when the file cannot be written.
    """
    try:
        with _opened(file, mode) as out:
            yield out.buffer
    except OSError as error:
        raise ExternalError(f"cannot write {file}: {error.strerror}", hint="check --output") from None


@contextmanager
def _opened(file: Path, mode: int = _PRIVATE) -> Iterator[TextIO]:
    if file.exists() and not file.is_file():
        with file.open("w", encoding="utf-8") as out:
            yield out
        return
    place = file.resolve()
    draft = place.with_name(f".boombap-{os.getpid()}.new")
    try:
        # What an ended run left would keep its mode.
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w", encoding="utf-8") as out:
            if mode != _PRIVATE:
                os.fchmod(out.fileno(), mode)
            yield out
        draft.replace(place)
    finally:
        # It is not there when it has its name, or when the folder is not one.
        with suppress(OSError):
            draft.unlink()
