"""Asks git, and nobody else: no pager, no hooks, no lock, no editor, and no answer in place of a failure."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# fsmonitor names a program in the repository's own configuration: a foreign repository must not start one.
_SAFE: Final = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "log.showSignature=false")
_ANSWER_S = 60


def ask(root: str, *words: str) -> bytes | None:
    """Return what git prints about a repository, None when it fails, is missing, or takes over a minute."""
    import subprocess  # 8 ms, not needed while the index is fresh

    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", root, "--no-pager", *_SAFE, *words]
    try:
        done = subprocess.run(
            command,
            env={**environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_ANSWER_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def head(root: str) -> str:
    """Return the commit that is checked out by reading git's files, which costs no process; empty when unknown."""
    folder = git_folder(root)
    if not folder:
        return ""
    line = _first_line(os.path.join(folder, "HEAD"))
    if not line.startswith("ref: "):
        return line
    name = line.removeprefix("ref: ")
    common = _first_line(os.path.join(folder, "commondir"))
    shared = os.path.join(folder, common) if common else folder
    return _first_line(os.path.join(shared, name)) or _packed(shared, name)


def git_folder(root: str) -> str:
    """Return the folder where git keeps this work tree's state; empty outside a repository."""
    place = os.path.join(root, ".git")
    if os.path.isdir(place):
        return place
    line = _first_line(place)
    return os.path.join(root, line.removeprefix("gitdir: ")) if line.startswith("gitdir: ") else ""


def _packed(shared: str, name: str) -> str:
    try:
        with open(os.path.join(shared, "packed-refs"), encoding="utf-8", errors="replace") as file:
            lines = (line.split() for line in file)
            return next((words[0] for words in lines if words[1:] == [name]), "")
    except OSError:
        return ""


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""
