from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.versions.key import sort_key

WORD = st.sampled_from(["alpha", "beta", "rc", "a-b", "x1", "0a", "--", "1-2"])
NUMBER = st.integers(0, 2000).map(str)
PRE = st.lists(WORD | NUMBER, max_size=4)
VERSION = st.tuples(st.integers(0, 300), st.integers(0, 20), st.integers(0, 20), PRE)


def text(version: tuple[int, int, int, list[str]]) -> str:
    *numbers, pre = version
    return ".".join(map(str, numbers)) + ("-" + ".".join(pre) if pre else "")


def rises(ecosystem: str, versions: list[str]) -> bool:
    keys = [sort_key(ecosystem, version) or "" for version in versions]
    return all(left < right for left, right in pairwise(keys))


def precedence(version: tuple[int, int, int, list[str]]) -> tuple[object, ...]:
    """Give the order of semver.org, item 11, written down a second time and in another way."""
    *numbers, pre = version
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre]
    return (numbers, not pre, parts)


@given(VERSION, VERSION)
def test_orders_as_the_specification_says(left, right):
    ours = [sort_key("npm", text(version)) for version in (left, right)]
    theirs = [precedence(version) for version in (left, right)]
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])


def test_the_example_of_the_specification():
    rising = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
    ]
    assert rises("crates.io", rising)


@pytest.mark.parametrize(
    ("left", "right"), [("1.2", "1.2.0"), ("v1.2.3", "1.2.3"), ("=1.0.0", "1.0.0"), ("1.0.0+a", "1.0.0+b")]
)
def test_spellings_of_one_version_are_equal(left: str, right: str):
    assert sort_key("npm", left) == sort_key("npm", right)


GO_RISING = [
    "v0.0.0-20180904163835-0709b304e793",
    "v0.0.0-20190308221718-c2843e01d9a2",
    "v0.1.0-rc.1",
    "v0.1.0",
    "v0.1.1-0.20200101000000-abcdefabcdef",
    "v0.1.1",
    "v2.0.0+incompatible",
    "v2.0.1",
]


def test_pseudo_versions_and_incompatible_ones_of_go():
    assert rises("Go", GO_RISING)
    assert sort_key("Go", "v2.0.0+incompatible") == sort_key("Go", "2.0.0")


def test_releases_of_go_itself():
    rising = ["go1.9", "1.20.0-0", "go1.20beta1", "go1.20rc1", "go1.20rc2", "go1.20", "go1.20.1"]
    assert rises("Go", rising)


@pytest.mark.parametrize("version", ["", "latest", "1.x", "*", "^1.0.0", "1.0.0-", "1..0", "file:../x", "1.0.0-a..b"])
def test_what_is_no_version_has_no_key(version: str):
    assert sort_key("npm", version) is None
