"""Every form of one report: valid by its own schema, and deaf to what package names and summaries try."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from defusedxml import ElementTree

from boombap.deps.model import (
    UNKNOWN,
    Audit,
    Coverage,
    Dependency,
    Finding,
    Lint,
    Report,
    Severity,
    Skipped,
    Source,
    Verdict,
    Violation,
)
from boombap.deps.report import compliance, forms
from boombap.output.terminal import Terminal

NASTY = "evil\x1b[31m\r\n::error::x <script>alert(1)</script> | @team #1 `x` [a](b) %0A & \"q\" 'q' \u202e"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"


def dependency(name: str, line: int = 1, **more: Any) -> Dependency:
    return Dependency("PyPI", name, name, "1.0", "sub/req uirements.txt", line, **more)


def report(name: str = "fastapi", summary: str = "a fault", **verdict: Any) -> Report:
    one, two = dependency(name, 7), dependency("black", 0, scope="dev")
    high = Finding(one, "PYSEC-1", ("CVE-1",), summary, Severity(7.5, "CVSS:3.1", VECTOR), ("2.0",), "2026-01-01", 0.5,
                   also=(dependency(name, 9),))  # fmt: skip
    unknown = Finding(two, "PYSEC-2", (), summary, UNKNOWN)
    skipped = (Skipped(name, "not pinned to a version", "requirements.txt", 3, "write x==1"),)
    source = Source(
        "PyPI", 3119, 1_780_000_000, "2026-02-12T00:00:00Z", "ab" * 32, "sample", 7200, 7200, is_sample=True
    )
    coverage = Coverage(2, skipped, skipped, 1, (source,))
    lints = (Lint("orphan_hash", f"a hash of {name}", "requirements.txt", 4, "remove it"),)
    audit = Audit((high, unknown), coverage, ("requirements.txt",), lints, (one, two))
    answer = {"violations": (Violation("severity", f"PYSEC-1 on {name}", high),), "shown": ((unknown, "dev"),)}
    return Report(audit, Verdict(**{**answer, **verdict}), "2026-06-01T00:00:00Z", "0.1.0")


CLEAN = Report(Audit((), Coverage(2, sources=())), Verdict(), "2026-06-01T00:00:00Z", "0.1.0")
EMPTY = Report(
    Audit((), Coverage(0, missing=("PyPI",))),
    Verdict(gaps=(Violation("no_database", "no advisory database for PyPI"),)),
    "2026-06-01T00:00:00Z",
    "0.1.0",
)
FORMS = ("table", "json", "sarif", "cyclonedx", "junit", "markdown", "html", "annotations")


def text(given: Report, form: str) -> str:
    return "\n".join(forms.lines(given, form, Terminal(io.StringIO(), io.StringIO())))


@pytest.mark.parametrize("form", FORMS)
def test_no_form_says_clean_where_nobody_could_look(form: str):
    said = text(EMPTY, form)
    assert not re.search(r"no (known )?vulnerabilit", said)
    assert "no advisory database for PyPI" in said
    if form in ("table", "markdown", "html", "annotations"):
        assert "no known vulnerabilities in 2 packages" in text(CLEAN, form)


@pytest.mark.parametrize("form", FORMS)
def test_control_characters_never_leave(form: str):
    said = text(report(NASTY, NASTY), form)
    assert not [c for c in said if c != "\n" and ord(c) < 32]
    assert len(said.splitlines()) == len(text(report(), form).splitlines())


@pytest.mark.parametrize("form", ["table", "markdown", "html", "annotations"])
def test_text_direction_is_not_steered(form: str):
    assert "\u202e" not in text(report(NASTY, NASTY), form)


def test_workflow_commands_begin_only_where_we_begin_them():
    lines = text(report(NASTY, NASTY), "annotations").split("\n")
    assert [line[:8] for line in lines] == ["::error ", "::notice"]
    assert lines[0].startswith("::error file=sub/req uirements.txt,line=7,title=evil")
    head = lines[0].removeprefix("::error ").split("::")[0]
    assert [part.split("=")[0] for part in head.split(",")] == ["file", "line", "title"]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)


def test_html_holds_no_tag_from_outside():
    tags = Tags()
    tags.feed(text(report(NASTY, NASTY), "html"))
    assert tags.seen == {"html", "head", "meta", "title", "style", "body", "h1", "p", "strong", "table", "tr", "th",
                         "td", "ul", "li"}  # fmt: skip


def test_markdown_cells_stay_cells_and_call_nobody():
    said = text(report(NASTY, NASTY), "markdown")
    rows = [line for line in said.splitlines() if line.startswith("| high")]
    assert len(re.split(r"(?<!\\)\|", rows[0])) == 10
    assert "@team" not in said
    assert "<script" not in said
    assert "](" not in said


def test_junit_is_xml_with_the_counts_that_it_says():
    root = ElementTree.fromstring(text(report(NASTY, NASTY), "junit"))
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert len(suite.findall("testcase")) == 3
    assert len(suite.findall("testcase/failure")) == 1


@pytest.mark.parametrize(
    "given", [report(), report(NASTY, NASTY), CLEAN, EMPTY], ids=["plain", "nasty", "clean", "empty"]
)
def test_cyclonedx_validates(given: Report):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text(given, "cyclonedx")) is None


# The part of OASIS' SARIF 2.1.0 schema that is about what we write, with nothing else allowed.
LOCATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"uri": {"type": "string", "format": "uri-reference", "pattern": "^[^ \\\\]+$"}},
                },
                "region": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"startLine": {"type": "integer", "minimum": 1}},
                },
            },
        }
    },
}
MESSAGE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1}},
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RESULT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["message"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": -1},
        "level": LEVEL,
        "message": MESSAGE,
        "locations": {"type": "array", "items": LOCATION},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "properties": {"type": "object"},
        "suppressions": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["kind"],
                "properties": {
                    "kind": {"enum": ["inSource", "external"]},
                    "status": {"enum": ["accepted", "underReview", "rejected"]},
                    "justification": {"type": "string"},
                },
            },
        },
    },
}
RULE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "shortDescription": MESSAGE,
        "properties": {
            "type": "object",
            "properties": {"tags": {"type": "array", "uniqueItems": True, "items": {"type": "string"}}},
        },
    },
}
NOTIFICATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["message"],
    "properties": {"level": LEVEL, "message": MESSAGE},
}
SARIF = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["tool"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "version": {"type": "string", "pattern": "[0-9]+(\\.[0-9]+){3}|.*"},
                                    "semanticVersion": {"type": "string"},
                                    "rules": {"type": "array", "uniqueItems": True, "items": RULE},
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "properties": {"type": "object", "properties": {"tags": {"type": "array"}}},
                    "invocations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["executionSuccessful"],
                            "properties": {
                                "executionSuccessful": {"type": "boolean"},
                                "endTimeUtc": {"type": "string", "format": "date-time"},
                                "toolExecutionNotifications": {"type": "array", "items": NOTIFICATION},
                            },
                        },
                    },
                    "results": {"type": "array", "items": RESULT},
                },
            },
        },
    },
}


@pytest.mark.parametrize(
    "given", [report(), report(NASTY, NASTY), CLEAN, EMPTY], ids=["plain", "nasty", "clean", "empty"]
)
def test_sarif_validates_and_its_indexes_lead_to_the_rules(given: Report):
    log = json.loads(text(given, "sarif"))
    jsonschema.validate(log, SARIF, format_checker=jsonschema.FormatChecker())
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert len({rule["id"] for rule in rules}) == len(rules)


def test_sarif_names_the_line_in_the_file():
    results = json.loads(text(report(), "sarif"))["runs"][0]["results"]
    places = [one["physicalLocation"] for one in results[0]["locations"]]
    assert [place["region"]["startLine"] for place in places] == [7, 9]
    assert places[0]["artifactLocation"]["uri"] == "sub/req%20uirements.txt"
    assert [result["level"] for result in results] == ["error", "warning", "note"]


def test_json_is_a_document_with_every_finding_and_its_status():
    document = json.loads(text(report(), "json"))
    assert document["schema"] == "boombap.deps/1"
    assert [(one["id"], one["status"], one["severity"]["level"]) for one in document["findings"]] == [
        ("PYSEC-1", "blocks", "high"),
        ("PYSEC-2", "shown", "unknown"),
    ]
    assert document["skipped"][0]["pin"] == "write x==1"
    assert json.loads(text(EMPTY, "json"))["verdict"] == "unknown"


def test_a_sample_is_called_one():
    for form in ("table", "markdown", "html"):
        assert "made up for a demonstration" in text(report(), form)


@pytest.mark.parametrize("catalogue", compliance.CATALOGUES)
def test_evidence_judges_nobody(catalogue: str):
    for given in (report(), CLEAN, EMPTY):
        said = "\n".join(forms.compliance_lines(given, catalogue, "table"))
        assert "complian" not in said.lower().replace("--compliance", "")
        document = json.loads("\n".join(forms.compliance_lines(given, catalogue, "json")))
        assert document["controls"]
    assert "sha256 abab" in "\n".join(forms.compliance_lines(report(), catalogue, "table"))
    standings = {one.standing for one in compliance.controls(EMPTY, catalogue)}
    assert "evidence" not in standings


@pytest.mark.parametrize("catalogue", compliance.CATALOGUES)
@pytest.mark.parametrize("form", ["markdown", "html"])
def test_a_page_of_evidence_has_every_control_and_the_report_behind_it(catalogue: str, form: str):
    for given in (report(), CLEAN, EMPTY):
        said = "\n".join(forms.compliance_lines(given, catalogue, form))
        plain = unescape(said).replace("\\", "")
        for control in compliance.controls(given, catalogue):
            for part in (control.id, control.title, control.standing, control.evidence, control.open):
                assert unescape(part) in plain
        assert compliance.CAVEAT in said
        assert text(given, form).splitlines()[-2] in said
        assert "complian" not in plain.lower().replace("--compliance", "")
    assert "sha256 abab" in "\n".join(forms.compliance_lines(report(), catalogue, form))


@pytest.mark.parametrize("catalogue", compliance.CATALOGUES)
def test_names_from_outside_stay_text_in_a_page_of_evidence(catalogue: str):
    source = report().audit.coverage.sources[0].replace(newest="<script>|\n@all\x1b[31m")
    given = report()
    coverage = given.audit.coverage.replace(sources=(source,))
    given = given.replace(audit=given.audit.replace(coverage=coverage))
    page = "\n".join(forms.compliance_lines(given, catalogue, "html"))
    assert ("<script" in page, "\x1b" in page, page.count("<html"), page.count("</html>")) == (False, False, 1, 1)
    lines = list(forms.compliance_lines(given, catalogue, "markdown"))
    assert not [line for line in lines if "<script" in line or "@all" in line or "\x1b" in line]
    rows = [line for line in lines if line.startswith("| ")]
    controls = rows[: 1 + len(compliance.controls(given, catalogue))]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in controls} == {6}


def test_the_controls_of_the_specification_are_there():
    ids = {one.id for catalogue in compliance.CATALOGUES for one in compliance.controls(report(), catalogue)}
    assert ids == {"A03:2025", "SCVS V1", "SCVS V2", "SCVS V5", "PW.4.1", "PW.4.4", "RV.1.1", "RV.1.2", "RV.2.1",
                   "RV.2.2", "PS.3.2", "RA-5", "SI-2", "SR-3", "SR-4", "CM-8"}  # fmt: skip
