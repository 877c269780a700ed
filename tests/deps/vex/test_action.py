"""`deps audit`, `check` and `report` with VEX documents, from the command line to every form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.cli import sections
from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.errors import ConfigError
from boombap.interrupt import Interrupt
from deps.osv import TRUTH, database
from deps.vex.documents import cyclonedx, openvex, statement, vulnerability, written

if TYPE_CHECKING:
    from collections.abc import Callable

    Done = tuple[int, str, str]

FORMS = ("table", "json", "sarif", "cyclonedx", "markdown", "html", "junit")


@pytest.fixture
def deps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, TRUTH))
    Path("requirements.txt").write_text("fastapi==0.104.1\n", encoding="utf-8")

    def run(*words: str) -> Done:
        code = run_tool(TOOL, words, prog="deps", interrupt=Interrupt(), scope=sections.names)
        return (code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("document", [openvex(), cyclonedx()])
@pytest.mark.parametrize("action", ["audit", "check"])
def test_a_statement_waives_a_finding_that_stays_visible(action: str, document: object, deps):
    assert deps(action)[0] == 1
    file = written(Path(), document)
    code, out, _ = deps(action, "--vex", str(file), "--format", "json")
    (finding,) = json.loads(out)["findings"]
    assert (code, finding["status"], finding["acceptance"]["author"]) == (0, "waived", "ACME security")
    assert finding["acceptance"]["document"] == "vex.json"
    assert finding["acceptance"]["justification"] in finding["reason"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_who_waives_it_and_why(form: str, deps):
    written(Path(), openvex())
    code, out, _ = deps("check", "--vex", "vex.json", "--format", form)
    assert code == 0
    assert "no known vulnerabilities" not in out
    for text in ("PYSEC-2024-38", "ACME security", "vulnerable_code_not_in_execute_path"):
        assert text in out.replace("\\", "")


@pytest.mark.parametrize("form", [*FORMS, "ci"])
def test_every_form_names_what_was_not_applied(form: str, deps):
    written(Path(), openvex(statement("not_affected", "pkg:oci/shop@sha256%3A1")))
    asked = ("--ci-mode",) if form == "ci" else ("--format", form)
    code, out, _ = deps("check", "--vex", "vex.json", *asked)
    assert code == 1
    assert "oci" in out
    assert "shop" in out


def test_the_latest_of_two_documents_counts(deps):
    written(Path(), openvex(), "old.json")
    written(Path(), openvex(statement("affected"), timestamp="2026-02-01T00:00:00Z"), "new.json")
    assert deps("check", "--vex", "new.json", "--vex", "old.json")[0] == 1
    assert deps("check", "--vex", "old.json")[0] == 0


def test_the_configuration_names_documents_and_an_option_replaces_them(deps, monkeypatch: pytest.MonkeyPatch):
    written(Path(), openvex(), "one.json")
    written(Path(), cyclonedx(vulnerability("in_triage")), "two.json")
    monkeypatch.setenv("BOOMBAP_DEPS_VEX", "one.json")
    assert deps("check")[0] == 0
    assert deps("check", "--vex", "")[0] == 0
    assert deps("check", "--vex", "two.json")[0] == 1
    monkeypatch.setenv("BOOMBAP_DEPS_VEX", "one.json,two.json")
    assert deps("check")[0] == 1


@pytest.mark.parametrize("action", ["audit", "check", "report"])
def test_a_malformed_document_ends_the_run(action: str, deps):
    written(Path(), openvex(statement(justification=None)))
    with pytest.raises(ConfigError, match="without a justification") as caught:
        deps(action, "--vex", "vex.json")
    assert caught.value.exit_code == 2


def test_control_characters_of_a_document_never_leave(deps):
    written(Path(), openvex(statement(impact_statement="a\x1b[31m\u202e"), author="x\r\n::error::y"))
    for form in FORMS:
        out = deps("check", "--vex", "vex.json", "--format", form)[1]
        assert not [character for character in out if character != "\n" and ord(character) < 32]
        assert "\n::error::" not in out
