"""Audits that tests send messages about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from boombap.deps.gate.policy import Policy
from boombap.deps.gate.verdict import judge
from boombap.deps.model import Audit, Coverage, Finding, Report, Severity, Source
from boombap.deps.notify.news import news
from deps.osv import needs

if TYPE_CHECKING:
    from boombap.deps.notify.news import News

NAUGHTY = [
    *("<!channel>", "@here", "<https://evil.example.org|fixed>", "\x1b]0;owned\x07", "`*_~", "&&&&&", "x" * 50_000),
    *("\u202egnp", "🎤" * 9_000, "line\nline", ">quoted", "&amp;", "\ud800"),
]
TEXTS = st.sampled_from(NAUGHTY) | st.text(min_size=1, max_size=20)
SOURCE = Source("PyPI", 4, 0, "2026-11-26T00:00:00Z", "0" * 64, "https://osv.example.org", 60, 60)


def finding(name: str = "flask", id_: str = "PYSEC-1", score: float | None = 7.5, **more: object) -> Finding:
    return Finding(needs(name, "1.0"), id_, severity=Severity(score, "CVSS:3.1"), **{"summary": "bad", **more})


def story(*findings: Finding, coverage: Coverage | None = None, project: str = "rap", link: str = "") -> News:
    audit = Audit(findings, coverage or Coverage(3, sources=(SOURCE,)))
    return news(Report(audit, judge(audit, Policy()), "2026-11-27T00:00:00Z", "1.0"), project, link)


def many(count: int) -> News:
    """Return a story of many findings, half of them critical; the worst first."""
    scores = [9.8] * (count // 2) + [5.0] * (count // 2)
    return story(*(finding(f"p{number}", score=score) for number, score in enumerate(scores)))
