"""`db watch`: a screen that marks what has changed, a line per round elsewhere, and a server that comes back."""

from __future__ import annotations

import io
import re
import signal
from typing import TYPE_CHECKING

import pytest

from boombap.db.watch import marked, summary, watch
from boombap.errors import Interrupted, Unreachable
from boombap.local.process import poll
from boombap.output.terminal import Terminal

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence

    from boombap.db.model import Diagnosis
    from databases import Database

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Start = Callable[..., subprocess.Popen[str]]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def never(_: float) -> None:
    raise Interrupted


def frames(text: str) -> list[str]:
    return text.split("\x1b[H")[1:]


def test_a_line_per_round_where_nobody_watches(boombap: Run, faulty: Database):
    done = boombap("db", "watch", "--every", "1s", "--count", "2", DATABASE_URL=faulty.url())
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert re.fullmatch(r"\S+ · .*\d warning.* · 1,000 tracks · \d+ of \d+ connections · answered in \d+ ms", line)


def test_the_exit_code_is_that_of_the_last_look(boombap: Run, faulty: Database):
    words = ("db", "watch", "--every", "1s", "--count", "1")
    assert boombap(*words, "--fail-on", "info", DATABASE_URL=faulty.url()).returncode == 1
    gone = boombap(*words, DATABASE_URL="postgresql://dj@127.0.0.1:1/rap")
    assert (gone.returncode, gone.stderr) == (3, "")
    assert gone.stdout.startswith("no answer: PostgreSQL at 127.0.0.1:1/rap refused the connection")


def test_ctrl_c_ends_it(start_boombap: Start, faulty: Database):
    child = start_boombap("db", "watch", DATABASE_URL=faulty.url())
    assert child.stdout is not None
    assert "tracks" in child.stdout.readline()
    child.send_signal(signal.SIGINT)
    assert poll(lambda: child.poll() is not None, 5.0)
    assert child.returncode == 130


def test_a_server_that_comes_back_is_watched_on():
    out = io.StringIO()
    errors: Iterator[Unreachable] = iter([Unreachable("gone"), Unreachable("still gone")])

    def look() -> Diagnosis:
        raise next(errors)

    last = watch(look, Terminal(out), lambda _: None, every_s=1, count=2)
    assert isinstance(last, Unreachable)
    assert out.getvalue() == "no answer: gone\nno answer: still gone\n"


def test_a_screen_marks_what_has_changed():
    screen = Screen()
    answers = iter([Unreachable("1 of 5"), Unreachable("2 of 5")])

    def look() -> Diagnosis:
        raise next(answers)

    with pytest.raises(Interrupted):
        watch(look, Terminal(screen), never, every_s=2, count=0)
    (frame,) = frames(screen.getvalue())
    assert "no answer: 1 of 5" in frame
    assert frame.endswith("\x1b[J\n")


@pytest.mark.parametrize(
    ("line", "before", "shown"),
    [
        ("tracks  1,001", "tracks  1,000", "tracks  [1,001]"),
        ("same words", "same words", "same words"),
        ("a b c", "a b", "a b [c]"),
        ("a", "a b", "a"),
        ("new", "", "[new]"),
    ],
)
def test_words_that_differ_are_marked(line: str, before: str, shown: str):
    assert marked(line, before, lambda word: f"[{word}]") == shown


def test_an_error_is_a_summary_too():
    assert summary(Unreachable("no", hint="wait")) == "no answer: no; wait"


@pytest.mark.parametrize("words", [("--every", "0.5s"), ("--every", "2d"), ("--every", "5"), ("--count", "0")])
def test_what_does_not_fit_is_refused(boombap: Run, words: Sequence[str]):
    assert boombap("db", "watch", *words).returncode == 2
