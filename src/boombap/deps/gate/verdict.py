"""The policy's answer to an audit: what blocks, what is only shown, and why a result is incomplete."""

from __future__ import annotations

from boombap.deps.acceptance import Acceptance
from boombap.deps.gate.baseline import is_known
from boombap.deps.model import Verdict, Violation
from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from boombap.deps.gate.baseline import Keys
    from boombap.deps.gate.policy import Policy
    from boombap.deps.model import Audit, Coverage, Finding, Skipped, Source
    from boombap.deps.vex.model import VexStatements
    from boombap.health.waivers import Waiver

# Times the limit: a month where that is the default week. A judgement, not a measurement.
_QUIET = 4


def judge(
    audit: Audit,
    policy: Policy,
    *,
    waivers: Sequence[Waiver] = (),
    known: Keys = frozenset(),
    today: date | None = None,
    vex: VexStatements | None = None,
) -> Verdict:
    """Return the policy's answer.

    Args:
        waivers: decisions to live with a finding; an expired one that would still apply is a violation.
        known: findings of an earlier audit, which do not block again.
        today: on which waivers are held; needed with waivers.
        vex: what VEX documents state; only the latest statement about a finding counts, and a waiver before it.
    """
    violations: list[Violation] = []
    shown: list[tuple[Finding, str]] = []
    waived: list[tuple[Finding, Acceptance]] = []
    old: list[Finding] = []
    for finding in audit.findings:
        holding, expired = _waiver_for(finding, waivers, today)
        if accepted := _of_waiver(holding) if holding else _of_vex(finding, vex):
            waived.append((finding, accepted))
        elif expired:
            violations.append(Violation("expired_waiver", _expired(finding, expired), finding))
        elif is_known(finding, known):
            old.append(finding)
        elif rule := policy.rule_for(finding):
            violations.append(Violation(rule, _sentence(finding, rule, policy), finding))
        else:
            shown.append((finding, policy.excuse_for(finding) or _below(finding, policy)))
    if policy.blocks_unassessable:
        violations += [Violation("unassessable", f"{gap.what}: {gap.reason}") for gap in audit.coverage.unassessable]
    gaps = (*coverage_gaps(audit.coverage, policy.max_db_age_s), *_unaudited(audit.coverage, policy.max_unaudited))
    return Verdict(
        tuple(violations),
        gaps,
        tuple(shown),
        tuple(finding for finding, _ in waived),
        tuple(acceptance for _, acceptance in waived),
        vex.unapplied if vex else (),
        tuple(old),
        policy.is_enforced,
    )


def exit_code(verdict: Verdict) -> int:
    """Return the exit code of a verdict; where it only warns, a gap is still no verdict."""
    if verdict.gaps:
        return EXIT_NO_VERDICT
    return EXIT_FINDINGS if verdict.violations and verdict.is_enforced else EXIT_OK


def coverage_gaps(coverage: Coverage, max_db_age_s: float) -> Iterator[Violation]:
    """Yield the reasons why nobody can say "no vulnerabilities", whatever the policy."""
    for ecosystem in coverage.missing:
        yield Violation("no_database", f"no advisory database for {ecosystem}: run `boombap deps sync`")
    for one in coverage.skipped:
        if one.is_failure:
            yield Violation("unreadable", f"{_whole(one)} could not be read: {one.reason}")
    if not coverage.audited and not coverage.missing:
        yield Violation("nothing_to_audit", "no dependency was audited")
    for source in coverage.sources:
        if source.is_sample:
            summary = f"the advisories of {source.ecosystem} are made up for a demonstration: run `boombap deps sync`"
            yield Violation("sample_database", summary)
        if source.age_s > max_db_age_s:
            age, limit = format_duration(source.age_s), format_duration(max_db_age_s)
            summary = f"the database of {source.ecosystem} is {age} old, more than {limit}: run `boombap deps sync`"
            yield Violation("max_db_age", summary)
        elif _has_stopped(source, max_db_age_s):
            yield Violation("max_db_age", _stopped(source, max_db_age_s))


