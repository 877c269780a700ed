"""What `deps vex` states: valid by each format, honest about what nobody decided, and the same when it is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from boombap.cli import sections
from boombap.command.dispatch import run_tool
from boombap.deps.acceptance import JUSTIFICATIONS
from boombap.deps.cli import TOOL
from boombap.deps.vex import cyclonedx as cyclonedx_reader
from boombap.deps.vex.read import load
from boombap.errors import ConfigError, UsageError
from boombap.interrupt import Interrupt
from deps.osv import TRUTH, database, record
from deps.vex.documents import cyclonedx, openvex, statement, vulnerability, written

if TYPE_CHECKING:
    from collections.abc import Callable

    Done = tuple[int, str, str]

FORMS = ("openvex", "cyclonedx")
REASON = JUSTIFICATIONS[2]
MALWARE = record("MAL-1", "evil", {"introduced": "0"})
WAIVER = (
    '[[waiver]]\nid = "CVE-2024-24762"\nsubject = "fastapi"\nreason = "no forms"\nowner = "api team"\nexpires = {}\n'
)
DOCUMENT_KEYS = {"@context", "@id", "author", "timestamp", "version", "tooling", "statements"}
STATEMENT_KEYS = {"vulnerability", "products", "status", "justification", "impact_statement", "status_notes",
                  "action_statement"}  # fmt: skip


@pytest.fixture
def deps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, [*TRUTH, MALWARE]))
    monkeypatch.setenv("BOOMBAP_DEPS_VEX_AUTHOR", "ACME security")
    Path("requirements.txt").write_text("fastapi==0.104.1\n", encoding="utf-8")

    def run(*words: str) -> Done:
        code = run_tool(TOOL, words, prog="deps", interrupt=Interrupt(), scope=sections.names)
        return (code, *capsys.readouterr())

    return run


def waive(*, expires: str = "2999-01-01", justification: str = "") -> str:
    more = f'justification = "{justification}"\n' if justification else ""
    Path("waivers.toml").write_text(WAIVER.format(expires) + more, encoding="utf-8")
    return "--waivers=waivers.toml"


def only_statement(text: str) -> dict[str, Any]:
    document = json.loads(text)
    (found,) = document["statements"] if "statements" in document else document["vulnerabilities"]
    return found


def check_openvex(document: dict[str, Any]) -> None:
    """Hold a document against the JSON schema of OpenVEX 0.2.0: no other keys, and one reason only."""
    assert set(document) == DOCUMENT_KEYS
    assert document["@context"] == "https://openvex.dev/ns/v0.2.0"
    assert document["@id"].startswith("urn:uuid:")
    for found in document["statements"]:
        assert set(found) <= STATEMENT_KEYS
        assert (len({"justification", "impact_statement"} & set(found)) == 1) == (found["status"] == "not_affected")
        assert ("action_statement" in found) == (found["status"] == "affected")
    texts = [json.dumps(found, sort_keys=True) for found in document["statements"]]
    assert len(texts) == len(set(texts))


def check(form: str, text: str) -> None:
    if form == "openvex":
        check_openvex(json.loads(text))
    else:
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.mark.parametrize(
    ("words", "states"),
    [
        ((), ("under_investigation", "in_triage")),
        (("accepted",), ("affected", "exploitable")),
        (("expired",), ("under_investigation", "in_triage")),
        ((REASON,), ("not_affected", "not_affected")),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_a_document_states_what_was_decided(
    form: str, words: tuple[str, ...], states: tuple[str, str], deps: Callable[..., Done]
):
    options = [waive(expires="2020-01-01" if word == "expired" else "2999-01-01",
                     justification=REASON if word == REASON else "") for word in words]  # fmt: skip
    code, out, err = deps("vex", "--format", form, *options)
    assert (code, err) == (0, "")
    check(form, out)
    found = only_statement(out)
    assert (found["status"] if form == "openvex" else found["analysis"]["state"]) == states[FORMS.index(form)]
    assert ("api team" in out) == (bool(words) and words != ("expired",))
    written(Path(), out, "own.json")
    assert load([Path("own.json")]).unapplied == ()
    assert deps("check", "--vex", "own.json")[0] == (0 if words == (REASON,) else 1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("justification", [*JUSTIFICATIONS, *cyclonedx_reader.JUSTIFICATIONS])
def test_every_justification_is_written_in_both_formats(form: str, justification: str, deps: Callable[..., Done]):
    if justification in JUSTIFICATIONS:
        written(Path(), openvex(statement(justification=justification)))
    else:
        written(Path(), cyclonedx(vulnerability(analysis={"justification": justification})))
    code, out, _ = deps("vex", "--format", form, "--vex", "vex.json")
    assert code == 0
    check(form, out)
    assert justification in out
    written(Path(), out, "own.json")
    assert deps("check", "--vex", "own.json")[0] == 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("status", "code"), [("fixed", 0), ("affected", 1), ("under_investigation", 1)])
def test_what_others_stated_is_passed_on(form: str, status: str, code: int, deps: Callable[..., Done]):
    written(Path(), openvex(statement(status)))
    out = deps("vex", "--format", form, "--vex", "vex.json")[1]
    check(form, out)
    written(Path(), out, "own.json")
    (found,) = load([Path("own.json")]).statements
    assert (found.status, found.author) == (status, "ACME security")
    assert deps("check", "--vex", "own.json")[0] == code


@pytest.mark.parametrize("form", FORMS)
def test_malware_is_affected(form: str, deps: Callable[..., Done]):
    Path("requirements.txt").write_text("evil==1\n", encoding="utf-8")
    out = deps("vex", "--format", form)[1]
    check(form, out)
    written(Path(), out, "own.json")
    assert [found.status for found in load([Path("own.json")]).statements] == ["affected"]


def test_the_vulnerability_has_its_cve_and_the_product_its_version(deps: Callable[..., Done]):
    found = only_statement(deps("vex")[1])
    assert found["vulnerability"] == {"name": "CVE-2024-24762", "aliases": ["PYSEC-2024-38"]}
    assert found["products"] == [
        {"@id": "pkg:pypi/fastapi@0.104.1", "identifiers": {"purl": "pkg:pypi/fastapi@0.104.1"}}
    ]


@pytest.mark.parametrize("form", FORMS)
def test_without_a_finding_nothing_is_written(form: str, deps: Callable[..., Done]):
    Path("requirements.txt").write_text("redis==5.3.1\n", encoding="utf-8")
    code, out, err = deps("vex", "--format", form, "--output", "own.json")
    assert (code, out, Path("own.json").exists()) == (1, "", False)
    assert "no document is written" in err


def test_an_incomplete_audit_says_so_and_is_no_verdict(deps: Callable[..., Done]):
    Path("requirements.txt").write_text("fastapi==0.104.1\nflask\n", encoding="utf-8")
    code, out, err = deps("vex")
    assert (code, only_statement(out)["status"]) == (4, "under_investigation")
    assert "could not be audited" in err


@pytest.mark.parametrize("author", ["", " "])
def test_an_author_is_needed_and_the_option_comes_first(
    author: str, deps: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
):
    assert json.loads(deps("vex", "--author", "api team")[1])["author"] == "api team"
    monkeypatch.setenv("BOOMBAP_DEPS_VEX_AUTHOR", author)
    with pytest.raises(UsageError, match="needs an author"):
        deps("vex")


def test_a_waiver_with_an_unknown_justification(deps: Callable[..., Done]):
    option = waive(justification="because")
    with pytest.raises(ConfigError, match="justification must be one of component_not_present"):
        deps("vex", option)
