"""What this audit can honestly state about each finding in VEX: only what somebody decided is more than suspected."""

from __future__ import annotations

from boombap.deps.report.phrases import purl, remedy
from boombap.deps.vex.decide import latest_about
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.acceptance import Acceptance
    from boombap.deps.model import Finding, Report
    from boombap.deps.vex.model import Status, VexStatements


class Stated(Record):
    """One statement to be written.

    Attributes:
        finding: what it is about.
        name: of the vulnerability, the CVE where it has one.
        aliases: its other ids.
        product: the package URL of the package in its version.
        status: as VEX names it.
        justification: machine-readable, of OpenVEX or CycloneDX; empty without one.
        notes: who decided it and why; empty for a finding that nobody has looked into.
        action: what to do; only where it is affected.
    """

    finding: Finding
    name: str
    aliases: tuple[str, ...]
    product: str
    status: Status
    justification: str = ""
    notes: str = ""
    action: str = ""


def statements(report: Report, vex: VexStatements | None) -> Iterator[Stated]:
    """Yield a statement for each finding.

    A waiver with a justification states ``not_affected``. One without accepts the risk, so the product is ``affected``.
    What nobody decided is ``under_investigation``.

    Args:
        report: findings and who waived them.
        vex: what was read; an ``affected`` in it is passed on.
    """
    verdict = report.verdict
    accepted = {id(finding): why for finding, why in zip(verdict.waived, verdict.acceptances, strict=False)}
    for finding, _, _ in report.by_status:
        one = finding.dependency
        name = next((id_ for id_ in finding.ids if id_.startswith("CVE-")), finding.id)
        aliases = tuple(id_ for id_ in finding.ids if id_ != name)
        base = Stated(finding, name, aliases, purl(one.ecosystem, one.normal, one.version), "under_investigation")
        yield _decided(base, accepted.get(id(finding))) if id(finding) in accepted else _open(base, vex)


def _decided(base: Stated, why: Acceptance | None) -> Stated:
    assert why is not None, "only what is waived comes here"
    if why.status == "not_affected":
        return base.replace(status="not_affected", justification=why.justification, notes=why.reason)
    if why.status == "fixed":
        return base.replace(status="fixed", notes=why.reason)
    return base.replace(
        status="affected", notes=why.reason, action=f"accepted until {why.expires}; {remedy(base.finding)}"
    )


def _open(base: Stated, vex: VexStatements | None) -> Stated:
    if base.finding.kind == "malicious":
        return base.replace(status="affected", action=remedy(base.finding))
    latest = latest_about(base.finding, vex.statements) if vex else None
    if latest and latest.status == "affected":
        notes = f"stated by {latest.author} in {latest.document}"
        return base.replace(status="affected", notes=notes, action=latest.text or remedy(base.finding))
    return base
