from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from boombap.deps.gate.policy import Policy
from boombap.deps.gate.verdict import coverage_gaps, lasts_s
from boombap.deps.model import Coverage, Reading, Skipped, Source
from boombap.deps.verdicts.image import ImageReference
from boombap.deps.verdicts.judgement import Rules, judge_image
from boombap.health.waivers import Waiver
from deps.osv import TRUTH, database, needs, reading, record
from deps.verdicts.images import BAD, GOOD, judged

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = 86_400


def test_the_verdict_is_that_of_the_policy(tmp_path: Path):
    folder = database(tmp_path, TRUTH)
    assert judged(folder, GOOD, "0.110.0").decision.word == "pass"
    bad = judged(folder, BAD, "0.104.1")
    assert (bad.decision.word, bad.exit_code) == ("fail", 1)
    assert [(kept.id, kept.status) for kept in bad.findings] == [("PYSEC-2024-38", "blocks")]
    assert "PYSEC-2024-38" in bad.decision.reasons[0]


def test_a_policy_that_warns_only(tmp_path: Path):
    found = judged(database(tmp_path, TRUTH), BAD, "0.104.1", Policy(is_enforced=False), "staging")
    assert (found.decision.word, found.decision.is_enforced, found.exit_code) == ("fail", False, 0)


def test_without_a_database_or_packages_there_is_no_verdict(tmp_path: Path):
    nothing = judge_image(ImageReference("app", GOOD), Reading(), Rules(Policy(), "", (), str(tmp_path)), 1.0)
    unknown = judged(str(tmp_path), GOOD, "0.110.0")
    for found in (nothing, unknown):
        assert (found.decision.word, found.exit_code) == ("unknown", 4)
        assert found.decision.expires_at_s == found.decision.judged_at_s
        assert found.decision.reasons


def test_what_could_not_be_audited_is_a_gap(tmp_path: Path):
    listed = reading(needs("fastapi", "0.110.0")).replace(skipped=(Skipped("redis", "not pinned to a version"),))
    rules = Rules(Policy(), "", (), database(tmp_path, TRUTH))
    assert judge_image(ImageReference("app", GOOD), listed, rules, time.time()).decision.word == "unknown"


def test_a_verdict_ends_when_its_data_is_too_old(tmp_path: Path):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    folder = database(tmp_path, [*TRUTH, record("PYSEC-2026-1", "redis", {"introduced": "99"}, modified=now)])
    decision = judged(folder, GOOD, "0.110.0", Policy(max_db_age_s=2 * DAY_S)).decision
    assert 2 * DAY_S - 60 < decision.expires_at_s - decision.judged_at_s <= 2 * DAY_S


@pytest.mark.parametrize(
    ("content_age_s", "export_age_s"), [(0, None), (1.5 * DAY_S, None), (1.5 * DAY_S, 1000), (7.9 * DAY_S, 0), (0, 9e9)]
)
def test_it_does_not_outlive_a_source_that_has_stopped(content_age_s: float, export_age_s: float | None):
    limit_s = 2 * DAY_S
    export_s = None if export_age_s is None else int(export_age_s)
    source = Source("PyPI", 1, 1, "", "", "", 500, int(content_age_s), export_s)
    left_s = int(lasts_s(source, limit_s))
    assert not gaps(source, left_s, limit_s)
    assert gaps(source, left_s + 1, limit_s)


def gaps(source: Source, later_s: int, limit_s: float) -> list[str]:
    """Return the gaps that a database is, some seconds later."""
    export_s = None if source.export_age_s is None else source.export_age_s + later_s
    older = source.replace(
        age_s=source.age_s + later_s, content_age_s=source.content_age_s + later_s, export_age_s=export_s
    )
    return [gap.rule for gap in coverage_gaps(Coverage(1, sources=(older,)), limit_s)]


def test_a_verdict_ends_with_the_waiver_that_it_needs(tmp_path: Path):
    last = date.today() + timedelta(days=1)
    waivers = tuple(
        Waiver("CVE-2024-24762", "fastapi", "soon", "team", day) for day in (last - timedelta(days=1), last)
    )
    rules = Rules(Policy(), "", waivers, database(tmp_path, TRUTH))
    found = judge_image(ImageReference("app", BAD), reading(needs("fastapi", "0.104.1")), rules, time.time())
    assert found.decision.word == "pass"
    midnight = datetime.combine(last + timedelta(days=1), datetime.min.time())
    assert found.decision.expires_at_s == midnight.timestamp()
