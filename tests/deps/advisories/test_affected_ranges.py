from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from boombap.deps.advisories.affected_ranges import from_text, of_affected, to_text
from boombap.deps.match import holds
from boombap.deps.versions.key import sort_key


def affected(*events: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}] if events else [], **more}


def hit(entry: dict[str, Any], version: str) -> bool:
    runs, _, _ = of_affected(entry, "PyPI")
    return holds(to_text(runs), sort_key("PyPI", version) or "")


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ([{"introduced": "0"}, {"fixed": "2.0"}], ["0.dev0", "1.0", "2.0rc1"], ["2.0", "2.0.post1", "3"]),
        ([{"introduced": "1.0"}, {"last_affected": "1.9"}], ["1.0", "1.0.0", "1.9.0"], ["0.9", "1.9.1"]),
        ([{"introduced": "0"}], ["0.1", "1!9", "unknown"], []),
        (
            [{"fixed": "2.2"}, {"introduced": "2.0"}, {"fixed": "1.2"}, {"introduced": "1.0"}],
            ["1.1", "2.1"],
            ["1.2", "2.2"],
        ),
        ([{"introduced": "1.0"}, {"fixed": "1.2"}, {"introduced": "1.2"}, {"fixed": "1.4"}], ["1.2", "1.3"], ["1.4"]),
        ([{"introduced": "1.0"}, {"fixed": "1.0"}], [], ["0.9", "1.0", "1.1"]),
        ([{"introduced": "1.0"}, {"last_affected": "1.0"}], ["1.0", "1.0.0"], ["1.0.1"]),
        ([{"introduced": "1.0"}, {"limit": "2.0"}], ["1.5"], ["2.0"]),
        ([{"fixed": "1.0"}], [], ["0.5"]),
    ],
)
def test_events(events: list[dict[str, str]], inside: list[str], outside: list[str]):
    entry = affected(*events)
    assert [version for version in inside if not hit(entry, version)] == []
    assert [version for version in outside if hit(entry, version)] == []


def test_versions_without_ranges_are_each_affected():
    entry = affected(versions=["1.0", "1.5", "0.5m4"])
    assert hit(entry, "1.0.0")
    assert hit(entry, "0.5m4")
    assert not hit(entry, "1.2")


def test_versions_that_a_range_says_are_dropped_and_the_others_kept():
    runs, extra, gap = of_affected(
        affected({"introduced": "1"}, {"fixed": "2"}, versions=["1.1", "1.2", "3.0"]), "PyPI"
    )
    assert (extra, gap, len(runs)) == (["3.0"], "", 2)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, "only git ranges"),
        ({}, "names no versions"),
        ({"ranges": None, "versions": None}, "names no versions"),
        (affected({"introduced": "0"}, {"fixed": "\n"}), "is not a version"),
    ],
)
def test_what_cannot_be_assessed_is_named(entry: dict[str, Any], said: str):
    runs, _, gap = of_affected(entry, "PyPI")
    assert runs == []
    assert said in gap


NUMBERS = st.lists(st.integers(0, 30), min_size=1, max_size=8, unique=True)
KINDS = st.lists(st.sampled_from(["introduced", "fixed", "last_affected"]), min_size=8, max_size=8)


def evaluate(events: list[tuple[int, str]], version: int) -> bool:
    """Do what OSV's specification writes down as pseudo-code."""
    vulnerable = False
    for number, kind in sorted(events):
        if kind == "introduced" and version >= number:
            vulnerable = True
        elif (kind == "fixed" and version >= number) or (kind == "last_affected" and version > number):
            vulnerable = False
    return vulnerable


@given(NUMBERS, KINDS, st.randoms())
def test_evaluates_as_the_specification_does(numbers: list[int], kinds: list[str], random: Any):
    events = list(zip(numbers, kinds, strict=False))
    random.shuffle(events)
    entry = affected(*({kind: str(number)} for number, kind in events))
    assert [hit(entry, str(version)) for version in range(32)] == [evaluate(events, version) for version in range(32)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(10, 19)), max_size=4))
def test_runs_survive_being_stored(pairs: list[tuple[int, int]]):
    entry = affected(*({kind: str(n)} for a, b in pairs for kind, n in (("introduced", a), ("fixed", b))))
    runs, _, _ = of_affected(entry, "PyPI")
    assert list(from_text(to_text(runs))) == runs
    assert all(Version(run.fixed) for run in runs)
