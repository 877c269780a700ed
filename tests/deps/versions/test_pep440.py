from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from boombap.deps.versions.key import sort_key
from boombap.deps.versions.pep440 import key

NUMBER = st.integers(0, 120).map(str) | st.sampled_from(["00", "007", "20240101", "1" * 30])
SEPARATOR = st.sampled_from(["", ".", "-", "_"])
RELEASE = st.lists(NUMBER, min_size=1, max_size=5).map(".".join)
PRE_WORDS = ["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "RC"]
PRE = st.builds("".join, st.tuples(SEPARATOR, st.sampled_from(PRE_WORDS), NUMBER))
POST = st.builds("".join, st.tuples(SEPARATOR, st.sampled_from(["post", "rev", "r"]), NUMBER))
DEV = st.builds("".join, st.tuples(SEPARATOR, st.just("dev"), NUMBER | st.just("")))
LOCAL = st.lists(st.sampled_from(["1", "10", "2", "abc", "ABC", "a1", "ubuntu", "0"]), min_size=1, max_size=3).map(
    lambda parts: "+" + ".".join(parts)
)
EMPTY = st.just("")
VERSION = st.builds(
    lambda *parts: "".join(parts),
    EMPTY | st.just("v"),
    EMPTY | NUMBER.map(lambda number: f"{number}!"),
    RELEASE,
    EMPTY | PRE,
    EMPTY | POST | NUMBER.map(lambda number: f"-{number}"),
    EMPTY | DEV,
    EMPTY | LOCAL,
)


def sign(left: object, right: object) -> int:
    return (left > right) - (left < right)  # type: ignore[operator]


@given(VERSION, VERSION)
def test_orders_as_packaging_does(left: str, right: str):
    assert sign(key(left), key(right)) == sign(Version(left), Version(right))


@given(st.lists(VERSION, min_size=2, max_size=8))
def test_sorts_as_packaging_does(versions: list[str]):
    assert [Version(v) for v in sorted(versions, key=key)] == sorted(map(Version, versions))


@given(st.text("01a.b-c+!_ devpostrc", min_size=1, max_size=12))
def test_takes_for_modern_what_packaging_takes(text: str):
    try:
        Version(text)
        is_modern = True
    except ValueError:
        is_modern = False
    assert key(text).startswith("!") != is_modern


LEGACY = ["0.5m4", "2004d", "1.0-final-x", "0.8.1.2-1-x", "dev-r123", "3.2.pl0", "unknown", "1.0.0-beta.x"]


@pytest.mark.parametrize("version", LEGACY)
def test_a_legacy_version_comes_before_every_modern_one(version: str):
    assert key(version) < key("0.dev0")


def test_legacy_versions_keep_the_order_of_setuptools():
    assert key("0.5m4") < key("0.5m5") < key("0.6m1")
    assert key("3.1.pl0-x") < key("3.2.pl0-x")


@pytest.mark.parametrize("version", ["", " ", "1\n2", "\x1b[1m", "1" * 300, "1." + "9" * 79])
def test_no_version_has_no_key(version: str):
    assert sort_key("PyPI", version) is None


# Read before `isolated` takes the setting away.
DATA = Path(os.environ.get("BOOMBAP_DATA") or Path(__file__).parents[4] / "shared" / "data") / "osv"


@pytest.mark.skipif(not (DATA / "PyPI/all.zip").exists(), reason="needs the real advisories, see BOOMBAP_DATA")
def test_real_versions_sort_as_packaging_sorts_them():
    versions: set[str] = set()
    with zipfile.ZipFile(DATA / "PyPI/all.zip") as archive:
        for name in archive.namelist()[::4]:
            for affected in json.loads(archive.read(name))["affected"]:
                versions.update(affected.get("versions", ()))
    modern = sorted(version for version in versions if not key(version).startswith("!"))
    assert len(modern) > 3_000
    by_key = sorted(modern, key=key)
    assert [Version(version) for version in by_key] == sorted(map(Version, modern))
