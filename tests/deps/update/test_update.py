"""The whole way: a project, a database, an index of wheels, the real solver, and what stands in the files then."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.deps.update.model import Change, Held
from boombap.deps.update.solver import find_uv
from boombap.errors import ExternalError, Interrupted
from boombap.interrupt import Interrupt
from deps.osv import database, record
from deps.projects import BELOW, PLACES, RECORDS, Project, requirements
from deps.trees import write
from deps.wheels import digest, index, npm_registry, wheels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.record import Record


def updated(project: Project, text: str, **wish: object) -> str:
    requirements(project, text)
    project.update(is_applied=True, **wish)
    return project.text().removeprefix(PLACES)


def test_the_smallest_version_without_a_finding_is_taken(project: Project):
    assert updated(project, "other==1.0\nvuln==1.0\n") == "other==1.0\nvuln==1.2\n"


def test_without_apply_the_plan_is_shown_and_nothing_written(project: Project):
    requirements(project, "other==1.0\nvuln==1.0\n")
    assert project.update() == 0
    assert project.text() == f"{PLACES}other==1.0\nvuln==1.0\n"
    shown = project.out.getvalue()
    assert "requirements.txt: vuln 1.0 → 1.2, removes PYSEC-1" in shown
    assert "\n-vuln==1.0\n+vuln==1.2\n" in shown
    assert "1 findings before, 0 after" in shown


def test_the_target_lies_outside_of_every_advisory_of_the_package(project: Project):
    assert updated(project, "twice==1.0\n") == "twice==1.3\n"


def test_what_the_policy_excludes_is_neither_audited_nor_changed(project: Project):
    policy = project.folder / "policy.toml"
    policy.write_text('exclude = { "docs/*" = "not shipped" }\n')
    requirements(project, "vuln==1.0\n")
    write(project.folder, {"docs/requirements.txt": "vuln==1.0\nhopeless==1.0\n"})
    environ = {**os.environ, "BOOMBAP_DEPS_DATABASE": project.database, "BOOMBAP_PATHS_STATE": str(project.state)}
    command = [sys.executable, "-m", "boombap", "deps", "update", "--auto-patch", "--apply", "--policy", str(policy)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, "hopeless" in done.stdout) == (0, False), done.stderr
    assert project.text().endswith("\nvuln==1.2\n")
    assert project.text("docs/requirements.txt") == "vuln==1.0\nhopeless==1.0\n"


def test_nothing_to_do(project: Project):
    requirements(project, "other==1.0\n")
    assert project.update(is_applied=True) == 0
    assert "nothing to update" in project.out.getvalue()


def test_what_has_no_fix_stays_and_is_said(project: Project):
    requirements(project, "hopeless==1.0\nvuln==1.0\n")
    assert project.update(is_applied=True) == 1
    assert project.text().endswith("hopeless==1.0\nvuln==1.2\n")
    assert "hopeless 1.0 (PYSEC-4): no version without an advisory is known" in project.out.getvalue()


def test_a_pre_release_is_no_target(project: Project):
    assert updated(project, "pre==1.0\n") == "pre==1.0\n"
    assert "PYSEC-5" in project.out.getvalue()


def test_a_yanked_version_is_no_target(project: Project):
    with index(project.folder / "wheels", frozenset({"vuln-1.2-py3-none-any.whl"})) as address:
        requirements(project, "vuln==1.0\n", places=f"--index-url {address}\n")
        project.update(is_applied=True)
    assert project.text().endswith("vuln==1.3\n")


def test_what_conflicts_is_freed_and_nothing_else(project: Project):
    wheels(
        project.folder / "wheels",
        "app 1.0 lib<2",
        "app 1.1 lib<2",
        "app 2.0 lib>=2",
        "app 3.0",
        "lib 1.0",
        "lib 2.0",
        "lib 3.0",
    )
    project.database = database(project.folder, [record("PYSEC-9", "lib", BELOW, {"fixed": "2.0"})])
    assert updated(project, "app==1.0\nlib==1.0\nother==1.0\n") == "app==2.0\nlib==2.0\nother==1.0\n"
    assert "app 1.0 → 2.0, makes way" in project.out.getvalue()


def test_what_cannot_be_solved_keeps_the_rest_going(project: Project):
    wheels(project.folder / "wheels", "pin 1.0 stuck<2", "stuck 1.0", "stuck 2.0")
    project.database = database(project.folder, [*RECORDS, record("PYSEC-8", "stuck", BELOW, {"fixed": "2.0"})])
    assert updated(project, "pin==1.0\nstuck==1.0\nvuln==1.0\n") == "pin==1.0\nstuck==1.0\nvuln==1.2\n"
    assert "stuck 1.0 (PYSEC-8): no versions fit together" in project.out.getvalue()


def test_a_change_that_brings_a_finding_is_not_made(project: Project):
    # trap 1.1 needs a version of weak that has an advisory of its own.
    assert updated(project, "trap==1.0\nweak==1.0\n") == "trap==1.0\nweak==1.0\n"
    assert "trap 1.0 (PYSEC-6)" in project.out.getvalue()


STYLE = (
    "# head \u00e9\n\nother == 1.0   # keep\nVuln [extra] ==1.0 ; python_version > '3'  # why\n  other2>=1\n# tail\n"
)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_other_byte_stays(project: Project, end: str, mark: bytes):
    wheels(project.folder / "wheels", "other2 1.0")
    before = mark + (PLACES + STYLE).replace("\n", end).encode()
    (project.folder / "requirements.txt").write_bytes(before)
    project.update(is_applied=True)
    after = (project.folder / "requirements.txt").read_bytes()
    assert after == before.replace(b"[extra] ==1.0", b"[extra] ==1.2")


def test_utf_16_stays_utf_16(project: Project):
    before = (PLACES + "vuln==1.0\n").encode("utf-16")
    (project.folder / "requirements.txt").write_bytes(before)
    project.update(is_applied=True)
    assert (project.folder / "requirements.txt").read_bytes() == (PLACES + "vuln==1.2\n").encode("utf-16")


def test_hashes_are_renewed_in_the_files_own_layout(project: Project):
    store = project.folder / "wheels"
    text = "other==1.0 \\\n    --hash={}\n    # via x\nvuln==1.0 \\\n    --hash={} \\\n    --hash=sha256:00\n# end\n"
    zeros = "sha256:" + "0" * 64
    before = text.replace("sha256:00\n", zeros + "\n").format(
        digest(store, "other", "1.0"), digest(store, "vuln", "1.0")
    )
    expected = (
        f"other==1.0 \\\n    --hash={digest(store, 'other', '1.0')}\n    # via x\n"
        f"vuln==1.2 \\\n    --hash={digest(store, 'vuln', '1.2')}\n# end\n"
    )
    assert updated(project, before) == expected


def test_what_the_new_version_needs_is_added_where_hashes_ask_for_it(project: Project):
    store = wheels(project.folder / "wheels", "grows 1.0", "grows 1.1 other>=1")
    project.database = database(project.folder, [record("PYSEC-9", "grows", BELOW, {"fixed": "1.1"})])
    after = updated(project, f"grows==1.0 --hash={digest(store, 'grows', '1.0')}\n")
    grows, other = digest(store, "grows", "1.1"), digest(store, "other", "2.0")
    assert after == f"grows==1.1 --hash={grows}\nother==2.0 \\\n    --hash={other}\n"


def test_an_included_file_is_held_and_updated_itself(project: Project):
    write(
        project.folder,
        {
            "requirements.txt": f"{PLACES}-r base.txt\ntwice==1.0\n",
            "base.txt": f"{PLACES}vuln==1.0\n",
        },
    )
    assert project.update(is_applied=True) == 0
    assert project.text().endswith("twice==1.3\n")
    assert project.text("base.txt").endswith("vuln==1.2\n")


PYPROJECT = """\
# head
[project]
name = "sample"   # a name
version = "1"
dependencies = [
    "other==1.0",   # why
    'vuln == 1.0; python_version > "3"',  # that
]

