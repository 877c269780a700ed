"""Updates as branches of a real repository: what is committed, what refuses, and that a failure leaves no trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from boombap.errors import BoombapError, ExternalError, Interrupted, UsageError
from boombap.interrupt import Interrupt
from deps.osv import HIGH, database, record, scored
from deps.projects import BELOW, PLACES, Project, requirements
from deps.trees import write

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *IDENTITY, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def committed(project: Project, text: str, name: str = "requirements.txt") -> None:
    """A repository with one commit, on main, and a person who commits."""
    git(project.folder, "init", "--quiet", "--initial-branch=main")
    git(project.folder, "config", "user.name", "Ada")
    git(project.folder, "config", "user.email", "ada@example.org")
    write(project.folder, {name: PLACES + text, ".gitignore": "wheels/\n"})
    git(project.folder, "add", "--all")
    git(project.folder, "commit", "--quiet", "--message=Begin")


def shape(folder: Path) -> tuple[str, ...]:
    """Everything of a repository that a failure must leave as it was."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return (
        git(folder, "for-each-ref"),
        git(folder, "symbolic-ref", "HEAD") if (folder / ".git/HEAD").read_text().startswith("ref") else "detached",
        git(folder, "worktree", "list"),
        git(folder, "status", "--porcelain"),
        *(f"{path}:{path.read_bytes()!r}" for path in files if "wheels" not in path.parts),
    )


def subjects(project: Project, branch: str = "fixes") -> list[str]:
    return git(project.folder, "log", "--reverse", "--format=%s", f"main..{branch}").splitlines()


def on_branch(project: Project, text: str, **more: object) -> int:
    committed(project, text)
    return project.update(is_applied=True, branch="fixes", **more)


def refused(project: Project, kind: type[BoombapError] = ExternalError, branch: str = "fixes", **more: object) -> str:
    """What a refusal says; everything is as before."""
    before = shape(project.folder)
    with pytest.raises(kind) as caught:
        project.update(is_applied=True, branch=branch, **more)
    assert shape(project.folder) == before
    assert not [path for path in (project.state / "deps-update").iterdir() if path.name != "lock"]
    return str(caught.value)


def test_each_group_of_advisories_is_a_commit_and_the_work_tree_stays(project: Project):
    committed(project, "other==1.0\ntwice==1.0\nvuln==1.0\n")
    before = shape(project.folder)[1:]
    assert project.update(is_applied=True, branch="fixes") == 0
    assert shape(project.folder)[1:] == before
    assert sorted(subjects(project)) == ["Update twice from 1.0 to 1.3", "Update vuln from 1.0 to 1.2"]
    after = git(project.folder, "show", "fixes:requirements.txt")
    assert after == f"{PLACES}other==1.0\ntwice==1.3\nvuln==1.2"


def test_every_commit_changes_what_its_subject_says_and_nothing_else(project: Project):
    on_branch(project, "other==1.0\ntwice==1.0\nvuln==1.0\n")
    for revision in git(project.folder, "rev-list", "main..fixes").splitlines():
        subject = git(project.folder, "log", "-1", "--format=%s", revision)
        diff = git(project.folder, "show", "--format=", "--unified=0", revision)
        changed = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        name = subject.split()[1]
        assert [line[1:].partition("==")[0] for line in changed] == [name, name]


def test_packages_that_share_an_advisory_are_one_commit(project: Project):
    one, other = record("PYSEC-1", "vuln", BELOW, {"fixed": "1.2"}), record("PYSEC-1", "twice", BELOW, {"fixed": "1.3"})
    project.database = database(
        project.folder.parent / "more", [{**one, "affected": one["affected"] + other["affected"]}]
    )
    assert on_branch(project, "twice==1.0\nvuln==1.0\n") == 0
    assert subjects(project) == ["Update twice from 1.0 to 1.3 and 1 more"]


def test_the_body_has_the_evidence(project: Project):
    known = [
        record("PYSEC-1", "vuln", BELOW, {"fixed": "1.2"}, aliases=["CVE-2026-1"], severity=scored(HIGH)),
        record("PYSEC-4", "hopeless", BELOW, summary="Closes #1"),
    ]
    project.database = database(project.folder.parent / "more", known)
    assert on_branch(project, "hopeless==1.0\nvuln==1.0\n") == 1
    body = git(project.folder, "log", "-1", "--format=%B", "fixes")
    assert body.splitlines()[2:-1] == [
        "Fixed:",
        "- PYSEC-1 (CVE-2026-1), high 7.5: PyPI vuln 1.0",
        "  https://osv.dev/vulnerability/PYSEC-1",
        "",
        "Changed:",
        "- requirements.txt: vuln from 1.0 to 1.2",
        "",
        "Still open after this branch:",
        "- requirements.txt: hopeless 1.0 (PYSEC-4): no version without an advisory is known",
        "",
    ]
    assert body.splitlines()[-1].startswith("Advisories: PyPI, newest ")


