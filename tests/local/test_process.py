"""A process is recognised by its command line, and waits end in time."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.errors import ExternalError
from boombap.local import process

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).name


@pytest.fixture
def waiting() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits, with the word `mine` on its command line."""
    with subprocess.Popen([sys.executable, "-c", "input()", "mine"], stdin=subprocess.PIPE) as child:
        assert process.poll(lambda: process.is_ours(child.pid, "mine", PROGRAM), 5)
        yield child
        child.kill()


def test_program_and_word_must_both_fit(waiting: subprocess.Popen[bytes]) -> None:
    assert not process.is_ours(waiting.pid, "mine", "postgres")
    assert not process.is_ours(waiting.pid, "yours", PROGRAM)
    assert process.is_ours(waiting.pid, "mine", "postgres", PROGRAM)


def test_dead_child_that_nobody_waited_for_is_not_alive(waiting: subprocess.Popen[bytes]) -> None:
    waiting.send_signal(signal.SIGKILL)
    assert process.poll(lambda: not process.is_ours(waiting.pid, "mine", PROGRAM), 5)


def test_end_asks_before_it_signals(waiting: subprocess.Popen[bytes]) -> None:
    process.end(waiting.pid, lambda: False, [signal.SIGKILL], 0)
    assert waiting.poll() is None


def test_end_goes_on_to_the_next_signal(waiting: subprocess.Popen[bytes]) -> None:
    def alive() -> bool:
        return process.is_ours(waiting.pid, "mine", PROGRAM)

    process.end(waiting.pid, alive, [signal.SIGCONT, signal.SIGKILL], 0.05)
    assert not alive()


def test_poll_asks_at_least_once_and_gives_the_last_answer() -> None:
    assert process.poll(lambda: 0, 0) == 0
    answers = iter([0, 0, 7])
    assert process.poll(lambda: next(answers), 5, lambda _: None) == 7


def test_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ExternalError, match="cannot start /nonexistent/program"):
        process.spawn(["/nonexistent/program"], tmp_path / "log")


def test_tail_gives_the_last_lines_that_say_something(tmp_path: Path) -> None:
    assert process.tail(tmp_path / "log") == "no log was written"
    (tmp_path / "log").write_text("one\n\ntwo\nthree\n")
    assert process.tail(tmp_path / "log", lines=2) == "two | three"
