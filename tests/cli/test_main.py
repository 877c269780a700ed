"""`boombap` as a process: help, version, words that do not exist, and output that nobody can take."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from boombap import __version__
from boombap.cli.main import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

WRITERS = [["--help"], ["--version"], ["config", "--help"], ["config", "show"], ["config", "show", "--format", "json"]]


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"], ["help"]])
def test_help_lists_every_command(boombap: Run, words: list[str]) -> None:
    done = boombap(*words)
    assert (done.returncode, done.stderr) == (0, "")
    for word, (_, line) in COMMANDS.items():
        assert any(shown.split()[:1] == [word] and shown.endswith(line) for shown in done.stdout.splitlines())
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.parametrize("word", ["-V", "--version"])
def test_version(boombap: Run, word: str) -> None:
    assert boombap(word).stdout == f"boombap {__version__}\n"


@pytest.mark.parametrize("word", list(COMMANDS))
def test_every_command_explains_itself(boombap: Run, word: str) -> None:
    done = boombap(word, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: boombap {word} ")


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("confg", "did you mean `boombap config`"),
        ("docter", "did you mean `boombap doctor`"),
        ("xyzzy", "see `boombap --help`"),
    ],
)
def test_unknown_word_names_the_nearest(boombap: Run, word: str, advice: str) -> None:
    done = boombap(word)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"boombap: unknown command {word!r}; {advice}\n"


@pytest.mark.parametrize("words", [["config", "shw"], ["db", "--quik"], ["local", "start", "mysql"]])
def test_wrong_words_of_a_command(boombap: Run, words: list[str]) -> None:
    done = boombap(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"boombap {words[0]}: ")
    assert done.stderr.count("\n") == 1


def test_help_before_the_word_is_the_same(boombap: Run) -> None:
    assert boombap("help", "redis", "purge").stdout == boombap("redis", "purge", "--help").stdout
    assert boombap("help", "config").stdout == boombap("config", "--help").stdout


def test_second_console_script_is_db(isolated: Path) -> None:
    code = "from boombap.cli.scripts import database_diagnostics; database_diagnostics()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 0
    assert done.stdout.startswith("usage: database-diagnostics ACTION")


def shell(script: str, argv: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", script, sys.executable, "-m", "boombap", *argv],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
        timeout=20,
    )


@pytest.fixture
def gone() -> int:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", WRITERS)
def test_reader_that_left_is_no_failure(gone: int, words: list[str], unbuffered: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "boombap", *words],
        stdout=gone,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        check=False,
        timeout=20,
    )
    os.close(gone)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", WRITERS)
def test_full_disk_is_one_line_and_exit_code_3(words: list[str]) -> None:
    done = shell('exec "$0" "$@" >/dev/full', words, PYTHONUNBUFFERED="")
    assert done.returncode == 3
    assert done.stderr.endswith(": cannot write the output: No space left on device\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", WRITERS)
def test_closed_stdout_gets_nothing(words: list[str]) -> None:
    done = shell('exec "$0" "$@" >&-', words)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [["spotify", "--help"], ["db", "--help"], ["spotify", "batch", "--help"]])
def test_a_help_that_cannot_be_written_is_no_bug(words: list[str]):
    done = shell('exec "$0" "$@" >/dev/full', words)
    assert done.returncode == 3
    assert "cannot write the output" in done.stderr


@pytest.mark.parametrize("target", ["&-", "/dev/full"])
@pytest.mark.parametrize(("words", "code"), [(["xyzzy"], 2), (["config", "shw"], 2), (["db", "--dsn", "x"], 2)])
def test_exit_code_stays_when_nobody_hears_why(words: list[str], code: int, target: str) -> None:
    assert shell(f'exec "$0" "$@" 2>{target}', words).returncode == code


def test_name_that_the_encoding_cannot_show_is_an_escape(boombap: Run) -> None:
    done = boombap("config", "show", PYTHONIOENCODING="ascii", DB_HOST="zwölf")
    assert (done.returncode, done.stderr) == (0, "")
    assert "zw\\xf6lf" in done.stdout
    for name in ("text", "json"):
        assert boombap("config", "show", "--format", name, DB_HOST="a\udcff").returncode == 0
