from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.audit import audit
from boombap.deps.package_names import normalise
from deps.osv import HIGH, LOW, TRUTH, database, needs, reading, record, scored

if TYPE_CHECKING:
    from pathlib import Path

FIXED = ({"introduced": "0"}, {"fixed": "2"})


def test_the_ground_truth(tmp_path: Path):
    asked = reading(needs("redis", "5.3.1", line=3), needs("black", "23.12.1", line=2), needs("FastAPI", "0.104.1"))
    found = audit(asked, database(tmp_path, TRUTH), now_s=0)
    assert [(one.dependency.name, one.id, one.aliases, one.severity.score, one.fixed) for one in found.findings] == [
        ("FastAPI", "PYSEC-2024-38", ("CVE-2024-24762",), 7.5, ("0.109.1",)),
        ("black", "PYSEC-2024-48", ("CVE-2024-21503",), None, ("24.3.0",)),
    ]
    assert [one.severity.level for one in found.findings] == ["high", "unknown"]
    assert (found.coverage.audited, found.coverage.unknown_severity, found.coverage.skipped) == (3, 1, ())


def test_aliases_make_one_finding_a_package_and_two_packages_make_two(tmp_path: Path):
    records = [
        record("PYSEC-1", "left", *FIXED, aliases=["CVE-1"]),
        record("GHSA-1", "left", {"introduced": "0"}, {"fixed": "3"}, aliases=["CVE-1"], severity=scored(HIGH)),
        record("PYSEC-2", "right", *FIXED, aliases=["CVE-1"], severity=scored(LOW)),
    ]
    found = audit(reading(needs("left", "1"), needs("right", "1")), database(tmp_path, records), now_s=0).findings
    assert [(one.dependency.name, one.id, one.severity.level, one.advisories) for one in found] == [
        ("left", "PYSEC-1", "high", ("GHSA-1", "PYSEC-1")),
        ("right", "PYSEC-1", "low", ("PYSEC-2",)),
    ]
    # 2 is fixed for one of the two records only.
    assert found[0].fixed == ("3",)


def test_a_severity_is_lent_by_an_alias_record(tmp_path: Path):
    records = [
        record("PYSEC-1", "left", *FIXED, aliases=["CVE-1"]),
        record("GHSA-1", "elsewhere", *FIXED, aliases=["CVE-1"], severity=scored(HIGH)),
    ]
    (one,) = audit(reading(needs("left", "1")), database(tmp_path, records), now_s=0).findings
    assert (one.severity.score, one.severity.basis) == (7.5, "alias GHSA-1")


def test_a_go_module_of_a_package_url_is_found_in_any_case(tmp_path: Path):
    """The package URL specification writes them in lower case, the advisories as the module path has it."""
    records = [
        record("GO-1", "github.com/0xJacky/Nginx-UI", *FIXED, ecosystem="Go"),
        record("GO-2", "github.com/lower/case", *FIXED, ecosystem="Go"),
    ]
    names = ("github.com/0xjacky/nginx-ui", "github.com/0xJacky/Nginx-UI", "github.com/lower/case", "github.com/other")
    found = audit(reading(*(needs(name, "v1.0.0", "Go") for name in names)), database(tmp_path, records, "Go"), now_s=0)
    assert {(one.dependency.name, one.id) for one in found.findings} == {
        (names[0], "GO-1"),
        (names[1], "GO-1"),
        (names[2], "GO-2"),
    }


def test_what_was_withdrawn_neither_matches_nor_joins_groups(tmp_path: Path):
    records = [
        record("PYSEC-1", "left", *FIXED, aliases=["CVE-1"]),
        record("PYSEC-2", "left", *FIXED, aliases=["CVE-2"]),
        record("GHSA-9", "left", *FIXED, aliases=["CVE-1", "CVE-2"], withdrawn="2026-01-01T00:00:00Z"),
    ]
    found = audit(reading(needs("left", "1")), database(tmp_path, records), now_s=0).findings
    assert [one.id for one in found] == ["PYSEC-1", "PYSEC-2"]


