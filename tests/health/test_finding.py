"""Findings and their order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boombap.health.finding import Finding, Severity, by_urgency

FINDINGS = st.lists(
    st.builds(Finding, st.sampled_from("abc"), st.sampled_from(Severity), st.sampled_from("xyz"), st.just("s"))
)


def test_severities_compare_and_have_words() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.CRITICAL
    assert [severity.word for severity in Severity] == ["info", "warning", "critical"]


@given(FINDINGS)
def test_worst_comes_first_then_check_and_subject(findings: list[Finding]) -> None:
    ordered = by_urgency(findings)
    keys = [(-finding.severity, finding.id, finding.subject) for finding in ordered]
    assert keys == sorted(keys)
    assert len(ordered) == len(findings)
    assert by_urgency(ordered) == ordered
