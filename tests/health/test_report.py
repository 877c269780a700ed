"""Findings as a person reads them."""

from __future__ import annotations

import io

from boombap.health.finding import Finding, Severity, Skipped
from boombap.health.report import lines, skipped_lines, tally
from boombap.output.terminal import Terminal

PLAIN = Terminal(io.StringIO(), io.StringIO())


def finding(severity: Severity, subject: str = "public.tracks", remedy: str = "") -> Finding:
    return Finding("unused_index", severity, subject, "never used, 5 MiB", remedy=remedy)


def test_tally_counts_the_worst_first_and_leaves_out_zeros() -> None:
    findings = [finding(Severity.INFO), finding(Severity.CRITICAL), finding(Severity.INFO)]
    assert tally(findings) == "1 critical, 2 info"
    assert tally([]) == "no findings"


def test_finding_with_a_remedy_of_two_lines() -> None:
    shown = list(lines([finding(Severity.WARNING, remedy="BEGIN;\nDROP INDEX x;")], PLAIN))
    assert shown == [
        "warning   unused_index  public.tracks",
        "          never used, 5 MiB",
        "          fix: BEGIN;",
        "          fix: DROP INDEX x;",
    ]


def test_finding_without_a_remedy_ends_with_its_sentence() -> None:
    assert len(list(lines([finding(Severity.INFO)], PLAIN))) == 2


def test_names_from_the_server_cannot_steer_the_terminal() -> None:
    shown = "\n".join(lines([finding(Severity.INFO, subject='"a\x1b[2J\nb"')], PLAIN))
    assert "\x1b" not in shown
    assert '"a\\x1b[2J\\nb"' in shown


def test_skipped_checks_are_grouped_by_reason_with_failures_first() -> None:
    skipped = [
        Skipped("a", "no permission"),
        Skipped("b", "time-out", is_failure=True),
        Skipped("c", "no permission"),
        Skipped("d", "x\ny"),
    ]
    assert list(skipped_lines(skipped)) == [
        "  failed: b (time-out)",
        "  skipped: a, c (no permission)",
        "  skipped: d (x\\ny)",
    ]
    assert list(skipped_lines([])) == []