def lasts_s(source: Source, max_db_age_s: float) -> float:
    """Return after how many seconds a database gives no verdict any more, if nobody syncs; 0 when it gives none."""
    content_s = max_db_age_s - source.content_age_s
    if source.export_age_s is not None:
        content_s = max(content_s, max_db_age_s - source.export_age_s)
    return max(0.0, min(max_db_age_s - source.age_s, content_s, _QUIET * max_db_age_s - source.content_age_s))


def _whole(skipped: Skipped) -> str:
    """Return the name of a whole file that is missing, with the file that names it."""
    return f"{skipped.what} in {skipped.file}" if skipped.file not in ("", skipped.what) else skipped.what


def _has_stopped(source: Source, max_db_age_s: float) -> bool:
    """Tell whether the content is too old, however often it was checked: a mirror that stopped says "no change".

    An ecosystem may be quiet. So an export that its server wrote lately counts a while longer than its newest advisory;
    not without end, because a mirror may write the same records again every night.
    """
    if source.is_sample or source.content_age_s <= max_db_age_s:
        return False
    is_written_lately = source.export_age_s is not None and source.export_age_s <= max_db_age_s
    return not is_written_lately or source.content_age_s > _QUIET * max_db_age_s


def _stopped(source: Source, max_db_age_s: float) -> str:
    age, limit = format_duration(source.content_age_s), format_duration(max_db_age_s)
    what = f"the newest advisory of {source.ecosystem} is {age} old, more than {limit}"
    return f"{what}: check that {source.origin or 'its source'} is still updated, then run `boombap deps sync`"


def _unaudited(coverage: Coverage, most: int) -> Iterator[Violation]:
    # What lacks a database has said so already.
    left_out = [] if coverage.missing else [one for one in coverage.skipped if not one.is_failure]
    if len(left_out) > most:
        yield Violation("max_unaudited", f"{len(left_out)} could not be audited, the policy allows {most}")


def _waiver_for(finding: Finding, waivers: Sequence[Waiver], today: date | None) -> tuple[Waiver | None, Waiver | None]:
    """Return the waiver that holds, and the one that has expired."""
    if not waivers:
        return None, None
    assert today is not None, "waivers are held against a day"
    name = finding.dependency.normal
    covering = [waiver for waiver in waivers if any(waiver.covers(id_, name) for id_ in finding.ids)]
    holding = next((waiver for waiver in covering if waiver.expires >= today), None)
    return holding, None if holding or not covering else covering[0]


def _of_waiver(waiver: Waiver) -> Acceptance:
    status = "not_affected" if waiver.justification else "accepted"
    return Acceptance(status, waiver.justification, waiver.reason, waiver.owner, expires=waiver.expires.isoformat())


def _of_vex(finding: Finding, vex: VexStatements | None) -> Acceptance | None:
    if not vex:
        return None
    from boombap.deps.vex.decide import acceptance_of

    return acceptance_of(finding, vex.statements)


def _expired(finding: Finding, waiver: Waiver) -> str:
    return f"{_name(finding)}: the waiver of {waiver.owner} for {waiver.id} expired on {waiver.expires.isoformat()}"


def _sentence(finding: Finding, rule: str, policy: Policy) -> str:
    reasons = {
        "malicious": "the package is malware",
        "kev": f"known to be exploited since {finding.kev}",
        "epss": f"exploitation has probability {finding.epss or 0:.2f}, the policy's limit is {policy.epss}",
        "informational": f"it is {finding.kind}",
        "unknown_severity": "nobody says how severe it is",
        "severity": f"{finding.severity.level} {finding.severity.score}, the policy's floor is {policy.severity}",
    }
    return f"{_name(finding)}: {reasons[rule]}"


def _below(finding: Finding, policy: Policy) -> str:
    if finding.kind != "vulnerability":
        return f"it is {finding.kind}"
    return "its severity is unknown" if finding.severity.score is None else f"below {policy.severity}"


def _name(finding: Finding) -> str:
    return f"{finding.id} on {finding.dependency.name} {finding.dependency.version}"
