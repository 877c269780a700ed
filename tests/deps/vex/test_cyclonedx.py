"""What the analysis of a vulnerability in CycloneDX states, and about which components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from boombap.deps.vex.model import Product, VexStatements
from boombap.deps.vex.read import load
from boombap.errors import ConfigError
from deps.vex.documents import PURL, cyclonedx, vulnerability, written

if TYPE_CHECKING:
    from pathlib import Path

HERE = Product("PyPI", "fastapi", "0.104.1")


def read(folder: Path, *vulnerabilities: dict[str, Any], **more: Any) -> VexStatements:
    return load([written(folder, cyclonedx(*vulnerabilities, **more))])


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("resolved", "fixed"),
        ("resolved_with_pedigree", "fixed"),
        ("exploitable", "affected"),
        ("in_triage", "under_investigation"),
        ("false_positive", "not_affected"),
        ("not_affected", "not_affected"),
    ],
)
def test_every_state_has_its_status(tmp_path: Path, state: str, status: str):
    (one,) = read(tmp_path, vulnerability(state)).statements
    assert (one.status, one.products, one.author) == (status, (HERE,), "ACME security")


def test_other_ids_of_the_vulnerability_count(tmp_path: Path):
    (one,) = read(tmp_path, vulnerability(references=[{"id": "GHSA-1", "source": {"name": "GitHub"}}])).statements
    assert one.ids == ("CVE-2024-24762", "GHSA-1")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (vulnerability("harmless"), "unknown state 'harmless'"),
        (vulnerability(analysis={"state": ""}), "lacks state"),
        (vulnerability(analysis={"justification": "because"}), "unknown justification 'because'"),
        (vulnerability(analysis={"justification": ""}), "not_affected without a justification or a detail"),
        (vulnerability("false_positive", analysis={"justification": ""}), "false_positive without a justification"),
        (vulnerability(analysis={"lastUpdated": "soon"}), "that is not a time"),
        (vulnerability(id=None), "lacks id"),
        (vulnerability(affects=[]), "names no component in affects"),
        (vulnerability(affects=[{}]), "lacks ref"),
        (vulnerability(affects="app-1"), "not a list of objects"),
    ],
)
def test_a_vulnerability_that_cannot_be_understood(tmp_path: Path, broken: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message) as caught:
        read(tmp_path, vulnerability(), broken)
    assert "vulnerability 2" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"specVersion": "1.3"}, "specVersion that is not one of"),
        ({"specVersion": None}, "specVersion that is not one of"),
        ({"vulnerabilities": []}, "no vulnerability with an analysis"),
        ({"vulnerabilities": [{"id": "CVE-1"}]}, "no vulnerability with an analysis"),
        ({"metadata": "x"}, "metadata that is not an object"),
        ({"metadata": {"timestamp": "x"}}, "that is not a time"),
    ],
)
def test_a_document_that_cannot_be_understood(tmp_path: Path, change: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, **change)


@pytest.mark.parametrize(
    "ref", [PURL, "urn:cdx:3e67/1#pkg:pypi/fastapi@0.104.1", "urn:cdx:3e67/1#pkg%3Apypi/fastapi%400.104.1"]
)
def test_a_reference_may_be_a_package_url(tmp_path: Path, ref: str):
    (one,) = read(tmp_path, vulnerability(ref=ref)).statements
    assert one.products == (HERE,)


def test_a_component_of_a_component_and_its_version_count(tmp_path: Path):
    inner = {"bom-ref": "deep", "name": "fastapi", "version": "0.104.1", "purl": "pkg:pypi/fastapi"}
    found = read(tmp_path, vulnerability(ref="deep"), components=[{"name": "x", "components": [inner]}])
    assert found.statements[0].products == (HERE,)


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("unknown", "no package URL"),
        ("urn:cdx:3e67/1#app-1", "no package URL"),
        ("pkg:deb/debian/openssl@1", "type deb"),
        (f"{PURL}?arch=x", "qualifiers"),
    ],
)
def test_a_component_that_cannot_be_compared_is_named(tmp_path: Path, ref: str, reason: str):
    found = read(tmp_path, vulnerability(ref=ref))
    assert found.statements[0].products == ()
    assert reason in found.unapplied[0].reason


@pytest.mark.parametrize(
    ("state", "versions", "products"),
    [
        ("not_affected", [{"version": "0.104.1", "status": "unaffected"}], (HERE,)),
        ("not_affected", [{"version": "0.104.1", "status": "affected"}], ()),
        ("not_affected", [{"version": "0.104.1"}], ()),
        ("not_affected", [{"version": "0.105", "status": "unaffected"}], ()),
        ("not_affected", [{"range": "vers:pypi/<1", "status": "unaffected"}], ()),
        ("not_affected", [{"version": "0.104.1", "status": "unaffected"}, {"version": "0.104.1"}], ()),
        ("exploitable", [{"version": "0.104.1", "status": "affected"}], (HERE,)),
        ("exploitable", [{"version": "0.104.1"}], (HERE,)),
        ("exploitable", [{"version": "0.104.1", "status": "unaffected"}], ()),
        ("exploitable", [{"range": "vers:pypi/<1", "status": "affected"}], (HERE.replace(version=""),)),
    ],
)
def test_versions_narrow_what_waives_and_nothing_else(
    tmp_path: Path, state: str, versions: list[dict[str, str]], products: tuple[Product, ...]
):
    found = read(tmp_path, vulnerability(state, target={"versions": versions}))
    assert found.statements[0].products == products
    assert len(found.unapplied) == (state == "not_affected" and not products)


def test_without_a_time_nothing_is_made_up(tmp_path: Path):
    found = read(tmp_path, vulnerability(), metadata={})
    assert (found.statements[0].issued_s, found.statements[0].issued) == (None, "")
    assert found.statements[0].author == "an author that it does not name"
