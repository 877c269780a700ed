"""Which statement holds for a finding."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from boombap.deps.gate.policy import Policy
from boombap.deps.gate.verdict import exit_code, judge
from boombap.deps.model import Audit, Coverage, Finding, Severity
from boombap.deps.vex.decide import acceptance_of
from boombap.deps.vex.model import STATUSES, Product, VexStatement, VexStatements
from boombap.deps.vex.products import product_of
from deps.gate.test_policy import SOURCE, TODAY, waiver
from deps.osv import needs

FINDING = Finding(needs("fastapi", "0.104.1"), "PYSEC-1", ("CVE-1",), "a fault", Severity(7.5, "CVSS:3.1"))


def states(status: Any = "not_affected", purl: str = "pkg:pypi/fastapi@0.104.1", **more: Any) -> VexStatement:
    product = product_of(purl, status)
    assert isinstance(product, Product)
    base: dict[str, Any] = {"ids": ("CVE-1",), "products": (product,), "status": status, "justification": "x",
                            "text": "no forms", "author": "ACME", "document": "vex.json", "issued_s": 1.0}  # fmt: skip
    return VexStatement(**{**base, **more})


@pytest.mark.parametrize("status", STATUSES)
def test_only_not_affected_and_fixed_waive(status: str):
    verdict = judge(Audit((FINDING,), Coverage(1, sources=(SOURCE,))), Policy(), vex=VexStatements((states(status),)))
    waives = status in ("not_affected", "fixed")
    assert (verdict.waived, exit_code(verdict)) == (((FINDING,), 0) if waives else ((), 1))
    assert [(why.status, why.author, why.document) for why in verdict.acceptances] == (
        [(status, "ACME", "vex.json")] if waives else []
    )


@pytest.mark.parametrize(
    ("more", "applies"),
    [
        ({}, True),
        ({"ids": ("PYSEC-1",)}, True),
        ({"ids": ("CVE-2",)}, False),
        ({"ids": ("CVE-2", "CVE-1")}, True),
        ({"products": ()}, False),
        ({"purl": "pkg:pypi/fastapi"}, True),
        ({"purl": "pkg:pypi/FastAPI@0.104.1"}, True),
        ({"purl": "pkg:pypi/fastapi@0.104.1.0"}, True),
        ({"purl": "pkg:pypi/fastapi@0.104"}, False),
        ({"purl": "pkg:pypi/fastapi@0.104.1%2Blocal"}, False),
        ({"purl": "pkg:pypi/fastapi@latest"}, False),
        ({"purl": "pkg:pypi/fastapi-x@0.104.1"}, False),
        ({"purl": "pkg:npm/fastapi@0.104.1"}, False),
    ],
)
def test_a_statement_applies_by_vulnerability_and_product(more: dict[str, Any], applies: bool):
    assert (acceptance_of(FINDING, [states(**more)]) is not None) == applies


def test_package_urls_of_go_are_in_lower_case_and_may_have_a_v():
    found = FINDING.replace(dependency=needs("github.com/BurntSushi/toml", "1.2.0", "Go"))
    assert acceptance_of(found, [states(purl="pkg:golang/github.com/burntsushi/toml@v1.2.0")])
    assert not acceptance_of(found, [states(purl="pkg:golang/github.com/burntsushi/toml@v1.2.1")])


@pytest.mark.parametrize(
    ("others", "waives"),
    [
        ([states("affected", issued_s=2.0)], False),
        ([states("affected", issued_s=0.5)], True),
        ([states("affected", issued_s=1.0)], False),
        ([states("affected", issued_s=None)], False),
        ([states("under_investigation", issued_s=2.0)], False),
        ([states("affected", purl="pkg:pypi/fastapi", issued_s=2.0)], False),
        ([states("affected", purl="pkg:pypi/fastapi@1", issued_s=2.0)], True),
        ([states("affected", issued_s=2.0), states("fixed", issued_s=3.0)], True),
    ],
)
def test_the_latest_statement_wins_in_any_order(others: list[VexStatement], waives: bool):
    for order in permutations([states(), *others]):
        assert (acceptance_of(FINDING, order) is not None) == waives


def test_a_statement_without_a_time_is_older_than_any_when_it_waives():
    undated = states(issued_s=None)
    assert acceptance_of(FINDING, [undated])
    assert not acceptance_of(FINDING, [undated, states("affected", issued_s=-1e9)])


def test_a_waiver_comes_first_and_vex_before_an_expired_one():
    audit, vex = Audit((FINDING,), Coverage(1, sources=(SOURCE,))), VexStatements((states(),))
    held = judge(audit, Policy(), waivers=[waiver()], today=TODAY, vex=vex)
    assert held.acceptances[0].reason == "waived by platform team until 2026-06-01: not reachable"
    old = judge(audit, Policy(), waivers=[waiver(expires=TODAY.replace(year=2020))], today=TODAY, vex=vex)
    assert (old.word, old.acceptances[0].status) == ("pass", "not_affected")
