"""The action `update`: plan, show, and when asked write, test and take back."""

from __future__ import annotations

from difflib import unified_diff
from functools import partial
from pathlib import Path
from shlex import quote

from boombap.deps.manifest.read import read
from boombap.deps.update import journal
from boombap.deps.update.branch import commit_lines, commits, make
from boombap.deps.update.plan import plan
from boombap.deps.update.repository import Git, base_for
from boombap.deps.update.requirements import text_of
from boombap.deps.update.solver import find_uv, run
from boombap.deps.update.steps import plan_steps
from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK
from boombap.output.terminal import printable
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.update.branch import Commit
    from boombap.deps.update.model import Edit, Judge, Plan, SteppedPlan
    from boombap.deps.update.repository import Base
    from boombap.interrupt import Interrupt
    from boombap.output.terminal import Terminal

SCHEMA = "boombap.deps.update/1"
_SHOWN_OUTPUT_LINES = 20
# git takes a large work tree away in seconds.
_GRACE_S = 30.0


class UpdateOptions(Record):
    """What an `update` is asked for.

    Attributes:
        paths: files and folders; empty for the working folder.
        exclude: pattern and reason of each rule that leaves files out; they are neither audited nor changed.
        is_applied: whether the plan is written, or committed where there is a `branch`.
        branch: the name of a new git branch that gets the changes in place of the working folder; empty for none.
        test: a shell command that must succeed after writing; empty for none.
        form: ``table`` or ``json``.
    """

    paths: tuple[str, ...] = ()
    exclude: tuple[tuple[str, str], ...] = ()
    is_applied: bool = False
    branch: str = ""
    test: str = ""
    form: str = "table"


def update(options: UpdateOptions, judge: Judge, state: Path, terminal: Terminal, interrupt: Interrupt) -> int:
    """Plan the smallest safe change and show it; with `is_applied` write it, and take it back when the test fails.

    With a `branch` it is written as commits of a new branch, and the working folder stays as it is.

    Args:
        options: what is asked for.
        judge: audits a reading.
        state: a folder of ours; the journal lies there while files are written.
        terminal: gets the plan and the diff.
        interrupt: ends the solver, the test and the writing; what was written is taken back.

    Returns:
        0 when no finding is left, or would be after the plan; 1 when some are, or the test failed; 4 when nothing
        could be audited.

    Raises:
        ExternalError: when uv, the index or the disk fails.
        RetryLater: while another update is being written.
    """
    folder = state / "deps-update"
    with journal.alone(folder):
        for sentence in journal.recover(folder):
            terminal.note(printable(sentence))
        git = Git(Path.cwd(), interrupt.sleep)
        base = base_for(git, options.branch) if options.branch else None
        reading = read(options.paths or (".",), excluded=dict(options.exclude), check=interrupt.check)
        found = judge(reading)
        if not found.coverage.audited:
            terminal.note("nothing could be audited, so nothing can be planned")
            return EXIT_NO_VERDICT
        if base:
            stepped = plan_steps(reading, judge, find_uv(), interrupt.sleep)
            return _on_branch(stepped, options, git, base, folder=folder, terminal=terminal, interrupt=interrupt)
        planned = plan(reading, judge, find_uv(), interrupt.sleep)
        _show(planned, options, terminal)
        code = EXIT_FINDINGS if planned.findings_after else EXIT_OK
        if not options.is_applied or not planned.edits:
            return code
        return code if _apply(planned, options, folder, terminal, interrupt) else EXIT_FINDINGS


def _apply(planned: Plan, options: UpdateOptions, folder: Path, terminal: Terminal, interrupt: Interrupt) -> bool:
    """Write the plan; tell whether it stands."""
    record = journal.Journal(folder, planned.edits)
    record.begin()
    try:
        record.write()
        is_good = _passes(options.test, ".", terminal, interrupt)
    except BaseException:
        for sentence in record.undo():
            terminal.note(printable(sentence))
        raise
    if not is_good:
        for sentence in record.undo():
            terminal.note(printable(sentence))
        terminal.note("the test failed, so every file is as it was")
        return False
    record.finish()
    terminal.note(f"{len(planned.edits)} files written")
    return True


