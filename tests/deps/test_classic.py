"""The plain audit, beside the native one on the same database."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.audit import audit as native_audit
from boombap.deps.classic import audit
from boombap.errors import ExternalError
from deps.osv import HIGH, LOW, TRUTH, database, needs, reading, record, scored

if TYPE_CHECKING:
    from boombap.deps.model import Audit, Dependency

FIXED = ({"introduced": "0"}, {"fixed": "2"})
RECORDS = [
    *TRUTH,
    record("PYSEC-1", "left", *FIXED, aliases=["CVE-1"], severity=scored(LOW)),
    record("GHSA-1", "left", {"introduced": "0"}, {"fixed": "3"}, aliases=["CVE-1"], severity=scored(HIGH)),
    record("PYSEC-2", "right", {"introduced": "1.0rc1"}, {"last_affected": "1.5"}),
    record("PYSEC-3", "twice", {"introduced": "1"}, {"fixed": "2"}, {"introduced": "3"}, {"fixed": "4"}),
    record("MAL-1", "Zope_Evil", {"introduced": "0"}),
]
VERSIONS = ["0.dev0", "0", "0.9", "1.0rc1", "1.0", "1.5", "1.5.post1", "2.0a1", "2", "2.0.1", "3", "3.9", "4", "1!0"]


def seen(audited: Audit) -> list[tuple[object, ...]]:
    return [
        (one.dependency.name, one.dependency.version, one.ids, one.severity, one.kind, one.advisories, one.summary)
        for one in audited.findings
    ]


def both(folder: str, *dependencies: Dependency) -> tuple[Audit, Audit]:
    asked = reading(*dependencies)
    return audit(asked, folder, time.time()), native_audit(asked, folder, now_s=time.time())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return database(tmp_path_factory.mktemp("classic"), RECORDS)


@pytest.mark.parametrize("text", VERSIONS)
def test_both_engines_find_the_same(folder: str, text: str) -> None:
    names = ("left", "right", "twice", "zope.evil", "FastAPI", "black", "redis", "unknown")
    classic, native = both(folder, *(needs(name, text) for name in names))
    assert sorted(map(repr, seen(classic))) == sorted(map(repr, seen(native)))
    assert classic.coverage.audited == native.coverage.audited == len(names)
    assert classic.coverage.unknown_severity == native.coverage.unknown_severity
    assert (classic.coverage.skipped, classic.coverage.missing) == ((), ())


@given(parts=st.lists(st.integers(0, 5), min_size=1, max_size=3), suffix=st.sampled_from(["", "a1", "rc2", ".post1"]))
def test_both_engines_compare_alike(folder: str, parts: list[int], suffix: str) -> None:
    text = ".".join(map(str, parts)) + suffix
    classic, native = both(folder, needs("twice", text), needs("right", text), needs("left", text))
    assert sorted(map(repr, seen(classic))) == sorted(map(repr, seen(native)))


def test_the_most_urgent_comes_first(folder: str) -> None:
    classic, native = both(folder, needs("left", "1"), needs("zope.evil", "1"), needs("black", "1"))
    assert [one.id for one in classic.findings] == [one.id for one in native.findings]


def test_a_fix_that_another_record_still_affects_is_what_it_cannot_know(folder: str) -> None:
    classic, native = both(folder, needs("left", "1"))
    assert (classic.findings[0].fixed, native.findings[0].fixed) == (("2", "3"), ("3",))
    classic, native = both(folder, needs("black", "23"))
    assert classic.findings[0].fixed == native.findings[0].fixed == ("24.3.0",)


def test_the_source_is_the_same(folder: str) -> None:
    (classic,), (native,) = (one.coverage.sources for one in both(folder, needs("left", "1")))
    ages = {"age_s": 0, "content_age_s": 0, "export_age_s": None}
    assert classic.replace(**ages) == native.replace(**ages)
    assert abs(classic.content_age_s - native.content_age_s) <= 1


def test_other_ecosystems_and_versions_are_named(folder: str) -> None:
    classic, _ = both(folder, needs("left", "1.0", "npm"), needs("left", "latest"), needs("left", "9"))
    assert [(one.what, one.reason) for one in classic.coverage.skipped] == [
        ("left", "the classic engine compares versions of PyPI only"),
    ] * 2
    assert (classic.coverage.audited, classic.findings) == (1, ())


def test_an_advisory_without_versions_is_named(tmp_path: Path) -> None:
    bare: dict[str, Any] = record("PYSEC-9", "left", {"introduced": "0"})
    bare["affected"][0]["ranges"][0] |= {"type": "GIT", "repo": "https://example.org/left"}
    classic, native = both(database(tmp_path, [bare, record("PYSEC-8", "other", *FIXED)]), needs("left", "1"))
    assert (len(classic.coverage.unassessable), len(native.coverage.unassessable)) == (1, 1)
    assert classic.findings == native.findings == ()


def test_the_same_package_in_two_files_is_one_finding(folder: str) -> None:
    (found,) = audit(reading(needs("black", "1"), needs("Black", "1", line=7)), folder, 0).findings
    assert (found.dependency.line, [one.line for one in found.also]) == (1, [7])


@pytest.mark.parametrize("fault", ["missing", "empty", "text", "fewer"])
def test_a_database_that_is_not_whole_is_never_clean(tmp_path: Path, fault: str) -> None:
    place = Path(database(tmp_path, RECORDS), "PyPI.advisories")
    if fault == "missing":
        place.unlink()
    elif fault == "fewer":
        with closing(sqlite3.connect(place)) as connection, connection:
            connection.execute("DELETE FROM advisories WHERE name = 'PYSEC-2024-48'")
    else:
        place.write_text("" if fault == "empty" else "no database\n" * 500)
    with pytest.raises(ExternalError, match="is missing or damaged"):
        audit(reading(needs("black", "1")), str(place.parent), 0)
