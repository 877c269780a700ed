"""`deps check --projects`: each project by itself, and a code that hides none of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deps.osv import TRUTH, database

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

GOOD, BAD, UNPINNED = "fastapi==0.110.0\n", "fastapi==0.104.1\n", "fastapi>=0.1\n"


@pytest.fixture
def check(tmp_path: Path, boombap: Run, isolated: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    made = database(tmp_path, TRUTH)
    for name, text in (("good", GOOD), ("bad", BAD), ("open", UNPINNED)):
        folder = isolated / "services" / name
        folder.mkdir(parents=True)
        (folder / "requirements.txt").write_text(text)

    def run(projects: str, *words: str) -> subprocess.CompletedProcess[str]:
        Path("projects.txt").write_text(projects)
        return boombap("deps", "check", "--projects", "projects.txt", *words, BOOMBAP_DEPS_DATABASE=made)

    return run


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.stdout)["projects"]
    return found


def test_every_project_has_its_own_verdict(check: Run):
    done = check("# ours\ngood services/good\n\nbad services/bad\nservices/open\n", "--format", "json")
    assert [(row["name"], row["verdict"], row["blocking"]) for row in rows(done)] == [
        ("good", "pass", 0), ("bad", "fail", 1), ("services/open", "unknown", 0),
    ]  # fmt: skip
    assert done.returncode == 4


@pytest.mark.parametrize(
    ("projects", "code"),
    [
        ("services/good\n", 0),
        ("services/good\nservices/bad\n", 1),
        ("services/bad\nservices/open\n", 4),
        ("services/open\nservices/gone\nservices/bad\n", 3),
    ],
)
def test_the_strongest_code_decides(check: Run, projects: str, code: int):
    assert check(projects).returncode == code


def test_one_that_cannot_be_read_costs_only_its_own_answer(check: Run):
    done = check("gone services/gone\ngood services/good\n", "--format", "json")
    gone, good = rows(done)
    assert (gone["verdict"], good["verdict"]) == ("failed", "pass")
    assert "services/gone" in gone["reason"]


def test_the_table_has_the_worst_first(check: Run):
    done = check("good services/good\nbad services/bad\nopen services/open\ngone services/gone\n")
    assert [line.split()[0] for line in done.stdout.splitlines()[1:5]] == ["gone", "open", "bad", "good"]
    assert done.stdout.splitlines()[-1] == "1 of 4 projects pass"


def test_a_path_with_a_space_and_a_name_with_an_escape(check: Run, isolated: Path):
    (isolated / "a b").mkdir()
    (isolated / "a b" / "requirements.txt").write_text(GOOD)
    done = check("\x1b[31mred a b\n")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_a_policy_that_only_warns_refuses_nothing(check: Run, isolated: Path):
    (isolated / "policy.toml").write_text('severity = "low"\n[environment.staging]\nmode = "warn"\n')
    done = check("services/bad\n", "--policy", "policy.toml", "--environment", "staging", "--format", "json")
    assert (done.returncode, rows(done)[0]["verdict"], rows(done)[0]["is_enforced"]) == (0, "fail", False)


def test_a_policy_that_is_malformed_ends_the_run(check: Run, isolated: Path):
    (isolated / "policy.toml").write_text("severity = 7\n")
    assert check("services/good\n", "--policy", "policy.toml").returncode == 2


@pytest.mark.parametrize(
    ("projects", "sentence"),
    [("", "names no project"), ("# nothing\n", "names no project"), ("a x\na y\n", "has a twice")],
)
def test_a_file_without_sense_is_refused(check: Run, projects: str, sentence: str):
    done = check(projects)
    assert done.returncode == 2
    assert sentence in done.stderr


@pytest.mark.parametrize(
    "words", [["services/good"], ["--installed", "x"], ["--since", "HEAD"], ["--ci-mode"], ["--format", "sarif"]]
)
def test_what_is_about_one_project_is_refused(check: Run, words: list[str]):
    done = check("services/good\n", *words)
    assert done.returncode == 2
    assert "--projects" in done.stderr


def test_a_file_that_cannot_be_read_is_named(boombap: Run):
    done = boombap("deps", "check", "--projects", "none.txt")
    assert done.returncode == 2
    assert "cannot read the projects in none.txt" in done.stderr
