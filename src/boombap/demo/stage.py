"""What every part of the tour uses: comments to the person, and commands that run as a person types them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from time import perf_counter

from boombap.errors import EXIT_OK, BoombapError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.interrupt import Interrupt
    from boombap.output.terminal import Terminal


class Stage(Record):
    """What the tour writes to, and how its commands run.

    Attributes:
        terminal: where the comments go.
        interrupt: ends a command that runs, and every wait.
        settings: environment of the commands, for example ``DATABASE_URL``; it holds no secret, because it is shown.
    """

    terminal: Terminal
    interrupt: Interrupt
    settings: tuple[tuple[str, str], ...] = ()

    def say(self, text: str) -> None:
        """Print a comment, set apart from what the tools print."""
        self.terminal.write(self.terminal.style(f"» {text}", "cyan"))

    def run(self, *argv: str, answers: Sequence[int] = (EXIT_OK,)) -> float:
        """Run `boombap` with these arguments as a process; its output follows the comment.

        Args:
            argv: the words after `boombap`.
            answers: the expected exit codes.

        Returns:
            The seconds that the whole process took.

        Raises:
            BoombapError: when the command ends with another code.
        """
        self._show(argv)
        return self._timed(argv, answers, self._popen(argv, None))

    def time(self, *argv: str, answers: Sequence[int] = (EXIT_OK,)) -> float:
        """Run `boombap` as `run` does and return its seconds; neither the command nor its output is shown."""
        return self._timed(argv, answers, self._popen(argv, subprocess.DEVNULL))

    def _timed(self, argv: Sequence[str], answers: Sequence[int], process: subprocess.Popen[bytes]) -> float:
        started_s = perf_counter()
        with process as child:
            with self.interrupt.cancel_with(child.terminate):
                code = child.wait()
            self.interrupt.check()
        if code not in answers:
            raise BoombapError(f"`boombap {' '.join(argv)}` ended with {code}")
        return perf_counter() - started_s

    @contextmanager
    def started(self, *argv: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run `boombap` with these arguments as a server until the block ends; its output and errors are a pipe."""
        self._show(argv)
        with self._popen(argv, subprocess.PIPE) as child, self.interrupt.cancel_with(child.terminate):
            try:
                yield child
            finally:
                child.terminate()

    def _show(self, argv: Sequence[str]) -> None:
        self.say(f"$ boombap {' '.join(map(_quoted, argv))}")
        sys.stdout.flush()

    def _popen(self, argv: Sequence[str], stdout: int | None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "boombap", *argv]
        stderr = None if stdout is None else subprocess.STDOUT
        return subprocess.Popen(command, env={**os.environ, **dict(self.settings)}, stdout=stdout, stderr=stderr)


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word
