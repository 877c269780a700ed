"""Each rule of OpenVEX 0.2.0 that a document can break, and what a valid one states."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from boombap.deps.acceptance import JUSTIFICATIONS
from boombap.deps.vex.model import Product, VexStatements
from boombap.deps.vex.read import load
from boombap.errors import ConfigError
from deps.vex.documents import PURL, openvex, product, statement, written

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, *statements: dict[str, Any], **more: Any) -> VexStatements:
    return load([written(folder, openvex(*statements, **more))])


def test_a_statement_has_what_the_document_says(tmp_path: Path):
    vulnerability = {"name": "CVE-1", "aliases": ["GHSA-1", "CVE-1"]}
    found = read(tmp_path, statement(vulnerability=vulnerability, impact_statement="no forms"))
    (one,) = found.statements
    assert (one.ids, one.products) == (("CVE-1", "GHSA-1"), (Product("PyPI", "fastapi", "0.104.1"),))
    assert (one.status, one.text, one.author) == ("not_affected", "no forms", "ACME security")
    assert (one.document, one.issued) == (str(tmp_path / "vex.json"), "2026-01-02T03:04:05Z")
    assert found.unapplied == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"@context": None}, "not a VEX document of a known format"),
        ({"@context": "https://openvex.dev/ns/v9"}, "is not OpenVEX 0.2.0"),
        ({"@context": 1}, "is not OpenVEX 0.2.0"),
        ({"@id": None}, "lacks @id"),
        ({"author": None}, "lacks author"),
        ({"author": " "}, "lacks author"),
        ({"author": 1}, "author that is not a text"),
        ({"timestamp": None}, "lacks timestamp"),
        ({"timestamp": "yesterday"}, "timestamp that is not a time"),
        ({"timestamp": "2026-01-01"}, "timestamp without a time of day or an offset"),
        ({"timestamp": "2026-01-01T00:00:00"}, "timestamp without a time of day or an offset"),
        ({"last_updated": "x"}, "last_updated that is not a time"),
        ({"version": None}, "version that is not a whole number"),
        ({"version": 0}, "version that is not a whole number"),
        ({"version": True}, "version that is not a whole number"),
        ({"version": "1"}, "version that is not a whole number"),
        ({"statements": None}, "has no statements"),
        ({"statements": []}, "has no statements"),
        ({"statements": {}}, "not a list of objects"),
        ({"statements": ["x"]}, "not a list of objects"),
    ],
)
def test_a_rule_about_the_document(tmp_path: Path, change: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message) as caught:
        read(tmp_path, **change)
    assert "vex.json" in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (statement(vulnerability=None), "lacks name"),
        (statement(vulnerability="CVE-1"), "vulnerability that is not an object"),
        (statement(vulnerability={"name": ""}), "lacks name"),
        (statement(vulnerability={"name": "CVE-1", "aliases": "CVE-2"}), "aliases that are not a list of texts"),
        (statement(status=None), "lacks status"),
        (statement("harmless"), "unknown status 'harmless'"),
        (statement("Not_Affected"), "unknown status"),
        (statement(justification=None), "not_affected without a justification or an impact_statement"),
        (statement(justification="because"), "unknown justification 'because'"),
        (statement(justification=["x"]), "justification that is not a text"),
        (statement("affected", action_statement=None), "lacks action_statement"),
        (statement(products=None), "names no product"),
        (statement(products=[]), "names no product"),
        (statement(products=["pkg:pypi/x"]), "not a list of objects"),
        (statement(products=[{}]), "a product without an identifier"),
        (statement(products=[{"@id": PURL, "subcomponents": "x"}]), "not a list of objects"),
        (statement(timestamp="soon"), "timestamp that is not a time"),
        (statement(last_updated="soon"), "last_updated that is not a time"),
    ],
)
def test_a_rule_about_a_statement_breaks_the_whole_document(tmp_path: Path, broken: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message) as caught:
        read(tmp_path, statement(), broken)
    assert "statement 2" in str(caught.value)


@pytest.mark.parametrize("justification", JUSTIFICATIONS)
def test_every_justification_is_known(tmp_path: Path, justification: str):
    (one,) = read(tmp_path, statement(justification=justification)).statements
    assert one.justification == justification


def test_an_impact_statement_is_enough(tmp_path: Path):
    (one,) = read(tmp_path, statement(justification=None, impact_statement="no forms here")).statements
    assert (one.justification, one.text, one.is_waiving) == ("", "no forms here", True)


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ({"@id": "https://example.org/app"}, "it is not a package URL"),
        ({"identifiers": {"cpe23": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"}}, "it is not a package URL"),
        ({"@id": "pkg:oci/app@sha256:1"}, "packages of the type oci are not audited here"),
        (product(subcomponents=[{"@id": "pkg:pypi/x@1"}]), "limited to subcomponents"),
        (product(f"{PURL}?file_name=x.whl"), "its qualifiers name one build"),
        (product(f"{PURL}#sub"), "its qualifiers name one build"),
        (product(identifiers={"purl": "pkg:pypi/flask@1"}), "its @id names another package"),
    ],
)
def test_a_product_that_cannot_be_compared_is_named(tmp_path: Path, component: dict[str, Any], reason: str):
    found = read(tmp_path, statement(products=[component, product("pkg:pypi/other@1")]))
    (note,) = found.unapplied
    assert reason in note.reason
    assert found.statements[0].products == (Product("PyPI", "other", "1"),)


def test_a_statement_that_does_not_waive_is_about_the_whole_package(tmp_path: Path):
    component = product(f"{PURL}?file_name=x.whl", subcomponents=[{"@id": "pkg:pypi/x@1"}])
    (one,) = read(tmp_path, statement("affected", products=[component])).statements
    assert one.products == (Product("PyPI", "fastapi", "0.104.1"),)


def test_the_identifier_of_a_product_may_be_a_package_url(tmp_path: Path):
    component = {"@id": "https://example.org/1", "identifiers": {"purl": PURL}}
    (one,) = read(tmp_path, statement(products=[component])).statements
    assert one.products == (Product("PyPI", "fastapi", "0.104.1"),)


def test_the_time_of_a_statement_is_its_own_latest(tmp_path: Path):
    own = statement(timestamp="2026-03-01T00:00:00+02:00", last_updated="2026-04-01T00:00:00Z")
    first, second = read(tmp_path, own, statement()).statements
    assert (first.issued, second.issued) == ("2026-04-01T00:00:00Z", "2026-01-02T03:04:05Z")
    assert (first.issued_s or 0) > (second.issued_s or 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not valid JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "not a VEX document of a known format"),
        ('{"document": {"category": "csaf_vex"}}', "not a VEX document of a known format"),
        ('{"predicateType": "https://openvex.dev/ns"}', "not a VEX document of a known format"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_another_file_is_not_a_document(tmp_path: Path, text: str, message: str):
    with pytest.raises(ConfigError, match=message):
        load([written(tmp_path, text)])


def test_a_statement_of_the_future_would_hold_against_all_later_ones(tmp_path: Path):
    issued = datetime.fromisoformat("2026-04-01T00:00:00+00:00").timestamp()
    for document in (openvex(statement(timestamp="2026-04-01T00:00:00Z")), openvex(timestamp="2026-04-01T00:00:00Z")):
        path = written(tmp_path, document)
        assert load([path], lambda: issued - 3600).statements
        with pytest.raises(ConfigError, match="has a statement of 2026-04-01T00:00:00Z, which is in the future"):
            load([path], lambda: issued - 3601)


def test_a_document_that_is_not_there(tmp_path: Path):
    with pytest.raises(ConfigError, match="No such file"):
        load([tmp_path / "none.json"])
    with pytest.raises(ConfigError, match="is not a regular file"):
        load([tmp_path])
