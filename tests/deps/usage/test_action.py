"""`--usage` and the policy's `usage_evidence`: shown with each finding, and never a reason to let one pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.cli import sections
from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.interrupt import Interrupt
from deps.osv import TRUTH, database

if TYPE_CHECKING:
    from collections.abc import Callable

    Done = tuple[int, str, str]


@pytest.fixture
def deps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, TRUTH))
    Path("requirements.txt").write_text("fastapi==0.104.1\nblack==23.12.1\n", encoding="utf-8")
    Path("app").mkdir()
    Path("app/main.py").write_text("import os\n\nfrom fastapi import FastAPI\n", encoding="utf-8")
    Path("app/bad.py").write_text("import fastapi\ndef f(:\n", encoding="utf-8")

    def run(*words: str) -> Done:
        code = run_tool(TOOL, words, prog="deps", interrupt=Interrupt(), scope=sections.names)
        return (code, *capsys.readouterr())

    return run


def usages(text: str) -> dict[str, dict[str, object] | None]:
    return {finding["name"]: finding["usage"] for finding in json.loads(text)["findings"]}


def test_nothing_is_searched_unless_somebody_asks(deps: Callable[..., Done]):
    assert usages(deps("check", "--format", "json")[1]) == {"fastapi": None, "black": None}
    assert "import" not in deps("check")[1]


@pytest.mark.parametrize("action", ["audit", "check", "report"])
def test_a_finding_says_where_its_package_is_imported(action: str, deps: Callable[..., Done]):
    code, out, _ = deps(action, "--usage", "--format", "json")
    found = usages(out)
    assert code == (0 if action == "report" else 1)
    assert found["fastapi"] is not None
    assert found["black"] is not None
    assert (found["fastapi"]["places"], found["fastapi"]["basis"]) == (["app/main.py:3"], "guess")
    assert (found["black"]["places"], found["black"]["imports"]) == ([], 0)
    assert found["black"]["unread_count"] == 1


@pytest.mark.parametrize("form", ["table", "sarif", "markdown", "html"])
def test_every_form_for_people_and_code_hosts_shows_it(form: str, deps: Callable[..., Done]):
    out = deps("check", "--usage", "--format", form)[1].replace("\\", "")
    assert "imported in app/main.py:3" in out
    assert "no import found in" in out
    assert "app/bad.py: is not valid Python" in out
    assert "not used" not in out


def test_the_policy_may_ask_for_it_and_it_lets_nothing_pass(deps: Callable[..., Done]):
    Path("policy.toml").write_text("usage_evidence = true\n", encoding="utf-8")
    Path("requirements.txt").write_text("black==23.12.1\n", encoding="utf-8")
    code, out, _ = deps("check", "--policy", "policy.toml", "--format", "json")
    assert (code, json.loads(out)["verdict"]) == (1, "fail")
    assert usages(out)["black"] is not None
    assert usages(deps("audit", "--policy", "policy.toml", "--format", "json")[1])["black"] is not None


def test_packages_of_other_ecosystems_are_not_searched(deps: Callable[..., Done], tmp_path: Path):
    Path("requirements.txt").write_text("redis==5.3.1\n", encoding="utf-8")
    code, out, _ = deps("check", "--usage")
    assert (code, "import" in out) == (0, False)