def test_the_author_is_the_one_of_gits_configuration(project: Project):
    on_branch(project, "vuln==1.0\n")
    assert git(project.folder, "log", "-1", "--format=%an %ae %cn", "fixes") == "Ada ada@example.org Ada"


def test_without_a_configured_author_no_name_is_invented(project: Project):
    committed(project, "vuln==1.0\n")
    git(project.folder, "config", "--unset", "user.name")
    git(project.folder, "config", "--unset", "user.email")
    assert "git config user.name" in refused(project)


def test_the_environment_may_name_the_author(project: Project, monkeypatch: pytest.MonkeyPatch):
    committed(project, "vuln==1.0\n")
    git(project.folder, "config", "--unset", "user.name")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Robot")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "robot@example.org")
    assert project.update(is_applied=True, branch="fixes") == 0
    assert git(project.folder, "log", "-1", "--format=%an", "fixes") == "Robot"


def test_the_environment_of_a_hook_points_nowhere_else(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    committed(project, "vuln==1.0\n")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    assert project.update(is_applied=True, branch="fixes") == 0
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    assert subjects(project) == ["Update vuln from 1.0 to 1.2"]
    assert git(other, "for-each-ref") == ""


def test_without_commit_the_commits_are_shown_and_none_is_made(project: Project):
    committed(project, "vuln==1.0\n")
    before = shape(project.folder)
    assert project.update(branch="fixes") == 0
    assert shape(project.folder) == before
    assert "commits that the branch fixes would have:\n  Update vuln from 1.0 to 1.2\n" in project.out.getvalue()


def test_nothing_to_fix_makes_no_branch_and_says_so(project: Project):
    committed(project, "other==1.0\n")
    before = shape(project.folder)
    assert project.update(is_applied=True, branch="fixes") == 0
    assert shape(project.folder) == before
    assert "no branch is made" in project.err.getvalue()


def test_nothing_that_can_be_fixed_makes_no_branch_and_is_not_fine(project: Project):
    committed(project, "hopeless==1.0\n")
    before = shape(project.folder)
    assert project.update(is_applied=True, branch="fixes") == 1
    assert shape(project.folder) == before
    assert "hopeless 1.0 (PYSEC-4): no version" in project.out.getvalue()


def test_changes_that_are_not_committed_are_refused(project: Project):
    committed(project, "vuln==1.0\n")
    requirements(project, "vuln==1.0\n# mine\n")
    said = refused(project)
    assert ("requirements.txt" in said, "commit or stash" in said) == (True, True)


def test_a_change_in_the_index_is_refused(project: Project):
    committed(project, "vuln==1.0\n")
    write(project.folder, {"new.py": ""})
    git(project.folder, "add", "new.py")
    assert "new.py" in refused(project)


def test_a_file_that_is_not_committed_is_refused(project: Project):
    committed(project, "vuln==1.0\n")
    write(project.folder, {"requirements-dev.txt": PLACES + "twice==1.0\n"})
    assert "requirements-dev.txt is not committed in this repository" in refused(project)


def test_a_change_that_git_was_told_to_overlook_is_refused(project: Project):
    committed(project, "vuln==1.0\n")
    git(project.folder, "update-index", "--assume-unchanged", "requirements.txt")
    requirements(project, "vuln==1.0\n# mine\n")
    assert "requirements.txt differs from what is committed" in refused(project)


@pytest.mark.parametrize(
    "name", ["a b", "a..b", "-x", "HEAD", "@", "refs/heads/x", "\udcff", "a.lock", "@{-1}", "a\nb", "x/", "é~1"]
)
def test_what_is_not_a_name_of_a_branch_is_refused(project: Project, name: str):
    committed(project, "vuln==1.0\n")
    assert "is not a valid name of a branch" in refused(project, UsageError, name)


def test_the_proposed_command_is_safe_to_copy(project: Project):
    committed(project, "vuln==1.0\n")
    assert project.update(is_applied=True, branch="a;id") == 0
    assert "`git push --set-upstream origin 'a;id'`" in project.err.getvalue()


@pytest.mark.parametrize("name", ["main", "topic/a", "topic", "main/x"])
def test_a_name_that_is_taken_is_refused(project: Project, name: str):
    committed(project, "vuln==1.0\n")
    git(project.folder, "branch", "topic/a")
    assert "exists" in refused(project, UsageError, name)


def test_a_detached_head_is_refused(project: Project):
    committed(project, "vuln==1.0\n")
    git(project.folder, "checkout", "--quiet", "--detach")
    assert "git switch" in refused(project)


def test_a_shallow_clone_is_refused(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    committed(project, "vuln==1.0\n")
    git(project.folder, "commit", "--quiet", "--allow-empty", "--message=More")
    git(tmp_path, "clone", "--quiet", "--depth=1", project.folder.as_uri(), "shallow")
    project.folder = tmp_path / "shallow"
    monkeypatch.chdir(project.folder)
    assert "git fetch --unshallow" in refused(project)


def test_a_repository_without_a_commit_is_refused(project: Project):
    requirements(project, "vuln==1.0\n")
    git(project.folder, "init", "--quiet")
    assert "no commit" in refused(project)


def test_a_folder_outside_of_git_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    requirements(project, "vuln==1.0\n")
    with pytest.raises(ExternalError, match="needs a git work tree"):
        project.update(is_applied=True, branch="fixes")


def test_without_git_it_says_so(project: Project, monkeypatch: pytest.MonkeyPatch):
    committed(project, "vuln==1.0\n")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ExternalError, match="git, which is not installed"):
        project.update(is_applied=True, branch="fixes")


def test_a_file_of_a_submodule_is_refused_and_others_are_not(project: Project, tmp_path: Path):
    committed(project, "vuln==1.0\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    write(inner, {"requirements.txt": f"--no-index\n--find-links {project.folder}/wheels\ntwice==1.0\n"})
    git(inner, "add", "--all")
    git(inner, "commit", "--quiet", "--message=Begin")
    git(project.folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    git(project.folder, "commit", "--quiet", "--message=Add inner")
    assert "inner/requirements.txt is not committed in this repository" in refused(project)
    assert project.update(is_applied=True, branch="fixes", paths=("requirements.txt",)) == 0
    assert subjects(project) == ["Update vuln from 1.0 to 1.2"]


def test_a_link_is_followed_to_the_file_that_is_committed(project: Project):
    committed(project, "vuln==1.0\n", "real/pins.txt")
    (project.folder / "requirements.txt").symlink_to("real/pins.txt")
    (project.folder / "real/wheels").symlink_to("../wheels")
    git(project.folder, "add", "requirements.txt")
    git(project.folder, "commit", "--quiet", "--message=Link")
    assert project.update(is_applied=True, branch="fixes", paths=("requirements.txt",)) == 0
    assert git(project.folder, "diff", "--name-only", "main", "fixes") == "real/pins.txt"


def test_a_folder_below_the_top(project: Project, monkeypatch: pytest.MonkeyPatch):
    committed(project, "vuln==1.0\n", "api/requirements.txt")
    (project.folder / "api/wheels").symlink_to("../wheels")
    monkeypatch.chdir(project.folder / "api")
    assert project.update(is_applied=True, branch="fixes", test="grep -q vuln==1.2 requirements.txt") == 0
    assert "- api/requirements.txt: vuln from 1.0 to 1.2" in git(project.folder, "log", "-1", "--format=%B", "fixes")


def test_the_test_runs_in_the_new_work_tree_and_decides(project: Project):
    committed(project, "vuln==1.0\n")
    before = shape(project.folder)
    assert project.update(is_applied=True, branch="fixes", test="grep -q vuln==1.2 requirements.txt; exit 3") == 1
    assert shape(project.folder) == before
    assert "the test failed, so no branch is made" in project.err.getvalue()
    assert project.update(is_applied=True, branch="fixes", test="grep -q vuln==1.2 requirements.txt") == 0
    assert subjects(project) == ["Update vuln from 1.0 to 1.2"]


def hook(project: Project, name: str, script: str) -> None:
    path = project.folder / ".git/hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_hook_that_refuses_is_heard(project: Project):
    committed(project, "vuln==1.0\n")
    hook(project, "pre-commit", "echo no way >&2; exit 1")
    assert "git could not commit: no way" in refused(project)


def test_a_hook_that_changes_the_message_is_heard(project: Project):
    committed(project, "vuln==1.0\n")
    hook(project, "commit-msg", 'echo "Change-Id: I1" >> "$1"')
    assert project.update(is_applied=True, branch="fixes") == 0
    assert git(project.folder, "log", "-1", "--format=%B", "fixes").endswith("Change-Id: I1")


def test_a_hook_that_changes_the_file_is_named(project: Project):
    committed(project, "vuln==1.0\n")
    hook(project, "pre-commit", "echo '# more' >> requirements.txt; git add requirements.txt")
    assert "requirements.txt was changed by a hook" in refused(project)


def test_a_signature_that_cannot_be_made_is_an_error(project: Project):
    committed(project, "vuln==1.0\n")
    git(project.folder, "config", "commit.gpgSign", "true")
    git(project.folder, "config", "gpg.program", "/bin/false")
    assert "git could not commit" in refused(project)


def test_another_process_that_makes_the_branch_first_keeps_it(project: Project):
    committed(project, "vuln==1.0\n")
    first = git(project.folder, "rev-parse", "main")
    with pytest.raises(ExternalError, match="could not make the branch fixes"):
        project.update(is_applied=True, branch="fixes", test=f"git update-ref refs/heads/fixes {first}")
    assert git(project.folder, "rev-parse", "fixes") == first
    assert len(git(project.folder, "worktree", "list").splitlines()) == 1


def test_an_interrupted_test_leaves_no_trace(project: Project):
    committed(project, "vuln==1.0\n")
    begun = project.folder.parent / "begun"

    class Ended(Interrupt):
        """Ends once the test runs."""

        def sleep(self, seconds: float) -> None:
            if begun.exists():
                raise Interrupted
            super().sleep(seconds)

    refused(project, Interrupted, test=f"touch {begun}; sleep 60", interrupt=Ended())
    assert begun.exists()


def started(project: Project, test: str) -> subprocess.Popen[bytes]:
    """The command as a process, whose test has begun."""
    begun = project.folder.parent / "begun"
    command = [sys.executable, "-m", "boombap", "deps", "update", "--auto-patch", "--branch=fixes", "--commit"]
    environ = {**os.environ, "BOOMBAP_DEPS_DATABASE": project.database, "BOOMBAP_PATHS_STATE": str(project.state)}
    child = subprocess.Popen([*command, "--test", f"touch {begun}; {test}"], env=environ)
    deadline = time.monotonic() + 60
    while not begun.exists():
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.05)
    return child


def test_what_a_killed_run_has_left_goes_with_the_next(project: Project):
    committed(project, "vuln==1.0\n")
    before = shape(project.folder)
    child = started(project, "exec sleep 20")
    child.kill()
    child.wait()
    assert (project.state / "deps-update/tree").exists()
    assert shape(project.folder)[0] == before[0]
    assert project.update(is_applied=True, branch="fixes") == 0
    assert git(project.folder, "worktree", "list") == before[2]


def test_ctrl_c_ends_the_process_with_everything_as_before(project: Project):
    committed(project, "vuln==1.0\n")
    before = shape(project.folder)
    child = started(project, "sleep 60")
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 130
    assert shape(project.folder) == before
    assert not (project.state / "deps-update/tree").exists()


def test_as_json(project: Project):
    assert on_branch(project, "vuln==1.0\n", form="json") == 0
    value = json.loads(project.out.getvalue())
    (commit,) = value["commits"]
    assert (value["branch"], commit["id"]) == ("fixes", git(project.folder, "rev-parse", "fixes"))
    assert (commit["removes"], commit["files"]) == (["PYSEC-1"], ["requirements.txt"])
    assert commit["message"].startswith("Update vuln from 1.0 to 1.2\n\nFixed:\n")


def test_as_a_process(project: Project, boombap):
    committed(project, "vuln==1.0\n")
    words = ("deps", "update", "--auto-patch", "--branch", "fixes", "--commit")
    done = boombap(*words, BOOMBAP_DEPS_DATABASE=project.database)
    assert (done.returncode, "git push --set-upstream origin fixes" in done.stderr) == (0, True), done.stderr
    assert subjects(project) == ["Update vuln from 1.0 to 1.2"]


def test_a_name_with_marks_of_a_pattern_is_a_name(project: Project):
    committed(project, "vuln==1.0\n", "requirements[a]*.txt")
    write(project.folder, {"requirementsa.txt": PLACES + "other==1.0\n"})
    assert project.update(is_applied=True, branch="fixes", paths=("requirements[a]*.txt",)) == 0
    assert git(project.folder, "diff", "--name-only", "main", "fixes") == "requirements[a]*.txt"
