"""Finds out what the index says of files: of many in several processes, which read and parse at the same time.

Nine tenths of a first index are this work, and Python threads would share one core. A process takes 0.1 s to start, so
few files are read here. The results come in the order of the files whatever is ready first, so that an index does not
depend on how many processes made it.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import ExitStack, suppress

from boombap.ctx.indexing import file_facts
from boombap.ctx.indexing.file_facts import ChunkFacts, FileFacts
from boombap.ctx.model import Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from subprocess import Popen
    from typing import Self

    Found = FileFacts | Skipped | None

FEWEST_FILES = 200
"""How many files are read in this process at most."""

_MOST_PROCESSES = 4
_PIPE_BYTES = 1 << 20
_PROGRAM = "from boombap.ctx.indexing.file_reader import main; main()"
SIZE_BYTES = 4
"""How many bytes before a result say how long it is, the lowest first."""


def facts(root: str, wanted: Sequence[tuple[str, int | None]]) -> Generator[Found, None, None]:
    """Yield what the index says of each file, as `file_facts.read` finds it.

    Args:
        root: the top of the tree.
        wanted: the path of each file, with the checksum of the bytes that the index has seen, if any.
    """
    count = min(_MOST_PROCESSES, _processors())
    if len(wanted) <= FEWEST_FILES or count == 1:
        for path, known_crc in wanted:
            yield file_facts.read(root, path, known_crc)
        return
    with ExitStack() as stack:
        readers = [stack.enter_context(_Reader()) for _ in range(count)]
        for at, reader in enumerate(readers):
            reader.ask(root, wanted[at::count])
        for at, (path, known_crc) in enumerate(wanted):
            raw = readers[at % count].answer()
            yield file_facts.read(root, path, known_crc) if raw is None else _found(path, raw)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _found(path: str, raw: bytes) -> Found:
    value = marshal.loads(raw)  # noqa: S302 - of a process of our own
    if isinstance(value, str):
        return Skipped(path, value)
    if value is None:
        return None
    found = FileFacts(*value)
    return found._replace(chunks=tuple(ChunkFacts(*chunk) for chunk in found.chunks))


class _Reader:
    """A process that reads files (`file_reader`); one that ends early gives no more answers."""

    def __init__(self) -> None:
        from subprocess import DEVNULL, PIPE, Popen

        command = [sys.executable, "-P", "-c", _PROGRAM]
        self._process: Popen[bytes] | None = None
        with suppress(OSError):
            self._process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, pipesize=_PIPE_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            with suppress(BrokenPipeError):
                self._process.__exit__(None, None, None)

    def ask(self, root: str, wanted: Sequence[tuple[str, int | None]]) -> None:
        """Send which files to read."""
        if self._process and self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.write(marshal.dumps((root, list(wanted))))
                self._process.stdin.close()

    def answer(self) -> bytes | None:
        """Return the next result, None when the process has ended."""
        if not (self._process and self._process.stdout):
            return None
        size = int.from_bytes(self._process.stdout.read(SIZE_BYTES), "little")
        raw = self._process.stdout.read(size)
        return raw if size and len(raw) == size else None
