"""The project's git repository: what has to be true before a branch is made in it, and a work tree beside the person's.

git is run with a list of arguments, never through a shell. Of the environment's `GIT_*` it gets those that say who
commits and where configuration comes from: inside a hook, `GIT_DIR` and `GIT_INDEX_FILE` point elsewhere. Hooks and
signing are as the repository has them.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

from boombap.deps.manifest.collector import masked
from boombap.deps.update.solver import run
from boombap.errors import ExternalError, NotFound, UsageError
from boombap.output.terminal import printable
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LIMIT_S = 600.0
_KEPT = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_")
_REASON_LINES = 6
_SHOWN_FILES = 3


class Git:
    """Runs git in one folder.

    Attributes:
        folder: where it runs.
    """

    def __init__(self, folder: Path, pause: Callable[[float], None]) -> None:
        self.folder = folder
        self._pause = pause

    def call(self, *words: str) -> tuple[int, str, str]:
        """Return git's exit code and what it wrote to both streams.

        Raises:
            NotFound: when git is not installed.
            TimedOut: when it takes longer than ten minutes.
        """
        # Without a configured name git invents one from the machine's; commits have a person.
        command = [
            "git",
            "--no-pager",
            "--literal-pathspecs",
            "-c",
            "user.useConfigOnly=true",
            "-c",
            "submodule.recurse=false",
            *words,
        ]
        try:
            return run(command, str(self.folder), self._pause, limit_s=_LIMIT_S, environ=_environ())
        except NotFound:
            raise NotFound("--branch needs git, which is not installed") from None

    def ask(self, *words: str) -> str:
        """Return what git prints, without the last line end; empty when it fails."""
        code, out, _ = self.call(*words)
        return "" if code else out.removesuffix("\n")

    def do(self, what: str, *words: str) -> str:
        """Return what git prints.

        Args:
            what: the end of "git could not …", for the message.
            words: the command.

        Raises:
            ExternalError: when it fails, with the end of what it wrote.
        """
        code, out, error = self.call(*words)
        if code:
            raise ExternalError(f"git could not {what}: {_reason(error or out)}")
        return out.removesuffix("\n")

    def within(self, folder: Path) -> Git:
        """Return one that runs in another folder."""
        return Git(folder, self._pause)

    def patient(self) -> Git:
        """Return one that no signal interrupts, for steps that must not end halfway."""
        return Git(self.folder, time.sleep)


class Base(Record):
    """Where a branch begins.

    Attributes:
        top: the folder of the work tree, without links.
        name: of the branch that is checked out.
        commit: its id.
    """

    top: Path
    name: str
    commit: str


def base_for(git: Git, branch: str) -> Base:
    """Return where a new branch would begin.

    Raises:
        UsageError: for a name that git refuses or that is taken.
        ExternalError: where the repository is in no state to get a branch: none, no commit, detached, shallow, changed.
    """
    code, top, error = git.call("rev-parse", "--show-toplevel")
    if code:
        raise ExternalError(f"--branch needs a git work tree: {_reason(error)}", hint="run it inside the project")
    _check_name(git, branch)
    commit = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not commit:
        raise ExternalError("the repository has no commit yet", hint="commit the project first")
    name = git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
    if not name:
        raise ExternalError("HEAD is detached", hint="check out the branch to begin at with `git switch`")
    if git.ask("rev-parse", "--is-shallow-repository") != "false":
        raise ExternalError("the clone is shallow, so a branch may not be pushed", hint="run `git fetch --unshallow`")
    _check_clean(git)
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if not git.ask("var", who):
            raise ExternalError(
                "git does not know who commits", hint="set `git config user.name` and `git config user.email`"
            )
    return Base(Path(top.removesuffix("\n")).resolve(), name, commit)


def _check_name(git: Git, branch: str) -> None:
    # git push takes these names for something else than the branch.
    is_taken = branch in ("HEAD", "@") or branch.startswith(("-", "refs/"))
    if is_taken or not branch.isprintable() or git.call("check-ref-format", f"refs/heads/{branch}")[0]:
        raise UsageError(f"--branch {printable(branch)!r} is not a valid name of a branch")
    for other in git.do("list branches", "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").splitlines():
        if other == branch:
            raise UsageError(f"the branch {branch} exists already", hint="choose another name, or delete it")
        if other.startswith(f"{branch}/") or branch.startswith(f"{other}/"):
            raise UsageError(f"the branch {other} exists, so git cannot make {branch}", hint="choose another name")


def _check_clean(git: Git) -> None:
    status = git.do("read the state of the work tree", "status", "--porcelain", "-z", "--untracked-files=no")
    changed = [entry[3:] for entry in status.split("\0") if entry[2:3] == " "]
    if changed:
        shown = printable(", ".join(changed[:_SHOWN_FILES]) + (", …" if changed[_SHOWN_FILES:] else ""))
        raise ExternalError(f"files have changes that are not committed: {shown}", hint="commit or stash them first")


@contextmanager
def work_tree(git: Git, commit: str, folder: Path) -> Iterator[Git]:
    """Yield git in a work tree of its own, in which a commit is checked out without a branch; it goes with the block.

    Args:
        git: of the repository.
        commit: what to check out.
        folder: where the work tree is made; what an ended run has left there goes first.

    Raises:
        ExternalError: when it cannot be made.
    """
    patient = git.patient()
    _remove(patient, folder)
    try:
        # Made at once and filled later: filling may take long, and only that may be interrupted.
        patient.do("make a work tree", "worktree", "add", "--quiet", "--no-checkout", "--detach", str(folder), commit)
        tree = git.within(folder)
        tree.do("check the project out", "reset", "--quiet", "--hard", commit)
        yield tree
    finally:
        _remove(patient, folder)


def _remove(git: Git, folder: Path) -> None:
    git.call("worktree", "remove", "--force", "--force", str(folder))
    shutil.rmtree(folder, ignore_errors=True)


def _environ() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GIT_") or name.startswith(_KEPT)}
    return {**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "false"}


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return masked(printable(" / ".join(lines[-_REASON_LINES:]))) or "it gave no reason"
