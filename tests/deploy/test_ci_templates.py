"""action.yml and the template for GitLab: their scripts, run by the shell that CI runs them with, on a sample."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deps.osv import TRUTH, export

ROOT = Path(__file__).parents[2]
BIN = str(Path(sys.executable).parent)
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["id"]: step for step in ACTION["runs"]["steps"]}
TEMPLATE = ROOT / "deploy" / "ci" / "boombap-deps.gitlab-ci.yml"
JOB: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))["boombap-deps"]
# docs.github.com, "Workflow syntax": what `shell: bash` is.
BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
HOSTILE = '$(touch stolen)`touch stolen`";touch stolen;"'


def resolved(text: str, inputs: dict[str, str]) -> str:
    """What the runner makes of a value: an input, or the text as it is."""
    if not text.startswith("${{"):
        return text
    name = text.removeprefix("${{ inputs.").removesuffix(" }}")
    return (
        {name: value["default"] for name, value in ACTION["inputs"].items()}[name]
        if name not in inputs
        else inputs[name]
    )


class Runner:
    """A runner of GitHub with our tool installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.inputs: dict[str, str] = {}

    def step(self, id_: str, **more: str) -> subprocess.CompletedProcess[str]:
        step = STEPS[id_]
        files = {name: str(self.folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        given = {name: resolved(text, self.inputs) for name, text in step.get("env", {}).items()}
        environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "RUNNER_TEMP": str(self.folder)}
        environ |= files | given | more
        assert step["shell"] == "bash"
        return subprocess.run(
            [*BASH, step["run"]], env=environ, capture_output=True, text=True, check=False, timeout=110
        )

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner whose databases are synced from a local export."""
    made = Runner(tmp_path / "runner")
    made.inputs["advisories"] = str(export(tmp_path / "osv", TRUTH))
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    done = made.step("sync")
    assert done.returncode == 0, done.stderr
    return made


def test_the_action_refuses_a_vulnerable_project_and_shows_where(runner: Runner):
    done = runner.step("check")
    assert (done.returncode, "::error file=requirements.txt,line=1" in done.stdout) == (1, True), done.stdout
    (run,) = json.loads(Path("boombap-deps.sarif").read_text())["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["PYSEC-2024-38"]
    assert runner.text("GITHUB_OUTPUT") == "exit-code=1\nhas-sarif=true\n"
    assert "fastapi" in runner.text("GITHUB_STEP_SUMMARY")


def test_the_action_passes_a_clean_project(runner: Runner):
    Path("requirements.txt").write_text("fastapi==0.109.1\n")
    assert runner.step("check").returncode == 0
    assert runner.text("GITHUB_OUTPUT") == "exit-code=0\nhas-sarif=true\n"


def test_the_action_has_no_verdict_without_databases(runner: Runner, tmp_path: Path):
    assert runner.step("check", BOOMBAP_DEPS_DATABASE=str(tmp_path / "none")).returncode == 4
    assert runner.text("GITHUB_OUTPUT").startswith("exit-code=4\n")
    assert "no verdict" in runner.text("GITHUB_STEP_SUMMARY").replace("\\", "")


def test_the_action_ends_with_2_for_a_policy_that_is_not_there(runner: Runner):
    runner.inputs["policy"] = "gone.toml"
    assert runner.step("check").returncode == 2
    assert runner.text("GITHUB_OUTPUT") == "exit-code=2\n"
    assert "missing" in runner.text("GITHUB_STEP_SUMMARY")


def test_a_report_that_cannot_be_written_fails_the_action(runner: Runner):
    Path("requirements.txt").write_text("fastapi==0.109.1\n")
    runner.inputs["sarif-file"] = "gone/x.sarif"
    assert runner.step("check").returncode == 3
    assert runner.text("GITHUB_OUTPUT") == "exit-code=3\n"


@pytest.mark.slow
def test_a_report_that_is_too_long_for_a_summary_is_said(runner: Runner, tmp_path: Path):
    known = [{**TRUTH[0], "id": f"PYSEC-2026-{n}", "aliases": [], "summary": 80 * "x"} for n in range(12_000)]
    runner.inputs["advisories"] = str(export(tmp_path / "many", known))
    runner.step("sync", BOOMBAP_DEPS_DATABASE=str(tmp_path / "many-db"))
    assert runner.step("check", BOOMBAP_DEPS_DATABASE=str(tmp_path / "many-db")).returncode == 1
    assert runner.text("GITHUB_STEP_SUMMARY").startswith("The report of the dependencies is missing or too long")


def test_the_findings_of_a_step_before_are_not_uploaded(runner: Runner):
    Path("boombap-deps.sarif").write_text("{}")
    runner.inputs["policy"] = "gone.toml"
    runner.step("check")
    assert runner.text("GITHUB_OUTPUT") == "exit-code=2\n"


def test_the_action_takes_several_paths_and_names_with_blanks(runner: Runner):
    Path("requirements.txt").write_text("fastapi==0.109.1\n")
    Path("my app").mkdir()
    Path("my app/requirements.txt").write_text("fastapi==0.104.1\n")
    runner.inputs["paths"] = "requirements.txt\nmy app\n"
    done = runner.step("check")
    assert (done.returncode, "my app/requirements.txt" in done.stdout) == (1, True), done.stderr


@pytest.mark.parametrize("name", ["paths", "policy", "environment", "waivers", "baseline", "sarif-file"])
def test_the_text_of_an_input_is_not_run(runner: Runner, name: str):
    runner.inputs[name] = HOSTILE
    runner.step("check")
    assert not Path("stolen").exists()


def test_the_address_of_advisories_is_not_run(runner: Runner):
    runner.inputs["advisories"] = HOSTILE
    assert runner.step("sync").returncode == 3
    assert not Path("stolen").exists()


def test_no_script_of_the_action_has_an_expression_in_its_text():
    scripts = [step["run"] for step in STEPS.values() if "run" in step]
    assert len(scripts) == 3
    assert [script for script in scripts if "${{" in script] == []


def test_every_input_is_used_and_every_use_declared():
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    used = {part.split()[0] for part in text.replace("}}", " ").split("inputs.")[1:]}
    assert used == set(ACTION["inputs"])


def test_the_upload_comes_after_a_failure_too():
    upload = STEPS["upload"]
    assert "always()" in upload["if"]
    assert upload["with"]["sarif_file"] == "${{ inputs.sarif-file }}"


@pytest.mark.slow
def test_the_action_installs_itself(runner: Runner):
    """Needs a package index."""
    done = runner.step("install", GITHUB_ACTION_PATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    places = runner.text("GITHUB_PATH").strip()
    assert subprocess.run([f"{places}/boombap", "deps", "--help"], capture_output=True, check=False).returncode == 0


def job(**variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script of the job as GitLab does: one line after another in one shell that ends at an error."""
    environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **JOB["variables"], **variables}
    script = "\n".join(JOB["script"])
    command = ["sh", "-e", "-c", script]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=110)


