"""Completion: the words that the tables have, in scripts that the shells take."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from boombap.cli.completion import PROGRAMS, SHELLS, script
from boombap.cli.main import COMMANDS

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not at hand")


def completed(*typed: str) -> list[str]:
    """What bash offers for the last of some words."""
    line = " ".join(f"'{word}'" for word in typed)
    ask = f"COMP_WORDS=({line}); COMP_CWORD={len(typed) - 1}; _boombap; echo ${{COMPREPLY[@]}}"
    code = f"{script('bash')}\n{ask}"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True, timeout=20)
    assert done.stderr == ""
    return done.stdout.split()


@needs_bash
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("boombap", "red"), ["redis"]),
        (("boombap", "redis", "pu"), ["purge"]),
        (("boombap", "redis", "purge", "--ba"), ["--backup"]),
        (("boombap", "redis", "purge", "--match", "x", "--y"), ["--yes"]),
        (("boombap", "db", "health", "--fail"), ["--fail-on"]),
        (("redis-manager", "exp"), ["expire"]),
        (("ctx", "search", "pool", "--exp"), ["--explain"]),
        (("/usr/bin/deps", "sy"), ["sync"]),
        (("boombap", "xyzzy", "q"), []),
    ],
)
def test_bash_offers_what_fits(words: tuple[str, ...], offered: list[str]):
    assert completed(*words) == offered


@needs_bash
def test_every_command_is_offered():
    assert set(COMMANDS) <= set(completed("boombap", ""))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_takes_its_script(shell: str):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not at hand")
    done = subprocess.run([shell, "-n"], input=script(shell), capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_console_script_is_completed():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(PROGRAMS) == set(project["scripts"])
    for name, tool in PROGRAMS.items():
        assert f"complete -c {name} -n '__fish_use_subcommand'" in script("fish"), tool
