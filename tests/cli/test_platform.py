"""What only Unix has is imported when it is used: every help works where those modules are missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from boombap.cli.main import COMMANDS

UNIX_ONLY = ("fcntl", "grp", "pwd", "resource", "termios")
# The standard library asks for some of these and does without.
BLOCKED = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name in {UNIX_ONLY}:
            raise ImportError(name + " is blocked", name=name)
sys.meta_path.insert(0, Blocked())
for name in {UNIX_ONLY}:
    sys.modules.pop(name, None)
"""


def python(code: str, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED + code, *argv], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_hook_blocks() -> None:
    assert "fcntl is blocked" in python("import fcntl").stderr


@pytest.mark.parametrize("words", [[], *([word] for word in COMMANDS)], ids=" ".join)
def test_every_help_works(words: list[str]) -> None:
    done = python("from boombap.cli.main import main; sys.exit(main(sys.argv[1:]))", *words, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: boombap" in done.stdout


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_is_imported(word: str) -> None:
    done = python(f"from boombap.cli.main import COMMANDS; COMMANDS[{word!r}][0]()")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_modules_of_the_tools_do_without() -> None:
    """All of them, because a command of a tool imports more than its help does; `local` runs on Unix only."""
    code = """
from importlib import import_module
from pkgutil import walk_packages
import boombap
for module in walk_packages(boombap.__path__, "boombap."):
    if not module.name.endswith("__main__"):
        import_module(module.name)
print("done")
"""
    done = python(code)
    assert (done.stdout, done.stderr) == ("done\n", "")