@pytest.mark.parametrize(("version", "code"), [("0.104.1", 1), ("0.109.1", 0)])
def test_the_job_of_gitlab(tmp_path: Path, version: str, code: int):
    Path("requirements.txt").write_text(f"fastapi=={version}\n")
    done = job(DEPS_ADVISORIES=str(export(tmp_path / "osv", TRUTH)))
    assert done.returncode == code, done.stderr
    (run,) = json.loads(Path("boombap-deps.sarif").read_text())["runs"]
    assert len(run["results"]) == code
    written = {*JOB["artifacts"]["paths"], *JOB["artifacts"]["reports"].values()}
    assert [name for name in written if not Path(name).stat().st_size] == []


def test_the_job_of_gitlab_fails_without_advisories(tmp_path: Path):
    Path("requirements.txt").write_text("fastapi==0.109.1\n")
    assert job(DEPS_ADVISORIES=str(tmp_path / "gone")).returncode == 3


@pytest.mark.parametrize("name", [name for name in JOB["variables"] if name != "DEPS_PACKAGE"])
def test_the_text_of_a_variable_is_not_run(tmp_path: Path, name: str):
    Path("requirements.txt").write_text("fastapi==0.109.1\n")
    done = job(**{"DEPS_ADVISORIES": str(export(tmp_path / "osv", TRUTH)), name: HOSTILE})
    assert done.returncode
    assert not Path("stolen").exists()
