""".pre-commit-hooks.yaml, run by pre-commit itself in a repository that uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deps.osv import TRUTH, database

ROOT = Path(__file__).parents[2]
HOOKS = ".pre-commit-hooks.yaml"
BIN = Path(sys.executable).parent
# What pip needs to build the hook's environment.
PACKAGE = ("src", "docs", "pyproject.toml", "README.md", "LICENSE", HOOKS)
CONFIG = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: boombap-deps-check
"""
# The environment of the tests in place of one that pip builds, which takes the network and half a minute.
AT_HAND = """\
        language: system
        additional_dependencies: []
"""


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def published(folder: Path, names: tuple[str, ...]) -> str:
    """A repository with these files of ours; its commit."""
    folder.mkdir()
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Publish")
    return git(folder, "rev-parse", "HEAD")


def commit(requirements: str, config: str, databases: str) -> subprocess.CompletedProcess[str]:
    """Commit requirements in the working folder, as a person who has installed the hook."""
    here = Path()
    here.joinpath("requirements.txt").write_text(requirements)
    here.joinpath(".pre-commit-config.yaml").write_text(config)
    environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "BOOMBAP_DEPS_DATABASE": databases}
    git(here, "init", "--quiet")
    subprocess.run([BIN / "pre-commit", "install"], env=environ, check=True, capture_output=True)
    git(here, "add", "--all")
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--message=Try"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=110)


@pytest.fixture
def config(tmp_path: Path) -> str:
    revision = published(tmp_path / "ours", (HOOKS,))
    return CONFIG.format(repository=tmp_path / "ours", revision=revision) + AT_HAND


def test_a_vulnerable_package_is_not_committed(config: str, tmp_path: Path):
    done = commit("fastapi==0.104.1\n", config, database(tmp_path, TRUTH))
    assert done.returncode == 1
    assert "dependencies without known vulnerabilities" in done.stderr
    assert ("- exit code: 1" in done.stderr, "PYSEC-2024-38" in done.stderr) == (True, True), done.stderr
    assert subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, check=False).returncode


def test_a_clean_project_is_committed(config: str, tmp_path: Path):
    done = commit("fastapi==0.109.1\n", config, database(tmp_path, TRUTH))
    assert (done.returncode, "Passed" in done.stderr) == (0, True), done.stderr
    assert git(Path(), "log", "--format=%s") == "Try"


def test_without_databases_nothing_passes_and_the_hook_says_what_to_do(config: str, tmp_path: Path):
    done = commit("fastapi==0.109.1\n", config, str(tmp_path / "none"))
    assert done.returncode == 1
    assert ("- exit code: 4" in done.stderr, "boombap deps sync" in done.stderr) == (True, True), done.stderr


def test_it_runs_also_when_no_requirements_are_committed(config: str, tmp_path: Path):
    databases = database(tmp_path, TRUTH)
    commit("fastapi==0.109.1\n", config, databases)
    Path("pins.json").write_text("{}")
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    git(Path(), "add", "pins.json")
    environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "BOOMBAP_DEPS_DATABASE": databases}
    command = [BIN / "pre-commit", "run", "--files", "pins.json"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "PYSEC-2024-38" in done.stdout) == (1, True), done.stdout


@pytest.mark.slow
def test_the_environment_that_pip_builds_has_what_the_hook_needs(tmp_path: Path):
    """Needs a package index, as everybody who installs the hook does."""
    revision = published(tmp_path / "ours", PACKAGE)
    config = CONFIG.format(repository=tmp_path / "ours", revision=revision)
    done = commit("fastapi==0.104.1\n", config, database(tmp_path, TRUTH))
    assert ("- exit code: 1" in done.stderr, "PYSEC-2024-38" in done.stderr) == (True, True), done.stderr
