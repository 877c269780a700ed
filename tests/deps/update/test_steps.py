"""Which packages belong to one step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.model import Finding
from boombap.deps.update.steps import groups
from deps.osv import needs


def finding(name: str, *ids: str) -> Finding:
    return Finding(needs(name, "1.0"), ids[0], ids[1:])


def names(*findings: Finding) -> list[set[str]]:
    return [{name for _, name in group} for group in groups(findings)]


def test_findings_of_a_package_are_one_group():
    assert names(finding("a", "X"), finding("b", "Y"), finding("a", "Z")) == [{"a"}, {"b"}]


def test_a_shared_alias_makes_one_group_also_when_it_comes_last():
    assert names(finding("a", "X"), finding("b", "Y"), finding("c", "Z", "X", "Y")) == [{"a", "b", "c"}]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.lists(st.sampled_from("UVWXYZ"), min_size=1, max_size=3))))
def test_groups_are_apart_and_complete(drawn: list[tuple[str, list[str]]]):
    findings = [finding(name, *ids) for name, ids in drawn]
    found = names(*findings)
    assert sum(map(len, found)) == len({name for name, _ in drawn})
    group_of = {name: number for number, group in enumerate(found) for name in group}
    for name, ids in drawn:
        for other, others in drawn:
            assert set(ids).isdisjoint(others) or group_of[name] == group_of[other]
