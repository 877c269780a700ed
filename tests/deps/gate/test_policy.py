from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from boombap.deps.gate import baseline, policy
from boombap.deps.gate.policy import Policy
from boombap.deps.gate.verdict import exit_code, judge
from boombap.deps.model import UNKNOWN, Audit, Coverage, Finding, Severity, Skipped, Source
from boombap.errors import ConfigError, UsageError
from boombap.health.waivers import Waiver
from deps.osv import needs

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 6, 1)
SOURCE = Source("PyPI", 10, 0, "2026-01-01", "", "", age_s=3600, content_age_s=7200)


def finding(score: float | None = 7.5, name: str = "fastapi", scope: Any = "runtime", **more: Any) -> Finding:
    severity = UNKNOWN if score is None else Severity(score, "CVSS:3.1")
    return Finding(needs(name, "1.0", scope=scope), more.pop("id", "PYSEC-1"), ("CVE-1",), "a fault", severity, **more)


def audited(*findings: Finding, **coverage: Any) -> Audit:
    return Audit(findings, Coverage(**{"audited": 3, "sources": (SOURCE,), **coverage}))


@pytest.mark.parametrize(
    ("rules", "found", "rule"),
    [
        ({}, finding(7.0), "severity"),
        ({}, finding(6.9), ""),
        ({"severity": "critical"}, finding(8.9), ""),
        ({"severity": "low"}, finding(0.1), "severity"),
        ({}, finding(None), "unknown_severity"),
        ({"severity": "critical"}, finding(None), "unknown_severity"),
        ({"blocks_unknown": False}, finding(None), ""),
        ({"severity": "never"}, finding(9.9), ""),
        ({"severity": "never"}, finding(None), ""),
        ({}, finding(0.1, kev="2026-01-01"), "kev"),
        ({"kev": False}, finding(0.1, kev="2026-01-01"), ""),
        ({"epss": 0.5}, finding(0.1, epss=0.5), "epss"),
        ({"epss": 0.5}, finding(0.1, epss=0.4), ""),
        ({"epss": 0.0}, finding(0.1), "epss"),
        ({"fixable": True}, finding(9.9), ""),
        ({"fixable": True}, finding(9.9, fixed=("2",)), "severity"),
        ({}, finding(9.9, scope="dev"), ""),
        ({"scope": ("dev",)}, finding(9.9, scope="dev"), "severity"),
        ({}, finding(None, kind="malicious"), "malicious"),
        ({}, finding(None, kind="malicious", scope="dev"), "malicious"),
        ({"scope": ("runtime",)}, finding(None, kind="malicious", scope="optional"), "malicious"),
        ({"severity": "never", "fixable": True}, finding(None, kind="malicious"), "malicious"),
        ({}, finding(9.9, kind="unmaintained"), ""),
        ({"blocks_informational": True}, finding(None, kind="unmaintained"), "informational"),
        ({"packages": ("django*",)}, finding(9.9), ""),
        ({"except_packages": ("fast*",)}, finding(9.9), ""),
    ],
)
def test_what_blocks(rules: dict[str, Any], found: Finding, rule: str):
    assert Policy(**rules).rule_for(found) == rule
    verdict = judge(audited(found), Policy(**rules))
    assert (verdict.word, exit_code(verdict)) == (("fail", 1) if rule else ("pass", 0))


@pytest.mark.parametrize(
    ("coverage", "rule"),
    [
        ({"missing": ("PyPI",), "audited": 0}, "no_database"),
        ({"audited": 0}, "nothing_to_audit"),
        ({"skipped": (Skipped("x.lock", "broken", is_failure=True),)}, "unreadable"),
        ({"skipped": (Skipped("flask", "not pinned to a version"),)}, "max_unaudited"),
        ({"sources": (SOURCE.replace(age_s=8 * 86_400),)}, "max_db_age"),
        ({"sources": (SOURCE.replace(content_age_s=8 * 86_400),)}, "max_db_age"),
        ({"sources": (SOURCE.replace(content_age_s=8 * 86_400, export_age_s=8 * 86_400),)}, "max_db_age"),
        ({"sources": (SOURCE.replace(content_age_s=29 * 86_400, export_age_s=60),)}, "max_db_age"),
    ],
)
def test_a_gap_gives_no_verdict_even_where_something_blocks(coverage: dict[str, Any], rule: str):
    for findings in ((), (finding(),)):
        verdict = judge(audited(*findings, **coverage), Policy())
        assert ([gap.rule for gap in verdict.gaps], verdict.word, exit_code(verdict)) == ([rule], "unknown", 4)


@pytest.mark.parametrize(
    "source",
    [
        SOURCE.replace(content_age_s=6 * 86_400),
        SOURCE.replace(content_age_s=27 * 86_400, export_age_s=6 * 86_400),
    ],
)
def test_an_ecosystem_may_be_quiet_for_a_while(source: Source):
    assert judge(audited(sources=(source,)), Policy()).gaps == ()


def test_made_up_advisories_give_no_verdict_whatever_their_age():
    found = audited(sources=(SOURCE.replace(content_age_s=99 * 86_400, is_sample=True),))
    assert [gap.rule for gap in judge(found, Policy()).gaps] == ["sample_database"]


