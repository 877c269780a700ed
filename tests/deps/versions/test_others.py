"""RubyGems, Packagist and Maven: each against the order that its documentation gives, or against a second writing."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.model import ECOSYSTEMS
from boombap.deps.versions.key import sort_key


def gem_segments(version: str) -> list[int | str]:
    parts: list[int | str] = [
        int(part) if part.isdigit() else part for part in re.findall(r"[0-9]+|[a-z]+", version.replace("-", ".pre."))
    ]
    first = next((at for at, part in enumerate(parts) if isinstance(part, str)), len(parts))
    return [*drop_zeros(parts[:first]), *drop_zeros(parts[first:])]


def drop_zeros(parts: list[int | str]) -> list[int | str]:
    while parts and parts[-1] == 0:
        parts = parts[:-1]
    return parts


def gem_compare(left: str, right: str) -> int:
    """Do what rubygems/version.rb does in `<=>`."""
    ours, theirs = gem_segments(left), gem_segments(right)
    for at in range(max(len(ours), len(theirs))):
        a = ours[at] if at < len(ours) else 0
        b = theirs[at] if at < len(theirs) else 0
        if a == b:
            continue
        if isinstance(a, str) != isinstance(b, str):
            return -1 if isinstance(a, str) else 1
        return -1 if a < b else 1  # type: ignore[operator]
    return 0


PART = st.sampled_from(["0", "00", "1", "2", "10", "a", "b", "rc", "rc1", "pre"])
GEM = st.builds(
    lambda first, rest, tail: first + "".join(f".{part}" for part in rest) + tail,
    st.sampled_from(["0", "1", "2"]),
    st.lists(PART, max_size=5),
    st.sampled_from(["", "-1", "-x", "-java"]),
)


@given(GEM, GEM)
def test_gems_order_as_rubygems_does(left: str, right: str):
    a, b = sort_key("RubyGems", left), sort_key("RubyGems", right)
    assert a is not None
    assert b is not None
    assert (a > b) - (a < b) == gem_compare(left, right)


RISING = {
    "Maven": (
        "1-alpha-1 1-alpha2 1-b3 1-milestone-1 1-rc 1-SNAPSHOT 1 1-sp 1-foo2 1-foo10 1-1 1-2 1.1 "
        "1.2-jre 1.10 2.0.1 3-rc1 3"
    ),
    "Packagist": "1.0.0-dev 1.0.0-alpha1 1.0.0-alpha2 v1.0.0-beta 1.0.0-RC1 1.0 1.0.0-p1 1.0.1 2.0.0.1 10.0",
}


@pytest.mark.parametrize("ecosystem", RISING)
def test_rising(ecosystem: str):
    keys = [sort_key(ecosystem, version) or "" for version in RISING[ecosystem].split()]
    assert all(left < right for left, right in pairwise(keys)), keys


@pytest.mark.parametrize(
    ("left", "right"), [("1", "1.0.0"), ("1.ga", "1"), ("1.0-final", "1"), ("1-a1", "1-alpha-1"), ("1-cr2", "1-rc2")]
)
def test_spellings_of_one_maven_version(left: str, right: str):
    assert sort_key("Maven", left) == sort_key("Maven", right)


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [("Packagist", "dev-main"), ("Packagist", "^1.0"), ("Maven", "${revision}"), ("RubyGems", ">= 1"), ("Hex", "1.0")],
)
def test_what_is_no_version_has_no_key(ecosystem: str, version: str):
    assert sort_key(ecosystem, version) is None


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
@pytest.mark.parametrize("text", ["^4.17.4", ">=1.0", "1.*", "*", "<2", "1.0 || 2.0", ">=1,<2", "!=1.0"])
def test_a_range_is_not_a_version_anywhere(ecosystem: str, text: str):
    assert sort_key(ecosystem, text) is None
