"""An update as a new branch: one commit for each step, made in a work tree beside the person's.

The branch gets its name when everything else has succeeded, in one step. Until then, and after any error or Ctrl-C, the
repository has the branches, the files and the checked out commit that it had.
"""

from __future__ import annotations

import os
from pathlib import Path

from boombap.deps.update.commit_message import message
from boombap.deps.update.journal import write
from boombap.deps.update.repository import work_tree
from boombap.errors import ExternalError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boombap.deps.update.model import Edit, Step, SteppedPlan
    from boombap.deps.update.repository import Base, Git


_SHOWN_ID = 12


class Commit(Record):
    """One commit of the branch.

    Attributes:
        id: its full id; empty while it is not made.
        message: subject, empty line, body.
        removes: the leading ids of the findings that go with it.
        files: relative to the top of the repository.
    """

    id: str
    message: str
    removes: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def subject(self) -> str:
        """Return the first line of the message."""
        return self.message.partition("\n")[0]


def commits(planned: SteppedPlan, base: Base) -> tuple[Commit, ...]:
    """Return the commits that a branch would have; none of them is made.

    Raises:
        ExternalError: when a file to change is not in the repository.
    """
    return tuple(
        Commit(
            "",
            message(step, planned, base.top),
            tuple(finding.id for finding in step.fixed),
            tuple(_inside(edit, base.top) for edit in step.edits),
        )
        for step in planned.steps
    )


def make(
    git: Git,
    base: Base,
    branch: str,
    planned: SteppedPlan,
    *,
    folder: Path,
    passes: Callable[[str], bool],
) -> tuple[Commit, ...]:
    """Make a branch with one commit for each step of a plan.

    Args:
        git: of the project's folder.
        base: where the branch begins.
        branch: its name.
        planned: the steps, at least one.
        folder: a folder that is not there, for the work tree.
        passes: tests the project, given the folder that stands for the working folder.

    Returns:
        The commits; none when the test failed; then no branch is made.

    Raises:
        ExternalError: when git, a hook of the repository or the disk refuses.
    """
    with work_tree(git, base.commit, folder) as tree:
        made = tuple(
            _commit(tree, base, step, commit, folder.with_name("message"))
            for step, commit in zip(planned.steps, commits(planned, base), strict=True)
        )
        if not passes(_standing_for(Path.cwd().resolve(), base.top, folder)):
            return ()
        # The zeros: only when no other process has made it in the meantime.
        zeros = "0" * len(made[-1].id)
        reason = "boombap deps update"
        words = ("update-ref", "-m", reason, f"refs/heads/{branch}", made[-1].id, zeros)
        git.patient().do(f"make the branch {branch}", *words)
        return made


def _standing_for(here: Path, top: Path, folder: Path) -> str:
    """Return the folder of the work tree that is to the person's work tree what the working folder is."""
    place = folder / os.path.relpath(here, top)
    if not place.is_dir():
        raise ExternalError("no file of the working folder is committed, so --test cannot run in the new branch")
    return str(place)


def _commit(tree: Git, base: Base, step: Step, commit: Commit, file: Path) -> Commit:
    for edit, name in zip(step.edits, commit.files, strict=True):
        _check_content(tree.folder / name, edit, edit.before, "differs from what is committed")
        write(tree.folder / name, edit.after)
    try:
        file.write_text(commit.message, encoding="utf-8")
        tree.do("add the change", "add", "--", *commit.files)
        tree.do("commit", "commit", "--quiet", "--cleanup=verbatim", f"--file={file}")
    finally:
        file.unlink(missing_ok=True)
    for edit, name in zip(step.edits, commit.files, strict=True):
        _check_content(tree.folder / name, edit, edit.after, "was changed by a hook of the repository")
    _check_complete(tree)
    return commit.replace(id=tree.do("name the commit", "rev-parse", "HEAD"))


def _check_content(path: Path, edit: Edit, expected: bytes, fault: str) -> None:
    if not path.is_file():
        hint = "commit it, or update it in the submodule that it belongs to"
        raise ExternalError(f"{edit.file} is not committed in this repository", hint=hint)
    if path.read_bytes() != expected:
        raise ExternalError(f"{edit.file} {fault}", hint="look at `git diff`, or update without --branch")


def _check_complete(tree: Git) -> None:
    left = tree.do("read the state of the work tree", "status", "--porcelain", "--untracked-files=no")
    if left:
        raise ExternalError("a hook of the repository left changes that are not in the commit")


def _inside(edit: Edit, top: Path) -> str:
    path = Path(edit.path).resolve()
    if not path.is_relative_to(top):
        raise ExternalError(f"{edit.file} is outside of the repository {top}", hint="leave it out, or update it apart")
    return path.relative_to(top).as_posix()


def commit_lines(branch: str, found: Sequence[Commit]) -> Iterator[str]:
    """Yield the commits of a branch for a person; those that are not made have no id."""
    if found:
        yield ""
        yield f"commits of the branch {branch}:" if found[-1].id else f"commits that the branch {branch} would have:"
    for commit in found:
        yield f"  {commit.id[:_SHOWN_ID]} {commit.subject}" if commit.id else f"  {commit.subject}"