def test_an_advisory_that_cannot_be_held_against_a_version_blocks_unless_told_otherwise():
    found = audited(unassessable=(Skipped("PYSEC-9 on django 2.0", "it names commits only"),))
    verdict = judge(found, Policy())
    assert (exit_code(verdict), [violation.rule for violation in verdict.violations]) == (1, ["unassessable"])
    assert exit_code(judge(found, Policy(blocks_unassessable=False))) == 0


def test_what_may_stay_unaudited_is_counted():
    skipped = (Skipped("a", "not pinned"), Skipped("b", "not pinned"))
    assert judge(audited(skipped=skipped), Policy(max_unaudited=2)).word == "pass"
    assert judge(audited(skipped=skipped), Policy(max_unaudited=1)).word == "unknown"


def test_an_environment_that_warns_exits_with_0_but_not_over_a_gap():
    lenient = Policy(is_enforced=False)
    assert exit_code(judge(audited(finding()), lenient)) == 0
    assert judge(audited(finding()), lenient).word == "fail"
    assert exit_code(judge(audited(finding(), audited=0), lenient)) == 4


def waiver(id_: str = "CVE-1", subject: str = "fastapi", expires: date = TODAY) -> Waiver:
    return Waiver(id_, subject, "not reachable", "platform team", expires)


@pytest.mark.parametrize("id_", ["PYSEC-1", "CVE-1"])
def test_a_waiver_holds_under_any_alias_until_its_day(id_: str):
    verdict = judge(audited(finding()), Policy(), waivers=[waiver(id_)], today=TODAY)
    assert (len(verdict.waived), verdict.word) == (1, "pass")


def test_an_expired_waiver_fails_even_below_the_floor():
    verdict = judge(audited(finding(1.0)), Policy(), waivers=[waiver(expires=date(2026, 5, 31))], today=TODAY)
    (one,) = verdict.violations
    assert (one.rule, exit_code(verdict)) == ("expired_waiver", 1)
    assert "platform team" in one.summary
    assert "2026-05-31" in one.summary


def test_a_newer_waiver_replaces_an_expired_one():
    both = [waiver(expires=date(2026, 1, 1)), waiver("PYSEC-1")]
    assert judge(audited(finding()), Policy(), waivers=both, today=TODAY).word == "pass"


def test_a_waiver_for_another_package_or_id_does_nothing():
    for one in (waiver(subject="flask"), waiver("CVE-2")):
        assert judge(audited(finding()), Policy(), waivers=[one], today=TODAY).word == "fail"


def test_a_baseline_knows_a_finding_under_any_alias():
    known = baseline.of_findings([finding()])
    known = frozenset(key for key in known if key[-1] == "CVE-1")
    assert len(known) == 1
    new = finding(name="flask")
    verdict = judge(audited(finding(), new), Policy(), known=known)
    assert ([one.dependency.name for one in verdict.known], [one.finding for one in verdict.violations]) == (
        ["fastapi"],
        [new],
    )
    assert baseline.of_findings([finding()]) > known


def test_a_baseline_knows_a_finding_in_its_version_and_places_only():
    known = baseline.of_findings([finding()])
    here = finding().dependency
    others = (here.replace(file="new/requirements.txt"), here.replace(version="0.1"), here.replace(ecosystem="npm"))
    for other in others:
        assert not baseline.is_known(finding().replace(dependency=other), known)
        assert not baseline.is_known(finding().replace(also=(other,)), known)
    assert baseline.is_known(finding().replace(dependency=here.replace(file=f"./{here.file}", line=99)), known)


FILE = """
severity = "critical"
epss = 0.5
scope = ["runtime"]
max_db_age = "36h"
max_unaudited = 3
except_packages = ["internal-*"]
[environment.production]
severity = "medium"
unknown_severity = "block"
[environment.staging]
mode = "warn"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "policy.toml"
    file.write_text(text)
    return file


def test_a_policy_from_toml(isolated: Path):
    file = write(isolated, FILE)
    base = Policy("critical", epss=0.5, scope=("runtime",), max_db_age_s=36 * 3600.0, max_unaudited=3,
                  except_packages=("internal-*",))  # fmt: skip
    assert policy.load(file) == base
    assert policy.load(file, "production") == base.replace(severity="medium")
    assert policy.load(file, "staging") == base.replace(is_enforced=False)
    with pytest.raises(UsageError, match="production, staging"):
        policy.load(file, "prod")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("severty = 'high'", "did you mean severity"),
        ("severity = 'worst'", "one of low, medium"),
        ("kev = 'yes'", "true or false"),
        ("epss = 2", "0 to 1"),
        ("epss = true", "0 to 1"),
        ("scope = ['test']", "runtime, dev, optional"),
        ("scope = 'runtime'", "a list"),
        ("max_db_age = 7", "7d"),
        ("max_unaudited = -1", "from 0 on"),
        ("mode = 'off'", "enforce, warn"),
        ("[environment.x]\nfoo = 1", "environment"),
        ("environment = 3", "tables"),
        ("x = ", "not valid TOML"),
    ],
)
def test_a_mistake_in_a_policy_is_named(text: str, said: str, isolated: Path):
    with pytest.raises(ConfigError, match=said if said != "environment" else r"\[x\]"):
        policy.load(write(isolated, text))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"findings": [{}]}', '{"findings": 3}', "[" * 50_000])
def test_a_baseline_that_is_no_report_is_refused(text: str, isolated: Path):
    file = isolated / "before.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match="is not a JSON report"):
        baseline.load(file)