def _on_branch(
    planned: SteppedPlan,
    options: UpdateOptions,
    git: Git,
    base: Base,
    *,
    folder: Path,
    terminal: Terminal,
    interrupt: Interrupt,
) -> int:
    """Show the plan with its commits, after they are made where that was asked for."""
    found, is_good = commits(planned, base), True
    if found and options.is_applied:
        interrupt.grace_s = max(interrupt.grace_s, _GRACE_S)
        test = partial(_passes, options.test, terminal=terminal, interrupt=interrupt)
        made = make(git, base, options.branch, planned, folder=folder / "tree", passes=test)
        found, is_good = made or found, bool(made)
    _show(planned.whole, options, terminal, found)
    if not found:
        terminal.note("nothing to commit, so no branch is made")
    elif not is_good:
        terminal.note("the test failed, so no branch is made")
    elif options.is_applied:
        terminal.note(
            f"branch {options.branch} is made; push it with `git push --set-upstream origin {quote(options.branch)}`"
        )
    return EXIT_OK if is_good and not planned.whole.findings_after else EXIT_FINDINGS


def _passes(test: str, folder: str, terminal: Terminal, interrupt: Interrupt) -> bool:
    if not test:
        return True
    terminal.note(f"running {printable(test)}")
    code, out, error = run(["/bin/sh", "-c", test], folder, interrupt.sleep, limit_s=None)
    if code:
        for line in (out + error).splitlines()[-_SHOWN_OUTPUT_LINES:]:
            terminal.note(f"  {printable(line)}")
        terminal.note(f"it ended with exit code {code}")
    return code == 0


def _show(planned: Plan, options: UpdateOptions, terminal: Terminal, made: tuple[Commit, ...] = ()) -> None:
    if options.form == "json":
        from boombap.output.encode import to_json

        terminal.write(to_json(_plain(planned, options, made)))
        return
    for line in lines(planned):
        terminal.write(line)
    for line in commit_lines(options.branch, made):
        terminal.write(line)


def lines(planned: Plan) -> Iterator[str]:
    """Yield the plan for a person: the changes, the diff, and what stays."""
    if not planned.findings_before:
        yield "no findings, so nothing to update"
        return
    for one in planned.changes:
        why = f"removes {', '.join(one.removes)}" if one.removes else "makes way"
        yield printable(f"{one.file}: {one.name} {one.before} → {one.after}, {why}")
    for edit in planned.edits:
        yield ""
        yield from diff(edit)
    if planned.held:
        yield ""
        yield "not changed:"
    for held in planned.held:
        yield printable(f"  {held.file}: {held.name} {held.version} ({', '.join(held.ids)}): {held.reason}")
    yield ""
    yield f"{planned.findings_before} findings before, {planned.findings_after} after"


def diff(edit: Edit) -> Iterator[str]:
    """Yield the change of one file as a unified diff, with control characters made visible."""
    for line in _raw_diff(edit, context=1):
        yield printable(line)


def _plain(planned: Plan, options: UpdateOptions, made: tuple[Commit, ...]) -> dict[str, object]:
    from boombap.output.encode import plain

    return {
        "schema": SCHEMA,
        "is_applied": options.is_applied,
        "branch": options.branch,
        "findings_before": planned.findings_before,
        "findings_after": planned.findings_after,
        "changes": [plain(one) for one in planned.changes],
        "held": [plain(one) for one in planned.held],
        "diffs": [{"file": one.file, "diff": list(_raw_diff(one))} for one in planned.edits],
        "commits": [plain(commit) for commit in made],
    }


def _raw_diff(edit: Edit, *, context: int = 3) -> Iterator[str]:
    before, after = (text_of(raw).removesuffix("\n").split("\n") for raw in (edit.before, edit.after))
    return unified_diff(before, after, edit.file, edit.file, n=context, lineterm="")