def test_malware_comes_first_whatever_its_severity(tmp_path: Path):
    package = {"ecosystem": "PyPI", "name": "zzz"}
    records = [
        record("PYSEC-1", "aaa", *FIXED, severity=scored("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")),
        {**record("MAL-2026-1"), "affected": [{"package": package, "versions": ["1.0"]}]},
    ]
    found = audit(reading(needs("aaa", "1"), needs("zzz", "1")), database(tmp_path, records), now_s=0).findings
    assert [(one.id, one.kind) for one in found] == [("MAL-2026-1", "malicious"), ("PYSEC-1", "vulnerability")]


def test_advisories_without_a_comparable_version_are_named(tmp_path: Path):
    git = {"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}
    records = [record("PYSEC-1") | {"affected": [{"package": {"ecosystem": "PyPI", "name": "left"}, "ranges": [git]}]}]
    coverage = audit(reading(needs("left", "1")), database(tmp_path, records), now_s=0).coverage
    (one,) = coverage.unassessable
    assert one.what == "PYSEC-1 on left 1"
    assert "only git ranges" in one.reason


def test_one_version_in_two_files_is_one_finding_with_both_places(tmp_path: Path):
    dev = needs("fastapi", "0.104.1", line=9, scope="dev")
    found = audit(reading(dev, needs("FastAPI", "0.104.1", line=2)), database(tmp_path, TRUTH), now_s=0)
    (one,) = found.findings
    assert (one.dependency.line, one.dependency.scope, [also.line for also in one.also]) == (2, "runtime", [9])
    assert found.coverage.audited == 1


def test_what_has_no_database_or_no_version_is_skipped_and_said(tmp_path: Path):
    asked = reading(needs("left", "1", "npm"), needs("fastapi", "\x1b[1m"), needs("x", "1", "Hex"))
    coverage = audit(asked, database(tmp_path, TRUTH), now_s=0).coverage
    assert coverage.missing == ("Hex", "npm")
    assert coverage.audited == 0
    assert [one.reason.split(":")[0] for one in coverage.skipped] == [
        "Hex is not an ecosystem that is audited here",
        "'\\x1b[1m' is not a valid PyPI version",
        "no advisory database for npm",
    ]


def test_no_folder_at_all(tmp_path: Path):
    coverage = audit(reading(needs("fastapi", "1")), str(tmp_path / "none"), now_s=0).coverage
    assert (coverage.audited, coverage.missing) == (0, ("PyPI",))


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "events"),
    [
        ("npm", "@scope/left-pad", "1.0.0-rc.1", [{"introduced": "0"}, {"fixed": "1.0.0"}]),
        ("crates.io", "serde", "1.0.9", [{"introduced": "0.0.0-0"}, {"fixed": "1.0.10"}]),
        ("Go", "golang.org/x/text", "v0.0.0-20200101000000-abcdefabcdef", [{"introduced": "0"}, {"fixed": "0.3.3"}]),
        ("Go", "github.com/a/b", "v2.0.0+incompatible", [{"introduced": "2.0.0"}, {"fixed": "2.0.1"}]),
        ("RubyGems", "rails", "7.0.0.rc1", [{"introduced": "0"}, {"fixed": "7.0.0"}]),
        ("Maven", "org.x:y", "1.0-SNAPSHOT", [{"introduced": "0"}, {"fixed": "1.0"}]),
        ("Packagist", "symfony/http", "v5.4.0-RC1", [{"introduced": "0"}, {"fixed": "5.4.0"}]),
    ],
)
def test_each_ecosystem(ecosystem: str, name: str, version: str, events: list[dict[str, str]], tmp_path: Path):
    folder = database(tmp_path, [record("X-1", name, *events, ecosystem=ecosystem)], ecosystem)
    asked = reading(needs(name, version, ecosystem), needs(name, "99.0.0", ecosystem))
    assert [one.dependency.version for one in audit(asked, folder, now_s=0).findings] == [version]


@pytest.mark.parametrize("name", ["Zope.Interface", "zope-interface", "ZOPE__interface", "zope.-_interface"])
def test_names_are_compared_as_pypi_does(name: str, tmp_path: Path):
    folder = database(tmp_path, [record("X-1", "zope.interface", *FIXED)])
    assert audit(reading(needs(name, "1")), folder, now_s=0).findings


@given(st.text(max_size=20), st.sampled_from(["PyPI", "npm", "Go", "Packagist"]))
def test_normalising_twice_changes_nothing(name: str, ecosystem: str):
    once = normalise(ecosystem, name)
    assert normalise(ecosystem, once) == once