[project.optional-dependencies]
more = ["twice==1.0","other>=1"]

[dependency-groups]
dev = [ {include-group = "x"}, "vuln==1.1" ]
x = []

[tool.other]
keep   =   1
"""


def test_pyproject_keeps_everything_else(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", (project.folder / "wheels").as_uri())
    monkeypatch.setenv("UV_FIND_LINKS", str(project.folder / "wheels"))
    text = PYPROJECT.replace('"vuln==1.1"', '"other>0"')
    write(project.folder, {"pyproject.toml": text})
    assert project.update(is_applied=True) == 0
    assert project.text("pyproject.toml") == text.replace("vuln == 1.0", "vuln == 1.2").replace(
        "twice==1.0", "twice==1.3"
    )


POETRY = """\
[tool.poetry.dependencies]
python = "^3.11"
vuln = "1.0"  # exact
other = "^1.0"
twice = {version = "==1.0", extras = ["x"]}
"""


def test_poetry_pins_in_pyproject(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", (project.folder / "wheels").as_uri())
    monkeypatch.setenv("UV_FIND_LINKS", str(project.folder / "wheels"))
    write(project.folder, {"pyproject.toml": POETRY})
    assert project.update(is_applied=True) == 0
    assert project.text("pyproject.toml") == POETRY.replace('"1.0"', '"1.2"').replace("==1.0", "==1.3")


def test_two_versions_of_one_package_are_left_to_a_person(project: Project):
    text = "vuln==1.0 ; python_version < '3'\nvuln==1.1 ; python_version >= '3'\n"
    assert updated(project, text) == text
    assert "pinned more than once" in project.out.getvalue()


def test_a_lock_file_whose_tool_is_missing_stays_and_says_so(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    write(project.folder, {"poetry.lock": '[[package]]\nname = "vuln"\nversion = "1.0"\n'})
    assert project.update() == 1
    assert "vuln 1.0 (PYSEC-1): poetry is not installed" in project.out.getvalue()


def test_a_lock_file_of_another_tool_names_it(project: Project):
    write(project.folder, {"pdm.lock": '[[package]]\nname = "vuln"\nversion = "1.0"\n'})
    assert project.update() == 1
    assert "run `pdm update --no-sync vuln`" in project.out.getvalue()


UV_PROJECT = """\
[project]
name = "sample"
version = "1"
requires-python = ">=3.11"
dependencies = ["vuln>=1", "other"]
[tool.uv]
no-index = true
find-links = ["wheels"]
"""


def test_uv_lock_is_written_by_uv(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_FIND_LINKS", str(project.folder / "wheels"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", (project.folder / "wheels").as_uri())
    write(project.folder, {"pyproject.toml": UV_PROJECT.partition("[tool.uv]")[0].replace("vuln>=1", "vuln==1.0")})
    subprocess.run([find_uv(), "lock", "--quiet"], check=True, timeout=60)
    write(project.folder, {"pyproject.toml": UV_PROJECT.partition("[tool.uv]")[0]})
    assert project.update(is_applied=True) == 0
    assert 'name = "vuln"\nversion = "1.2"' in project.text("uv.lock")
    assert "uv.lock: vuln 1.0 → 1.2, removes PYSEC-1" in project.out.getvalue()


def test_a_pin_and_the_lock_beside_it_move_together(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_FIND_LINKS", str(project.folder / "wheels"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", (project.folder / "wheels").as_uri())
    write(project.folder, {"pyproject.toml": UV_PROJECT.partition("[tool.uv]")[0].replace("vuln>=1", "vuln==1.0")})
    subprocess.run([find_uv(), "lock", "--quiet"], check=True, timeout=60)
    assert project.update(is_applied=True) == 0, project.out.getvalue()
    assert '"vuln==1.2"' in project.text("pyproject.toml")
    assert 'name = "vuln"\nversion = "1.2"' in project.text("uv.lock")


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_package_lock_is_written_by_npm(project: Project, tmp_path: Path):
    project.database = database(
        tmp_path / "npm", [record("GHSA-1", "left", BELOW, {"fixed": "1.1.0"}, ecosystem="npm")], "npm"
    )
    lock = {
        "name": "sample",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "sample", "version": "1.0.0", "dependencies": {"left": "^1.0.0"}},
            "node_modules/left": {"version": "1.0.0"},
        },
    }
    package = {"name": "sample", "version": "1.0.0", "dependencies": {"left": "^1.0.0"}}
    with npm_registry({"left": ("1.0.0", "1.1.0", "2.0.0")}) as address:
        files = {"package.json": package, "package-lock.json": lock}
        write(project.folder, {name: json.dumps(value, indent=2) for name, value in files.items()})
        write(project.folder, {".npmrc": f"registry={address}\n"})
        assert project.update(is_applied=True) == 0, project.out.getvalue()
    assert json.loads(project.text("package-lock.json"))["packages"]["node_modules/left"]["version"] == "1.1.0"


def test_the_plan_as_json(project: Project):
    requirements(project, "vuln==1.0\nhopeless==1.0\n")
    assert project.update(form="json") == 1
    value = json.loads(project.out.getvalue())
    assert value["schema"] == "boombap.deps.update/1"
    assert [(one["name"], one["after"]) for one in value["changes"]] == [("vuln", "1.2")]
    assert [one["name"] for one in value["held"]] == ["hopeless"]
    assert "+vuln==1.2" in value["diffs"][0]["diff"]


def test_the_test_decides(project: Project):
    requirements(project, "vuln==1.0\n")
    assert project.update(is_applied=True, test="grep -q vuln==1.2 requirements.txt; echo s3en >&2; exit 3") == 1
    assert project.text().endswith("vuln==1.0\n")
    assert "s3en" in project.err.getvalue()
    assert "every file is as it was" in project.err.getvalue()
    assert project.update(is_applied=True, test="grep -q vuln==1.2 requirements.txt") == 0
    assert project.text().endswith("vuln==1.2\n")
    assert [path.name for path in (project.state / "deps-update").iterdir()] == ["lock"]


def test_a_test_needs_apply(boombap):
    done = boombap("deps", "update", "--auto-patch", "--test", "true")
    assert (done.returncode, "--test goes with --apply" in done.stderr) == (2, True)


def test_an_interrupted_test_restores(project: Project):
    requirements(project, "vuln==1.0\n")
    interrupt = Interrupt()

    class Ended(Interrupt):
        """Ends once the files are written."""

        def sleep(self, seconds: float) -> None:
            if project.text().endswith("vuln==1.2\n"):
                raise Interrupted
            interrupt.sleep(seconds)

    with pytest.raises(Interrupted):
        project.update(is_applied=True, test="sleep 60", interrupt=Ended())
    assert project.text().endswith("vuln==1.0\n")


def test_the_mode_and_the_link_stay(project: Project):
    write(project.folder, {"real/pins.txt": ""})
    real = project.folder / "real" / "requirements.txt"
    real.write_text(f"--no-index\n--find-links {project.folder}/wheels\nvuln==1.0\n", encoding="utf-8")
    real.chmod(0o640)
    (project.folder / "requirements.txt").symlink_to(real)
    assert project.update(is_applied=True) == 0
    assert (project.folder / "requirements.txt").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "vuln==1.2" in real.read_text(encoding="utf-8")


def test_an_index_that_does_not_answer_is_an_error_and_no_secret_gets_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    requirements(project, "vuln==1.0\n", places="--index-url http://me:s3cret@127.0.0.1:9/simple\n")
    with pytest.raises(ExternalError) as caught:
        project.update(is_applied=True)
    assert "s3cret" not in str(caught.value) + project.out.getvalue() + project.err.getvalue()
    assert project.text().endswith("vuln==1.0\n")


def test_nothing_audited_is_no_verdict(project: Project):
    requirements(project, "vuln\n")
    assert project.update() == 4


WRITER = """\
import os, signal, sys
from pathlib import Path
from boombap.deps.update import journal
from boombap.deps.update.model import Edit

