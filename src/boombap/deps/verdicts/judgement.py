"""From the packages of an image to its verdict; the audit and the policy of `deps check` are the only judge."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from boombap.deps.audit import audit
from boombap.deps.gate.verdict import judge, lasts_s
from boombap.deps.model import Report
from boombap.deps.verdicts.encoding import policy_digest, policy_values
from boombap.deps.verdicts.model import Decision, ImageVerdict, KeptFinding
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.deps.gate.policy import Policy
    from boombap.deps.model import Audit, Finding, Reading, Verdict
    from boombap.deps.verdicts.image import ImageReference
    from boombap.health.waivers import Waiver


class Rules(Record):
    """What an image is judged by.

    Attributes:
        policy: what blocks.
        environment: the table of the policy; empty for none.
        waivers: accepted findings.
        folder: of the advisory databases.
    """

    policy: Policy
    environment: str
    waivers: tuple[Waiver, ...]
    folder: str


def judge_image(image: ImageReference, reading: Reading, rules: Rules, now_s: float) -> ImageVerdict:
    """Return the verdict on an image.

    Args:
        image: name and digest.
        reading: its packages, and what could not be read.
        rules: what it is judged by.
        now_s: Unix time.

    Raises:
        NoVerdict: for an advisory database of another version.
        ExternalError: for a damaged one.
    """
    found = audit(reading, rules.folder, now_s=now_s)
    today = date.fromtimestamp(now_s)  # noqa: DTZ012 - waivers end with the local day, as in `deps check`
    verdict = judge(found, rules.policy, waivers=rules.waivers, today=today)
    values = policy_values(rules.policy)
    decision = Decision(
        image.name,
        verdict.word,
        verdict.is_enforced,
        tuple(violation.summary for violation in verdict.gaps or verdict.violations),
        int(now_s),
        int(min(_ends(found, verdict, rules, now_s), default=now_s)),
    )
    sources = found.coverage.sources
    return ImageVerdict(
        image.digest,
        rules.environment,
        decision,
        _kept(found, verdict),
        found.coverage.audited,
        min((int(now_s) - source.age_s for source in sources), default=0),
        values,
        policy_digest(values),
        reading,
    )


def _kept(found: Audit, verdict: Verdict) -> tuple[KeptFinding, ...]:
    return tuple(
        KeptFinding(
            finding.id,
            finding.dependency.name,
            finding.dependency.version,
            finding.severity.level,
            status,
            reason,
        )
        for finding, status, reason in Report(found, verdict, "", "").by_status
    )


def _ends(found: Audit, verdict: Verdict, rules: Rules, now_s: float) -> Iterator[float]:
    """Yield the times (Unix) at which the same judgement would no longer hold: old data, and waivers that end."""
    for source in found.coverage.sources:
        yield now_s + lasts_s(source, rules.policy.max_db_age_s)
    for finding in verdict.waived:
        last = _last_day(finding, rules.waivers)
        if last < date.max:
            yield datetime.combine(last + timedelta(days=1), time()).timestamp()


def _last_day(finding: Finding, waivers: Sequence[Waiver]) -> date:
    name = finding.dependency.normal
    return max(waiver.expires for waiver in waivers if any(waiver.covers(id_, name) for id_ in finding.ids))