step, state, *files = sys.argv[1:]
edits = [Edit(path=f, file=f, before=Path(f).read_bytes(), after=b"new\\n") for f in files]
record = journal.Journal(Path(state), edits)
steps = {"begun": 1, "first": 2, "all": 3}
record.begin()
if step == "first":
    journal.write(Path(files[0]), b"new\\n")
if step == "all":
    record.write()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("step", ["begun", "first", "all"])
def test_killed_while_writing_is_restored_at_the_next_start(project: Project, step: str):
    requirements(project, "other==1.0\n")
    more = write(project.folder, {"more.txt": "old\n", "again.txt": "old\n"})
    files: Sequence[str] = [str(more / "more.txt"), str(more / "again.txt")]
    state = project.state / "deps-update"
    state.mkdir(parents=True)
    write(project.folder, {".more.txt.123.new": "half"})
    done = subprocess.run([sys.executable, "-c", WRITER, step, str(state), *files], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    assert project.update() == 0
    assert [Path(file).read_text(encoding="utf-8") for file in files] == ["old\n", "old\n"]
    said = project.err.getvalue().count("was restored: an update did not finish")
    assert said == {"begun": 0, "first": 1, "all": 2}[step]
    assert not (state / "open").exists()
    assert not (more / ".more.txt.123.new").exists()


def test_what_a_person_has_changed_since_is_left_and_the_old_content_kept(project: Project):
    requirements(project, "other==1.0\n")
    file = project.folder / "more.txt"
    file.write_text("old\n", encoding="utf-8")
    state = project.state / "deps-update"
    state.mkdir(parents=True)
    subprocess.run([sys.executable, "-c", WRITER, "all", str(state), str(file)], check=False, timeout=30)
    file.write_text("mine\n", encoding="utf-8")
    project.update()
    assert file.read_text(encoding="utf-8") == "mine\n"
    assert (state / "kept" / "0.old").read_text(encoding="utf-8") == "old\n"
    assert "has been changed since" in project.err.getvalue()


def test_as_a_process(project: Project, boombap):
    requirements(project, "vuln==1.0\n")
    done = boombap("deps", "update", "--auto-patch", "--apply", BOOMBAP_DEPS_DATABASE=project.database)
    assert (done.returncode, done.stderr) == (0, "1 files written\n")
    assert project.text().endswith("vuln==1.2\n")
    assert os.environ["HOME"]


@pytest.mark.parametrize("shape", [Change, Held])
def test_every_field_is_documented(shape: type[Record]):
    page = (Path(__file__).parents[3] / "docs" / "reference" / "deps.md").read_text(encoding="utf-8")
    part = page.partition("### boombap.deps.update/1")[2].partition("\n## ")[0]
    assert [name for name in shape.__match_args__ if f"`{name}`" not in part] == []
